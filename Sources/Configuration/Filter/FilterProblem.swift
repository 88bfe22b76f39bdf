/// Why a text is not a filter: where, what stands there, and what was expected instead.
package struct FilterProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where the culprit begins, in characters, counted from 1.
    package let column: Int
    /// The offending text, cut to 40 characters; empty where the filter ends too early.
    package let found: String
    /// What could stand there, and the remedy where there is a likely one.
    package let expected: String

    /// A problem with the bytes at `range`.
    init(_ text: [UInt8], at range: Range<Int>, expected: String) {
        column = String(decoding: text[..<range.lowerBound], as: UTF8.self).count + 1
        found = String(String(decoding: text[range], as: UTF8.self).prefix(40))
        self.expected = expected
    }

    /// `column 16: found 'order', expected a string in double quotes`, as it follows an option's name.
    package var description: String {
        found.isEmpty
            ? "ends at column \(column); expected \(expected)"
            : "column \(column): found '\(found)', expected \(expected)"
    }
}

extension OptionKind {
    /// The filter that a value of `--filter` says.
    static func parseFilter(_ text: String) throws(ValueProblem) -> RecordFilter {
        do throws(FilterProblem) {
            return try RecordFilter.parse(text)
        } catch {
            throw ValueProblem(error.description)
        }
    }
}
