/// Points in time as a user writes them: milliseconds since 1970, or RFC 3339 with its offset.
enum TimestampText {
    private static let remedy =
        "write milliseconds since 1970, or a time as in 2026-11-21T13:00:00Z or 2026-11-21T13:00:00.500+01:00"

    /// Milliseconds since 1970-01-01T00:00:00Z.
    static func parse(_ text: String) throws(ValueProblem) -> Int64 {
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }) else { return try parseRFC3339(text) }
        guard let number = Int64(text) else { throw ValueProblem("'\(text)' is too large a time") }
        // 100,000,000,000 ms is in March 1973: a smaller number was meant as seconds, or as an offset.
        guard number == 0 || number >= 100_000_000_000 else {
            throw ValueProblem("'\(text)' looks like seconds or an offset; \(remedy)")
        }
        return number
    }

    /// RFC 3339 section 5.6; the fraction is cut at milliseconds. A leap second counts as the second after it.
    private static func parseRFC3339(_ text: String) throws(ValueProblem) -> Int64 {
        var scanner = FieldScanner(text)
        guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2), scanner.take("-"),
            let day = scanner.number(2), scanner.take("T") || scanner.take("t") || scanner.take(" "),
            let hour = scanner.number(2), scanner.take(":"), let minute = scanner.number(2), scanner.take(":"),
            let second = scanner.number(2), let fraction = scanner.fraction()
        else { throw ValueProblem("'\(text)' is not a point in time; \(remedy)") }
        guard let offsetMinutes = scanner.offset(), scanner.isAtEnd else {
            throw ValueProblem("'\(text)' needs an offset from UTC (Z, +01:00); \(remedy)")
        }
        guard (1...12).contains(month), (1...daysIn(month: month, year: year)).contains(day), hour < 24, minute < 60,
            second <= 60
        else { throw ValueProblem("'\(text)' names a time that does not exist; \(remedy)") }
        let days = daysSince1970(year: year, month: month, day: day)
        let seconds = ((days * 24 + hour) * 60 + minute - offsetMinutes) * 60 + second
        guard seconds >= 0 else { throw ValueProblem("'\(text)' is before 1970") }
        return Int64(seconds) * 1_000 + Int64(fraction)
    }

    private static func daysIn(month: Int, year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        switch month {
        case 2: return isLeap ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }

    /// Days since 1970-01-01 of a date of the Gregorian calendar, with years that begin in March so that the leap day is the last.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        // 719,468 days lie between 0000-03-01 and 1970-01-01.
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}

/// Takes fixed-width fields from the front of a text.
private struct FieldScanner {
    private var rest: Substring

    init(_ text: String) { rest = text[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(_ width: Int) -> Int? {
        let digits = rest.prefix(width)
        guard digits.count == width, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        rest = rest.dropFirst(width)
        return Int(digits)
    }

    /// Milliseconds of an optional fraction; nil when a point is followed by no digit.
    mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        return Int((digits + "00").prefix(3))
    }

    /// Minutes east of UTC.
    mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign = take("+") ? 1 : take("-") ? -1 : 0
        guard sign != 0, let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else {
            return nil
        }
        return sign * (hours * 60 + minutes)
    }
}
