import Testing

@Test("Comments and the insides of strings are blanked, code and line breaks stay")
func blanksCommentsAndStrings() {
    let text = """
        let a = "fatalError(" // try!
        /* Task { /* nested */
        still a comment */ let b = #"raw " quote"#
        let c = "\\"escaped\\" \\(f("inner ) quote")) end" + d
        """
    #expect(
        SwiftCode(text).lines.map { $0.split(separator: " ").joined(separator: " ") } == [
            "let a =", "", "let b =", "let c = + d",
        ])
}

@Test("A string of several lines is blanked up to its three quotes")
func blanksLongStrings() {
    let quotes = "\"\"\""
    let text = "let a = \(quotes)\n  print(\"x\")\n  \(quotes); let b = 1"
    #expect(SwiftCode(text).lines.map { $0.filter { $0 != " " } } == ["leta=", "", ";letb=1"])
}
