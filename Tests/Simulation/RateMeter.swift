import DeliveryCore

/// Checks that over any stretch of time at most `burst + rate * time` things happened (RFC 4115's bucket, kept exactly).
struct RateMeter {
    private var level = 0.0
    private var at = Instant(nanoseconds: 0)

    /// Counts; false where it was too many.
    mutating func count(_ number: Int, perSecond: Double, burst: Int, now: Instant) -> Bool {
        level = max(0, level - Double((now - at).nanoseconds) / 1e9 * perSecond)
        at = now
        level += Double(number)
        return level <= Double(burst) + 0.001
    }
}
