/// Breaks text into lines of a width.
enum WrappedText {
    /// `text` with line breaks between words so that no line is longer than `width` characters, where words allow it; each line
    /// begins with `indent` spaces.
    static func wrap(_ text: String, width: Int, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = margin
        for word in text.split(whereSeparator: \.isWhitespace) {
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
