/// What a replay of dead letters has done so far, in letters.
package struct ReplaySummary: Equatable, Sendable {
    /// Why a letter was left where it is.
    enum Left: String, CaseIterable {
        case earlier = "put back by an earlier run"
        case filtered = "not chosen by the options"
        case tooOften = "put back too often already (--max-replays)"
        case withoutOrigin = "without a topic to go to (kafka_dlt-original-topic)"
        case damaged = "with headers that cannot be read"
        case failed = "that could not be written"
        case noRoom = "beyond what the record of progress can hold"
    }

    /// Letters that were looked at.
    var read = 0
    /// Letters that the options chose and no earlier run has put back.
    var matched = 0
    /// Confirmed ones by topic; with `--dry-run` those that would be written.
    var putBack: [String: Int] = [:]
    var left: [Left: Int] = [:]
    var isDryRun = false

    /// All that were put back.
    var putBackCount: Int { putBack.values.reduce(0, +) }

    /// The text for stdout, with a line break at the end.
    package var text: String {
        let verb = isDryRun ? "to be put back" : "put back"
        var lines = ["dead letters: \(read) read, \(matched) matched, \(putBackCount) \(verb)"]
        for (topic, count) in putBack.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(verb) into \(topic): \(count)")
        }
        for reason in Left.allCases {
            if let count = left[reason] { lines.append("  left \(reason.rawValue): \(count)") }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
