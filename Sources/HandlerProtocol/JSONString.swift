extension JSONScanner {
    /// Moves past a string, whose opening quote is next.
    mutating func skipString(_ bytes: Span<UInt8>) throws(JSONFault) {
        at &+= 1
        var plain = 0
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at &+= 1
                return
            }
            if byte < 0x20 { throw JSONFault(atByte: at, reason: "a control character in a string is not escaped") }
            if byte == UInt8(ascii: "\\") {
                try skipEscape(bytes)
            } else if byte < 0x80 {
                at &+= 1
                plain &+= 1
                // Only a string that has been long and plain so far is likely to go on like that.
                if plain & 15 == 0 {
                    while at &+ 32 <= bytes.count, bytes.isPlain(at: at, count: 32) { at &+= 32 }
                }
            } else {
                let length = UTF8Sequence.length(in: bytes, at: at)
                if length == 0 { throw JSONFault(atByte: at, reason: "not valid UTF-8") }
                at &+= length
            }
        }
        throw endedEarly()
    }

    private mutating func skipEscape(_ bytes: Span<UInt8>) throws(JSONFault) {
        let start = at
        guard at &+ 1 < bytes.count else {
            at = bytes.count
            throw endedEarly()
        }
        switch bytes[at &+ 1] {
        case 0x22, 0x5C, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"),
            UInt8(ascii: "t"):
            at &+= 2
        case UInt8(ascii: "u"):
            let unit = try hexUnit(bytes)
            guard refusesLoneSurrogates, unit & 0xF800 == 0xD800 else { return }
            guard unit < 0xDC00, at &+ 1 < bytes.count, bytes[at] == 0x5C, bytes[at &+ 1] == UInt8(ascii: "u"),
                try hexUnit(bytes) & 0xFC00 == 0xDC00
            else { throw JSONFault(atByte: start, reason: "half of a surrogate pair stands alone") }
        default:
            throw JSONFault(atByte: start, reason: "no such escape in a string")
        }
    }

    /// Moves past `\uXXXX` and answers its number.
    private mutating func hexUnit(_ bytes: Span<UInt8>) throws(JSONFault) -> UInt16 {
        var unit: UInt16 = 0
        for offset in 2..<6 {
            guard at &+ offset < bytes.count else {
                at = bytes.count
                throw endedEarly()
            }
            guard let digit = hexDigit(bytes[at &+ offset]) else {
                throw JSONFault(atByte: at, reason: "\\u needs four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
        }
        at &+= 6
        return unit
    }
}

/// Reads strings out of JSON that a `JSONScanner` has already moved past: every byte of it is known to be right.
enum JSONString {
    /// The text of the string whose first byte after the quote is `start`; cut at a character's boundary so that at most
    /// `limit` bytes of UTF-8 remain. Lone surrogates become U+FFFD.
    static func text(in bytes: Span<UInt8>, from start: Int, limit: Int = .max) -> String {
        var units: [UInt8] = []
        var at = start
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            let before = units.count
            if bytes[at] == UInt8(ascii: "\\") {
                appendEscape(in: bytes, at: &at, to: &units)
            } else {
                let length = max(1, UTF8Sequence.length(in: bytes, at: at))
                for offset in 0..<length { units.append(bytes[at &+ offset]) }
                at &+= length
            }
            if units.count > limit {
                units.removeLast(units.count - before)
                break
            }
        }
        return String(decoding: units, as: UTF8.self)
    }

    /// Whether the string that begins at `start`, after its quote, and has no escapes is exactly `text`. A string with
    /// escapes is read first.
    static func equals(_ text: String, in bytes: Span<UInt8>, from start: Int) -> Bool {
        var at = start
        for byte in text.utf8 {
            guard at < bytes.count else { return false }
            if bytes[at] == UInt8(ascii: "\\") { return self.text(in: bytes, from: start) == text }
            if bytes[at] != byte { return false }
            at &+= 1
        }
        return at < bytes.count && bytes[at] == UInt8(ascii: "\"")
    }

    private static func appendEscape(in bytes: Span<UInt8>, at: inout Int, to units: inout [UInt8]) {
        let letter = bytes[at &+ 1]
        at &+= 2
        switch letter {
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "f"): units.append(0x0C)
        case UInt8(ascii: "n"): units.append(0x0A)
        case UInt8(ascii: "r"): units.append(0x0D)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "u"):
            var number = UInt32(unit(in: bytes, at: at))
            at &+= 4
            if number & 0xFC00 == 0xD800, at &+ 5 < bytes.count, bytes[at] == 0x5C, bytes[at &+ 1] == UInt8(ascii: "u")
            {
                let low = UInt32(unit(in: bytes, at: at &+ 2))
                if low & 0xFC00 == 0xDC00 {
                    number = 0x10000 + (number - 0xD800) << 10 + (low - 0xDC00)
                    at &+= 6
                }
            }
            let scalar = Unicode.Scalar(number) ?? "\u{FFFD}"
            units.append(contentsOf: String(Character(scalar)).utf8)
        default: units.append(letter)
        }
    }

    private static func unit(in bytes: Span<UInt8>, at start: Int) -> UInt16 {
        var unit: UInt16 = 0
        for offset in 0..<4 { unit = unit << 4 | UInt16(hexDigit(bytes[start &+ offset]) ?? 0) }
        return unit
    }
}

func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
