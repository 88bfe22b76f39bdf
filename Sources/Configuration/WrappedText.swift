/// Breaks text into lines of a width.
enum WrappedText {
    /// `text` with line breaks between words so that no line is longer than `width` characters, where words allow it; each line
    /// begins with `indent` spaces.
    static func wrap(_ text: String, width: Int, indent: Int) -> String {
        wrap(words: text.split(whereSeparator: \.isWhitespace).map(String.init), width: width, indent: indent)
    }

    /// The same for words, which may hold spaces that are not to become line breaks.
    static func wrap(words: [String], width: Int, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = margin
        for word in words {
            if line.count > indent, line.count + 1 + word.count > width {
                lines.append(line)
                line = margin
            }
            line += (line.count > indent ? " " : "") + word
        }
        if line.count > indent { lines.append(line) }
        return lines.joined(separator: "\n")
    }
}
