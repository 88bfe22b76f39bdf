/// So many a second, and so many at once (`--rate`, `--dead-letter-max-rate`).
package struct RateSetting: Equatable, Sendable {
    /// How many go a second; above 0.
    package let perSecond: Double
    /// How many may go at once after a pause; at least 1.
    package let burst: Int

    /// A rate; `perSecond` is above 0, `burst` at least 1.
    package init(perSecond: Double, burst: Int) {
        self.perSecond = perSecond
        self.burst = burst
    }
}

/// Rates as a user writes them: `100/s`, `0.5/s:10`, `30/m`.
enum RateText {
    private static let units: [(name: String, seconds: Double)] = [("s", 1), ("m", 60), ("h", 3_600)]
    private static let remedy = "write N/s, N/m or N/h and, where wanted, :BURST, as in 100/s or 0.5/s:10"
    private static let most = 1_000_000_000

    /// The rate that `text` says; without a burst, that of one second, and at least 1.
    static func parse(_ text: String) throws(ValueProblem) -> RateSetting {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let halves = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, halves.count == 2, let number = DecimalText.parse(String(halves[0])),
            let unit = units.first(where: { $0.name == halves[1] })
        else { throw ValueProblem("'\(text)' is not a rate; \(remedy)") }
        guard number > 0 else {
            throw ValueProblem("'\(text)' would let nothing through; leave the option out for no limit")
        }
        let perSecond = number / unit.seconds
        guard perSecond <= Double(most) else {
            throw ValueProblem("'\(text)' is too high; at most \(most)/s is allowed")
        }
        guard parts.count == 2 else {
            return RateSetting(perSecond: perSecond, burst: max(1, Int(perSecond.rounded(.up))))
        }
        guard let burst = Int(parts[1]), (1...most).contains(burst) else {
            throw ValueProblem("'\(text)' has no valid burst; a whole number of 1 to \(most) is allowed")
        }
        return RateSetting(perSecond: perSecond, burst: burst)
    }
}

/// Decimal numbers as a user writes them: digits, and at most one point between them.
enum DecimalText {
    /// The number that `text` says, or nil. Neither signs nor exponents: none of them is needed, and `1e9` is a typing mistake.
    static func parse(_ text: String) -> Double? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isDecimal =
            (1...2).contains(parts.count)
            && parts.allSatisfy { part in
                !part.isEmpty && part.allSatisfy { $0.isASCII && $0.isNumber }
            }
        // Digits without end would be infinity.
        guard isDecimal, let number = Double(text), number.isFinite else { return nil }
        return number
    }

    /// The text of a number, without a fraction where it is whole.
    static func render(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }
}
