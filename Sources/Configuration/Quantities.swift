/// Why a value's text does not fit its option: says what was found and what is expected.
package struct ValueProblem: Error, Equatable, Sendable {
    /// What is wrong and the remedy, as it follows the option's name.
    package let message: String

    init(_ message: String) { self.message = message }
}

/// Durations as a user writes them: whole numbers with units, `500ms`, `30s`, `1h30m`.
enum DurationText {
    static let units: [(name: String, nanoseconds: Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000),
    ]
    private static let remedy = "write a whole number and a unit (ms, s, m, h, d), as in 500ms, 30s, 1h30m"

    /// The duration that `text` says. A bare number has no meaning, but for 0, which is the same in every unit.
    static func parse(_ text: String) throws(ValueProblem) -> Duration {
        if text == "0" { return .zero }
        var rest = text[...]
        var total: Int64 = 0
        var lastUnit = Int64.max
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let word = rest.prefix { !($0.isASCII && $0.isNumber) }
            rest = rest.dropFirst(word.count)
            guard !digits.isEmpty else { throw ValueProblem("'\(text)' is not a duration; \(remedy)") }
            guard !word.isEmpty else { throw ValueProblem("'\(text)' needs a unit; \(remedy)") }
            guard let unit = units.first(where: { $0.name == word }), unit.nanoseconds < lastUnit else {
                throw ValueProblem("'\(text)' is not a duration; \(remedy)")
            }
            lastUnit = unit.nanoseconds
            let product = Int64(digits)?.multipliedReportingOverflow(by: unit.nanoseconds)
            let sum = total.addingReportingOverflow(product?.partialValue ?? 0)
            guard let product, !product.overflow, !sum.overflow else {
                throw ValueProblem("'\(text)' is too long a time")
            }
            total = sum.partialValue
        }
        guard lastUnit != Int64.max else { throw ValueProblem("is empty; \(remedy)") }
        return .nanoseconds(total)
    }

    /// The shortest text that `parse` reads as `duration`; what is below a millisecond is cut.
    static func render(_ duration: Duration) -> String {
        var milliseconds = duration.milliseconds
        guard milliseconds > 0 else { return "0s" }
        var text = ""
        for unit in units {
            let unitMilliseconds = unit.nanoseconds / 1_000_000
            if milliseconds >= unitMilliseconds { text += "\(milliseconds / unitMilliseconds)\(unit.name)" }
            milliseconds %= unitMilliseconds
        }
        return text
    }
}

extension Duration {
    /// Whole milliseconds; what is below is cut.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}

/// Sizes as a user writes them: `512B`, `64KiB`, `10MB`.
enum SizeText {
    static let units: [(name: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("GB", 1_000_000_000), ("MiB", 1 << 20), ("MB", 1_000_000), ("KiB", 1 << 10), ("KB", 1_000),
        ("B", 1),
    ]
    private static let remedy = "write a whole number and a unit (B, KB, MB, GB, KiB, MiB, GiB), as in 1MiB, 64KiB"

    /// The number of bytes that `text` says. Units are read without regard to case.
    static func parse(_ text: String) throws(ValueProblem) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let word = text.dropFirst(digits.count)
        guard !digits.isEmpty else { throw ValueProblem("'\(text)' is not a size; \(remedy)") }
        guard !word.isEmpty else { throw ValueProblem("'\(text)' needs a unit; \(remedy)") }
        guard let unit = units.first(where: { $0.name.lowercased() == word.lowercased() }) else {
            throw ValueProblem("'\(text)' is not a size; \(remedy)")
        }
        guard let product = Int(digits)?.multipliedReportingOverflow(by: unit.bytes), !product.overflow else {
            throw ValueProblem("'\(text)' is too large")
        }
        return product.partialValue
    }

    /// The shortest exact text of a number of bytes, in powers of 1024.
    static func render(_ bytes: Int) -> String {
        for unit in units where unit.name.hasSuffix("iB") && bytes >= unit.bytes && bytes % unit.bytes == 0 {
            return "\(bytes / unit.bytes)\(unit.name)"
        }
        return "\(bytes)B"
    }
}
