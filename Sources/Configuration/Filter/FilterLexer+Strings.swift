extension FilterLexer {
    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08,
        UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]

    /// The bytes of the string whose opening quote is next: as JSON has it (RFC 8259, section 7), in UTF-8.
    mutating func takeString() throws(FilterProblem) -> [UInt8] {
        let start = at
        at += 1
        var bytes: [UInt8] = []
        while let byte = byte(at) {
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                return bytes
            case UInt8(ascii: "\\"): try takeEscape(into: &bytes)
            case ..<0x20:
                throw FilterProblem(
                    text, at: at..<(at + 1), expected: "no control character in a string; write an escape, as in \\n")
            default:
                bytes.append(byte)
                at += 1
            }
        }
        throw FilterProblem(text, at: start..<text.count, expected: "a double quote at the string's end")
    }

    private mutating func takeEscape(into bytes: inout [UInt8]) throws(FilterProblem) {
        let start = at
        guard let letter = byte(at + 1) else {
            at += 1
            return
        }
        if let plain = Self.escapes[letter] {
            bytes.append(plain)
            at += 2
            return
        }
        var number = hexNumber(at: at)
        at += letter == UInt8(ascii: "u") ? 6 : 2
        if let high = number, high & 0xFC00 == 0xD800, let low = hexNumber(at: at), low & 0xFC00 == 0xDC00 {
            number = 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
            at += 6
        }
        guard let scalar = number.flatMap(Unicode.Scalar.init) else {
            throw FilterProblem(
                text, at: start..<min(at, text.count),
                expected: #"an escape that JSON knows (\" \\ \/ \b \f \n \r \t \uXXXX), no half of a surrogate pair"#)
        }
        bytes += String(Character(scalar)).utf8
    }

    /// The number of the `\uXXXX` at `start`; nil where there is none.
    private func hexNumber(at start: Int) -> UInt32? {
        guard byte(start) == UInt8(ascii: "\\"), byte(start + 1) == UInt8(ascii: "u"), start + 6 <= text.count else {
            return nil
        }
        let digits = text[(start + 2)..<(start + 6)]
        // `UInt32(_:radix:)` would take a sign.
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
