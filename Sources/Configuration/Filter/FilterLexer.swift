/// A word, literal or sign of a filter, and where it stands.
struct FilterToken: Equatable {
    enum Kind: Equatable {
        /// Letters, digits, `_`, `.` and `-`, beginning with a letter or `_`: keywords and operands.
        case word(String)
        /// A string literal's bytes.
        case string([UInt8])
        case integer(Int64)
        /// One or two characters; what no rule of the language allows is one too.
        case sign(String)
        case end
    }

    var kind: Kind
    /// Its bytes in the text.
    var range: Range<Int>

    /// The word or the sign; nil for a literal and the end.
    var symbol: String? {
        switch kind {
        case .word(let text), .sign(let text): text
        case .string, .integer, .end: nil
        }
    }
}

/// Cuts the text of a filter into tokens.
struct FilterLexer {
    let text: [UInt8]
    var at = 0

    init(_ text: [UInt8]) { self.text = text }

    mutating func next() throws(FilterProblem) -> FilterToken {
        while let byte = byte(at), [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 }
        let start = at
        guard let first = byte(at) else { return FilterToken(kind: .end, range: start..<start) }
        let kind: FilterToken.Kind
        if first == UInt8(ascii: "\"") {
            kind = .string(try takeString())
        } else if isDigit(first) || first == UInt8(ascii: "-") && byte(at + 1).map(isDigit) == true {
            kind = .integer(try takeInteger())
        } else if isWordCharacter(first), first != UInt8(ascii: "."), first != UInt8(ascii: "-") {
            kind = .word(takeWord())
        } else {
            kind = .sign(takeSign())
        }
        return FilterToken(kind: kind, range: start..<at)
    }

    func byte(_ index: Int) -> UInt8? { index < text.count ? text[index] : nil }

    private mutating func takeWord() -> String {
        let start = at
        while let byte = byte(at), isWordCharacter(byte) { at += 1 }
        return String(decoding: text[start..<at], as: UTF8.self)
    }

    private mutating func takeInteger() throws(FilterProblem) -> Int64 {
        let start = at
        at += 1
        while let byte = byte(at), isWordCharacter(byte) { at += 1 }
        guard let number = Int64(String(decoding: text[start..<at], as: UTF8.self)) else {
            throw FilterProblem(
                text, at: start..<at, expected: "a whole number of at most 63 bits, or a string in double quotes")
        }
        return number
    }

    private mutating func takeSign() -> String {
        let start = at
        at += 1
        let pair = String(decoding: text[start..<min(start + 2, text.count)], as: UTF8.self)
        if ["==", "!=", "&&", "||", "<=", ">=", "<>", "=~"].contains(pair) { at += 1 }
        // The rest of a character outside ASCII.
        while let byte = byte(at), byte & 0xC0 == 0x80 { at += 1 }
        return String(decoding: text[start..<at], as: UTF8.self)
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func isWordCharacter(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || "_.-".utf8.contains(byte)
    }
}
