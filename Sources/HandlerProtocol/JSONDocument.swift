/// Says fast whether bytes are exactly one JSON value. What it refuses, `JSONScanner` explains, or accepts after all: this
/// one gives up where something is rare.
package enum JSONDocument {
    /// Whether `bytes` is a document that `JSONScanner.validateDocument` accepts. False proves nothing.
    package static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var cursor = JSONCursor()
        // One bit for each open object (1) or list (0), the innermost lowest.
        var kinds: UInt64 = 0
        var open = 0
        while true {
            // A value begins here.
            cursor.skipSpace(bytes)
            guard cursor.at < bytes.count else { return false }
            let first = bytes[cursor.at]
            if first == UInt8(ascii: "\"") {
                if !cursor.skipString(bytes) { return false }
            } else if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
                if open == JSONScanner.deepest { return false }
                let isObject = first == UInt8(ascii: "{")
                cursor.at &+= 1
                cursor.skipSpace(bytes)
                guard cursor.at < bytes.count else { return false }
                // "}" is two after "{", and "]" is two after "[".
                if bytes[cursor.at] == first &+ 2 {
                    cursor.at &+= 1
                } else {
                    kinds = kinds << 1 | (isObject ? 1 : 0)
                    open &+= 1
                    if isObject, !cursor.skipName(bytes) { return false }
                    continue
                }
            } else if !cursor.skipNumberOrWord(bytes, first) {
                return false
            }
            // A value has ended here.
            while true {
                cursor.skipSpace(bytes)
                if open == 0 { return cursor.at == bytes.count }
                guard cursor.at < bytes.count else { return false }
                let byte = bytes[cursor.at]
                cursor.at &+= 1
                let isObject = kinds & 1 == 1
                if byte == UInt8(ascii: ",") {
                    if isObject {
                        cursor.skipSpace(bytes)
                        if !cursor.skipName(bytes) { return false }
                    }
                    break
                }
                if byte != (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) { return false }
                kinds >>= 1
                open &-= 1
            }
        }
    }
}

/// Moves over the parts of a document; each answers false where it gives up.
private struct JSONCursor {
    var at = 0

    @inline(__always)
    mutating func skipSpace(_ bytes: Span<UInt8>) {
        while at < bytes.count, bytes[at] <= 0x20, isSpace(bytes[at]) { at &+= 1 }
    }

    /// A member's name and its colon.
    @inline(__always)
    mutating func skipName(_ bytes: Span<UInt8>) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\""), skipString(bytes) else { return false }
        skipSpace(bytes)
        guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { return false }
        at &+= 1
        return true
    }

    /// A string, at its opening quote.
    @inline(__always)
    mutating func skipString(_ bytes: Span<UInt8>) -> Bool {
        at &+= 1
        // Most strings are short: two words, before blocks are tried.
        for _ in 0..<2 where at &+ 8 <= bytes.count {
            let marks = TextWord.specials(bytes.word(at: at))
            if marks != 0 {
                at &+= marks.trailingZeroBitCount >> 3
                if bytes[at] == UInt8(ascii: "\"") {
                    at &+= 1
                    return true
                }
                break
            }
            at &+= 8
        }
        return skipRest(bytes)
    }

    /// What is left of a long string, or of one with escapes.
    @inline(never)
    private mutating func skipRest(_ bytes: Span<UInt8>) -> Bool {
        while at < bytes.count {
            while at &+ 32 <= bytes.count {
                if !bytes.isPlain(at: at, count: 32) {
                    at &+= bytes.specials(at: at).trailingZeroBitCount
                    break
                }
                at &+= 32
            }
            guard at < bytes.count else { return false }
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at &+= 1
                return true
            }
            if byte >= 0x80 {
                while at < bytes.count, bytes[at] >= 0x80 {
                    let length = UTF8Sequence.length(in: bytes, at: at)
                    if length == 0 { return false }
                    at &+= length
                }
            } else if byte == UInt8(ascii: "\\") {
                if !skipEscape(bytes) { return false }
            } else if byte < 0x20 {
                return false
            } else {
                at &+= 1
            }
        }
        return false
    }

    /// Surrogates are left to the scanner.
    private mutating func skipEscape(_ bytes: Span<UInt8>) -> Bool {
        guard at &+ 1 < bytes.count else { return false }
        switch bytes[at &+ 1] {
        case 0x22, 0x5C, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"),
            UInt8(ascii: "t"):
            at &+= 2
            return true
        case UInt8(ascii: "u"):
            guard at &+ 5 < bytes.count else { return false }
            var unit: UInt16 = 0
            for offset in 2..<6 {
                guard let digit = hexDigit(bytes[at &+ offset]) else { return false }
                unit = unit << 4 | UInt16(digit)
            }
            at &+= 6
            return unit & 0xF800 != 0xD800
        default: return false
        }
    }

    @inline(__always)
    mutating func skipNumberOrWord(_ bytes: Span<UInt8>, _ first: UInt8) -> Bool {
        if isDigit(first) || first == UInt8(ascii: "-") { return skipNumber(bytes) }
        // The rest of the word in the low bytes.
        let (word, count): (UInt64, Int)
        switch first {
        case UInt8(ascii: "t"): (word, count) = (0x6575_7274, 4)
        case UInt8(ascii: "n"): (word, count) = (0x6C6C_756E, 4)
        case UInt8(ascii: "f"): (word, count) = (0x65_736C_6166, 5)
        default: return false
        }
        let found = bytes.wordOrRest(at: at) & (1 << UInt64(8 &* count) &- 1)
        at &+= count
        return found == word
    }

    @inline(__always)
    private mutating func skipNumber(_ bytes: Span<UInt8>) -> Bool {
        if bytes[at] == UInt8(ascii: "-") { at &+= 1 }
        let start = at
        skipDigits(bytes)
        if at == start || (at &- start > 1 && bytes[start] == UInt8(ascii: "0")) { return false }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at &+= 1
            let fraction = at
            skipDigits(bytes)
            if at == fraction { return false }
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at &+= 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at &+= 1 }
            let exponent = at
            skipDigits(bytes)
            if at == exponent { return false }
        }
        return true
    }

    @inline(__always)
    private mutating func skipDigits(_ bytes: Span<UInt8>) {
        while at < bytes.count, isDigit(bytes[at]) { at &+= 1 }
    }
}
