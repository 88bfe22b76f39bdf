import HandlerProtocol

/// Text of others, made fit for a report.
enum Shown {
    /// Without control characters.
    static func line(_ text: String) -> String { Excerpt.of(Array(text.utf8).span, limit: 400) }

    /// A word of a command, in quotes where a shell would need them.
    static func word(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,+@%".contains($0) }
        return isPlain ? text : "'\(line(text).replacing("'", with: "'\\''"))'"
    }

    /// For an attribute or the text of an XML element; what XML cannot hold becomes U+FFFD.
    static func xml(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            case "\n", "\t": escaped.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
