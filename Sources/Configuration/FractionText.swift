/// A part of the whole as a user writes it: `0.01`, or `1/100`.
enum FractionText {
    /// The fraction that `text` says, above 0 and at most 1.
    static func parse(_ text: String) throws(ValueProblem) -> Double {
        let parts = TextSplitting.split(text, at: "/")
        let numbers = parts.compactMap { DecimalText.parse($0) }
        guard numbers.count == parts.count, (1...2).contains(parts.count) else {
            throw ValueProblem("'\(text)' is no part of the whole, as in 0.01 or 1/100")
        }
        let fraction = numbers.count == 2 ? numbers[0] / numbers[1] : numbers[0]
        guard fraction > 0, fraction <= 1 else {
            throw ValueProblem("'\(text)' is out of range; above 0 and at most 1 is allowed")
        }
        return fraction
    }
}
