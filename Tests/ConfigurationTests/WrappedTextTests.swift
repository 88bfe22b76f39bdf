import Testing

@testable import Configuration

@Suite struct WrappedTextTests {
    @Test("lines break between words, and a long word stands alone")
    func wrap() {
        #expect(WrappedText.wrap("aa bb  cc\ndddddddd e", width: 6, indent: 1) == " aa bb\n cc\n dddddddd\n e")
        #expect(WrappedText.wrap("", width: 6, indent: 1) == "")
    }
}
