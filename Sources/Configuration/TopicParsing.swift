extension OptionKind {
    /// Kafka's rule for topic names (org.apache.kafka.common.internals.Topic): letters, digits, `.`, `_`, `-`, up to 249 of them,
    /// and neither `.` nor `..`.
    static func parseTopic(_ text: String) throws(ValueProblem) -> String {
        if text.hasPrefix("^") { throw ValueProblem("'\(text)' is a regular expression; use --topic-pattern for it") }
        if text.contains(",") { throw ValueProblem("'\(text)' holds a comma; give the option once for each topic") }
        let isLegal = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        guard isLegal, !text.isEmpty, text.count <= 249, text != ".", text != ".." else {
            throw ValueProblem(
                "'\(text)' is not a topic's name; letters, digits, '.', '_' and '-' are allowed, up to 249")
        }
        return text
    }

    static func parseAssignedPartition(_ text: String) throws(ValueProblem) -> AssignedPartition {
        let remedy = "write TOPIC:PARTITION or TOPIC:PARTITION@OFFSET, as in orders:0@1200"
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw ValueProblem("'\(text)' names no partition; \(remedy)") }
        let topic = try parseTopic(String(parts[0]))
        let numbers = parts[1].split(separator: "@", omittingEmptySubsequences: false)
        guard let partition = Int32(numbers[0]), partition >= 0, numbers.count <= 2 else {
            throw ValueProblem("'\(text)' has no valid partition; \(remedy)")
        }
        guard numbers.count == 2 else { return AssignedPartition(topic: topic, partition: partition, offset: nil) }
        guard let offset = Int64(numbers[1]), offset >= 0 else {
            throw ValueProblem("'\(text)' has no valid offset; \(remedy)")
        }
        return AssignedPartition(topic: topic, partition: partition, offset: offset)
    }

    static func parseNewTopic(_ text: String) throws(ValueProblem) -> NewTopic {
        let remedy = "write NAME:PARTITIONS, as in orders:4, with 1 to 10000 partitions"
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let partitions = Int32(parts[1]), (1...10_000).contains(partitions) else {
            throw ValueProblem("'\(text)' does not say how many partitions; \(remedy)")
        }
        return NewTopic(name: try parseTopic(String(parts[0])), partitions: partitions)
    }

    /// Never quotes `text`: it may be a secret whose name was forgotten.
    static func parseProperty(_ text: String, _ refused: RefusedProperties) throws(ValueProblem) -> Property {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw ValueProblem("is not of the form NAME=VALUE, as in \(refused.flag) client.id=billing")
        }
        let name = String(text[..<equals])
        guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }) else {
            throw ValueProblem("the name before '=' is not a property's; letters, digits, '.', '_' and '-' are allowed")
        }
        if let advice = refused.advice(for: name) {
            throw ValueProblem("\(name) cannot be set with \(refused.flag): \(advice)")
        }
        return Property(name: name, value: String(text[text.index(after: equals)...]))
    }
}

/// Splitting that the standard library has only in its regular-expression module, which the pure targets do without.
enum TextSplitting {
    /// The pieces of `text` between occurrences of `separator`, empty ones included.
    static func split(_ text: String, at separator: String) -> [String] {
        var pieces = [""]
        var rest = text[...]
        while let character = rest.first {
            if rest.hasPrefix(separator) {
                rest = rest.dropFirst(separator.count)
                pieces.append("")
            } else {
                pieces[pieces.count - 1].append(character)
                rest = rest.dropFirst()
            }
        }
        return pieces
    }

    /// The items of a comma-separated list; a comma within an item is written `\,`.
    static func items(_ text: String) -> [String] {
        var items = [""]
        var escaped = false
        for character in text {
            switch (escaped, character) {
            case (false, "\\"):
                escaped = true
                continue
            case (false, ","): items.append("")
            case (true, ","): items[items.count - 1].append(",")
            case (true, _): items[items.count - 1] += "\\\(character)"
            case (false, _): items[items.count - 1].append(character)
            }
            escaped = false
        }
        if escaped { items[items.count - 1].append("\\") }
        return items
    }
}
