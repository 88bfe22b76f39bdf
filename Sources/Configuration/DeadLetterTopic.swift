/// The name of the topic that dead letters go to (`--dead-letter-topic`), a template in which `{topic}` may stand once.
package enum DeadLetterTopic {
    static let placeholder = "{topic}"
    /// Kafka's limit for topic names, in characters.
    static let longestName = 249

    /// The topic for dead letters of `source`. Any thread.
    package static func name(_ template: String, for source: String) -> String {
        TextSplitting.split(template, at: placeholder).joined(separator: source)
    }

    /// Whether the name depends on the source.
    static func isTemplate(_ text: String) -> Bool { TextSplitting.split(text, at: placeholder).count > 1 }

    /// `text`, if it can be the name of a topic for at least some source.
    static func check(_ text: String) throws(ValueProblem) -> String {
        let pieces = TextSplitting.split(text, at: placeholder)
        guard pieces.count <= 2 else { throw ValueProblem("'\(text)' has \(placeholder) more than once; use it once") }
        guard pieces.count == 2 else {
            if text.contains(where: { "{}".contains($0) }) {
                throw ValueProblem("'\(text)' has a placeholder that does not exist; the only one is \(placeholder)")
            }
            return try OptionKind.parseTopic(text)
        }
        guard text != placeholder else {
            throw ValueProblem(
                "'\(text)' is the topic that the record came from, and its dead letters would be consumed again; "
                    + "write a name of its own, as in \(placeholder).dlq")
        }
        // A source of one letter is the shortest: what is not a name with it never is one.
        do {
            _ = try OptionKind.parseTopic(pieces.joined(separator: "x"))
        } catch {
            throw ValueProblem(
                "'\(text)' is not a topic's name with \(placeholder) replaced; letters, digits, '.', '_' and '-' are allowed, "
                    + "up to \(longestName)")
        }
        return text
    }
}
