/// A condition on a record's topic, partition, offset, key and headers (`--filter`; docs/filters.md has the language). A
/// record that does not fulfil it is settled without being delivered.
///
/// It is compiled once, to a list of steps without branches into each other: evaluation neither recurses nor allocates, and
/// is linear in the sizes of filter and record, whatever a producer wrote.
package struct RecordFilter: Equatable, Sendable, CustomStringConvertible {
    /// The longest text of a filter, in bytes.
    package static let maxBytes = 4_096
    /// How deep parentheses and negations may nest.
    package static let maxDepth = 64

    /// The text that it was made from.
    package let description: String
    private let steps: [FilterStep]

    /// The filter that `text` says.
    package static func parse(_ text: String) throws(FilterProblem) -> RecordFilter {
        var parser = try FilterParser(Array(text.utf8))
        return RecordFilter(description: text, steps: try parser.parse())
    }

    /// One filter that holds where all of `filters` do; nil where there is none.
    package static func all(of filters: [RecordFilter]) -> RecordFilter? {
        guard let first = filters.first else { return nil }
        if filters.count == 1 { return first }
        var steps: [FilterStep] = []
        let end = filters.reduce(filters.count - 1) { $0 + $1.steps.count }
        for filter in filters {
            if !steps.isEmpty { steps.append(.skipIfFalse(to: end)) }
            let start = steps.count
            steps += filter.steps.map { $0.moved(by: start) }
        }
        let text = filters.map { "(\($0.description))" }.joined(separator: " and ")
        return RecordFilter(description: text, steps: steps)
    }

    /// Whether the record is to be delivered. One whose headers are damaged always is: it goes on and fails where it is seen.
    package func matches(_ record: some FilterableRecord) -> Bool {
        if record.headersAreDamaged { return true }
        var result = true
        var at = 0
        while at < steps.count {
            switch steps[at] {
            case .test(let test): result = test.holds(for: record)
            case .negate: result.toggle()
            case .skipIfFalse(let target): if !result { at = target - 1 }
            case .skipIfTrue(let target): if result { at = target - 1 }
            }
            at += 1
        }
        return result
    }
}

/// A step of a compiled filter; there is one result, which each test replaces.
enum FilterStep: Equatable, Sendable {
    case test(FilterTest)
    case negate
    /// Go on at `to`, which is always further on, where the result is false: the rest of an `and` is of no account.
    case skipIfFalse(to: Int)
    /// The same for the rest of an `or`.
    case skipIfTrue(to: Int)

    /// The same step in a list that has `count` steps more before it.
    func moved(by count: Int) -> FilterStep {
        switch self {
        case .test, .negate: self
        case .skipIfFalse(let target): .skipIfFalse(to: target + count)
        case .skipIfTrue(let target): .skipIfTrue(to: target + count)
        }
    }
}
