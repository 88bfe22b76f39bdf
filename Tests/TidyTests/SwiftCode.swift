/// Swift source with comments and the insides of string literals blanked out, line for line as long as it was: what is
/// left can be searched for words without being fooled by a comment that mentions one.
struct SwiftCode {
    private(set) var bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        while position < bytes.count { step() }
    }

    /// The blanked text, one element a line.
    var lines: [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private func starts(with text: StaticString, at place: Int) -> Bool {
        place + text.utf8CodeUnitCount <= bytes.count
            && (0..<text.utf8CodeUnitCount).allSatisfy { bytes[place + $0] == text.utf8Start[$0] }
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where position < bytes.count {
            if bytes[position] != UInt8(ascii: "\n") { bytes[position] = UInt8(ascii: " ") }
            position += 1
        }
    }

    /// Takes one byte of code, or a whole comment or string literal.
    private mutating func step() {
        guard [UInt8(ascii: "/"), UInt8(ascii: "#"), UInt8(ascii: "\"")].contains(bytes[position]) else {
            position += 1
            return
        }
        if starts(with: "//", at: position) {
            while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { blank(1) }
        } else if starts(with: "/*", at: position) {
            blankBlockComment()
        } else if let hashes = hashesBeforeQuote() {
            blankString(hashes: hashes)
        } else {
            position += 1
        }
    }

    private mutating func blankBlockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*", at: position) {
                depth += 1
                blank(2)
            } else if starts(with: "*/", at: position) {
                depth -= 1
                blank(2)
            } else {
                blank(1)
            }
        } while depth > 0 && position < bytes.count
    }

    /// The number of `#` before the quote if a string literal begins here, else nil.
    private func hashesBeforeQuote() -> Int? {
        var place = position
        while place < bytes.count, bytes[place] == UInt8(ascii: "#") { place += 1 }
        return place < bytes.count && bytes[place] == UInt8(ascii: "\"") ? place - position : nil
    }

    private mutating func blankString(hashes: Int) {
        blank(hashes)
        let quotes = starts(with: "\"\"\"", at: position) ? 3 : 1
        blank(quotes)
        while position < bytes.count {
            if isFollowed(by: UInt8(ascii: "#"), times: hashes, after: position + quotes), isQuotes(quotes) {
                blank(quotes + hashes)
                return
            }
            if bytes[position] == UInt8(ascii: "\n"), quotes == 1 { return }
            if bytes[position] == UInt8(ascii: "\\"),
                isFollowed(by: UInt8(ascii: "#"), times: hashes, after: position + 1)
            {
                blank(1 + hashes)
                if starts(with: "(", at: position) { blankInterpolation() } else { blank(1) }
            } else {
                blank(1)
            }
        }
    }

    private mutating func blankInterpolation() {
        var depth = 0
        repeat {
            if let hashes = hashesBeforeQuote() {
                blankString(hashes: hashes)
                continue
            }
            if starts(with: "(", at: position) { depth += 1 }
            if starts(with: ")", at: position) { depth -= 1 }
            blank(1)
        } while depth > 0 && position < bytes.count
    }

    private func isQuotes(_ count: Int) -> Bool {
        isFollowed(by: UInt8(ascii: "\""), times: count, after: position)
    }

    private func isFollowed(by byte: UInt8, times: Int, after place: Int) -> Bool {
        place + times <= bytes.count && (0..<times).allSatisfy { bytes[place + $0] == byte }
    }
}
