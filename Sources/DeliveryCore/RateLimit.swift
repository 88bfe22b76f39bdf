/// So many a second, and so many at once (`N/s[:burst]`).
package struct RateLimit: Equatable, Sendable {
    package var perSecond: Double
    /// How many may go at once after a pause; at least 1.
    package var burst: Int

    /// `perSecond` is above 0.
    package init(perSecond: Double, burst: Int) {
        self.perSecond = perSecond
        self.burst = max(1, burst)
    }
}

/// A bucket of tokens that refills with time: one token for each thing that may go.
struct TokenBucket: Equatable {
    private let limit: RateLimit
    private var tokens: Double
    private var filledAt: Instant

    /// A full bucket.
    init(_ limit: RateLimit, now: Instant) {
        self.limit = limit
        tokens = Double(limit.burst)
        filledAt = now
    }

    /// Whole tokens that may be taken now.
    mutating func available(now: Instant) -> Int {
        if now > filledAt {
            let seconds = Double((now - filledAt).nanoseconds) / 1e9
            tokens = min(Double(limit.burst), tokens + seconds * limit.perSecond)
            filledAt = now
        }
        return Int(tokens)
    }

    /// Not even one token was there at the last look.
    var isEmpty: Bool { tokens < 1 }

    /// Takes tokens that are there.
    mutating func take(_ count: Int) { tokens -= Double(count) }

    /// When the next whole token is there; an instant in the past where it is there already.
    var nextToken: Instant {
        let missing = (tokens.rounded(.down) + 1 - tokens) / limit.perSecond
        guard tokens < 1 else { return filledAt }
        // A full hour at most, so that a tiny rate does not overflow; rounded up, so that the token is there by then.
        return filledAt + Interval(nanoseconds: Int64(min(missing, 3_600) * 1e9) + 1)
    }
}
