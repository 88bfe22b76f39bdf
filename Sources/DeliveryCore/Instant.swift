/// A point on the monotonic clock, handed in as an argument: the core never reads a clock.
///
/// Source of the values: `clock_gettime(2)` with `CLOCK_MONOTONIC`, in nanoseconds. Simulations start at zero.
package struct Instant: Comparable, Hashable, Sendable {
    /// Nanoseconds since an arbitrary start.
    package var nanoseconds: Int64

    /// An instant that lies `nanoseconds` after the clock's arbitrary start.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The instant `interval` later; saturates instead of overflowing.
    package static func + (instant: Instant, interval: Interval) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(interval.nanoseconds)
        return Instant(nanoseconds: overflow ? .max : sum)
    }

    /// The earliest of those that there are.
    static func earliest(_ one: Instant?, _ two: Instant?, _ three: Instant? = nil) -> Instant? {
        let first = min(
            one ?? Instant(nanoseconds: .max), two ?? Instant(nanoseconds: .max), three ?? Instant(nanoseconds: .max))
        return one == nil && two == nil && three == nil ? nil : first
    }

    /// How long after `earlier` this instant is; saturates instead of overflowing.
    package static func - (later: Instant, earlier: Instant) -> Interval {
        let (difference, overflow) = later.nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return Interval(nanoseconds: overflow ? .max : difference)
    }
}

/// A length of time.
package struct Interval: Comparable, Hashable, Sendable {
    /// Nanoseconds.
    package var nanoseconds: Int64

    /// An interval of that many nanoseconds.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// No time at all.
    package static let zero = Interval(nanoseconds: 0)

    /// An interval of whole seconds; saturates instead of overflowing.
    package static func seconds(_ count: Int64) -> Interval { .scaled(count, by: 1_000_000_000) }

    /// An interval of whole milliseconds; saturates instead of overflowing.
    package static func milliseconds(_ count: Int64) -> Interval { .scaled(count, by: 1_000_000) }

    /// The interval in whole milliseconds, rounded up, so that a wait of it never ends early.
    package var roundedUpMilliseconds: Int64 {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder > 0 ? quotient + 1 : quotient
    }

    package static func < (left: Interval, right: Interval) -> Bool { left.nanoseconds < right.nanoseconds }

    private static func scaled(_ count: Int64, by unit: Int64) -> Interval {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        return Interval(nanoseconds: overflow ? (count < 0 ? .min : .max) : product)
    }
}
