/// A token bucket that counts what it refused, for lines that a handler can write at any speed. A value without clock or lock: time is
/// an argument, and whoever owns it calls it from one thread.
package struct RateLimiter: Equatable, Sendable {
    /// Events that may pass at once after a silence.
    package let burst: Int
    /// Nanoseconds after which one more event may pass.
    package let nanosecondsPerEvent: Int64
    /// Events refused since the last `takeSuppressed`.
    package private(set) var suppressed = 0
    private var tokens: Int
    /// The instant up to which time has been turned into tokens.
    private var refilled: Int64?

    /// Lets `perSecond` events a second pass in the long run and `burst` at once; both are taken as at least 1.
    package init(perSecond: Int, burst: Int) {
        self.burst = max(burst, 1)
        self.nanosecondsPerEvent = max(1_000_000_000 / Int64(max(perSecond, 1)), 1)
        self.tokens = self.burst
    }

    /// True if an event at `now` (nanoseconds of a monotonic clock, any origin) may pass; else it is counted as suppressed. A `now`
    /// before an earlier one counts as no time passed.
    package mutating func allows(at now: Int64) -> Bool {
        refill(now)
        guard tokens > 0 else {
            suppressed += 1
            return false
        }
        tokens -= 1
        return true
    }

    /// How many events were refused since the last call, for a line that says so.
    package mutating func takeSuppressed() -> Int {
        defer { suppressed = 0 }
        return suppressed
    }

    private mutating func refill(_ now: Int64) {
        guard let last = refilled else {
            refilled = now
            return
        }
        guard now > last else { return }
        let (elapsed, overflow) = now.subtractingReportingOverflow(last)
        let earned = overflow ? Int64(burst) : elapsed / nanosecondsPerEvent
        if earned >= Int64(burst - tokens) {
            tokens = burst
            refilled = now
        } else {
            tokens += Int(earned)
            // The rest of the time is kept: an event every 1.5 intervals must earn two tokens in three.
            refilled = last + earned * nanosecondsPerEvent
        }
    }
}
