/// Waits that grow by `factor` from `initial` to `maximum`, spread by `jitter` (a share of the wait) either way so that many
/// waiters do not wake together.
struct Backoff: Equatable {
    var initial: Interval
    var maximum: Interval
    var factor = 2.0
    var jitter = 0.2

    /// The wait after `failures` failures in a row (from 1); `random` is any 64 bits.
    func wait(failures: Int, random: UInt64) -> Interval {
        let most = Double(maximum.nanoseconds)
        var exact = Double(initial.nanoseconds)
        // A factor of 1 never reaches the maximum: the count is bounded as well.
        for _ in 1..<max(1, min(failures, 64)) where exact < most { exact *= factor }
        let wait = exact < most ? Int64(exact) : maximum.nanoseconds
        let spread = Int64(Double(wait) * jitter)
        guard spread > 0 else { return Interval(nanoseconds: wait) }
        let offset = Int64(random % UInt64(2 * spread + 1)) - spread
        return Interval(nanoseconds: min(wait + offset, maximum.nanoseconds))
    }
}

/// SplitMix64: a small generator whose whole state is its seed, so that a run can be repeated.
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
