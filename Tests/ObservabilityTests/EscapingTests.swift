import Testing

@testable import Observability

@Suite struct EscapingTests {
    @Test(
        "what would break or steer a line is escaped",
        arguments: [
            ("plain é 😀", "plain é 😀"), ("a\nb\r\tc", #"a\nb\r\tc"#), ("\u{1b}[31m", #"\u{1b}[31m"#),
            (#"a\n"#, #"a\\n"#),
            ("\0\u{7f}\u{9b}", #"\u{0}\u{7f}\u{9b}"#), ("a\u{2028}b\u{202E}c", #"a\u{2028}b\u{202e}c"#),
        ])
    func escapes(text: String, expected: String) {
        #expect(Escaping.text(text) == expected)
    }

    @Test("invalid UTF-8 becomes the replacement character")
    func invalid() {
        #expect(Escaping.text([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
        #expect(Escaping.text([0xED, 0xA0, 0x80, 0x63]).hasSuffix("\u{FFFD}c"))
        #expect(Escaping.text([0xE2, 0x82]) == "\u{FFFD}")
    }

    @Test("a long text is cut at a character's boundary and marked", arguments: 0...20)
    func cut(limit: Int) {
        let result = Escaping.text("aé€😀\nxaé€😀", limit: limit)
        #expect(result.utf8.count <= limit)
        #expect(limit < 3 || result.hasSuffix("..."), "\(result)")
        #expect(!result.unicodeScalars.contains("\u{FFFD}"))
    }

    @Test("a text that just fits is not cut")
    func fits() {
        #expect(Escaping.text("abcde", limit: 5) == "abcde")
        #expect(Escaping.text("abcdef", limit: 5) == "ab...")
    }

    @Test("an escape is not cut in two")
    func escapeWhole() {
        #expect(Escaping.text("ab\nxyz", limit: 6) == "ab...")
    }
}
