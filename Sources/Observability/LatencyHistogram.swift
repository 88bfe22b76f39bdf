/// How long things took, in constant memory: counts in buckets that grow with the value, each 1/32 of a power of two wide, so
/// that what is read from them is at most 3.2 % too large.
///
/// A value (15 KiB); belongs to whoever records. The idea is that of HdrHistogram (Gil Tene).
package struct LatencyHistogram: Equatable, Sendable {
    private static let subdivisionBits = 5
    private static let subdivisions = 1 << subdivisionBits

    /// The first 32 count single nanoseconds; then 32 for each power of two up to 2^63.
    private var counts = [UInt64](
        repeating: 0, count: (63 - subdivisionBits) * subdivisions + subdivisions)
    /// How many were recorded.
    package private(set) var count: UInt64 = 0
    /// The largest that was recorded, exactly, in nanoseconds; 0 where there is none.
    package private(set) var maximum: Int64 = 0

    /// Nothing recorded.
    package init() {}

    /// Counts something that took so many nanoseconds; a clock that went backwards counts as 0. Allocates nothing.
    package mutating func record(nanoseconds: Int64) {
        let value = max(0, nanoseconds)
        counts[LatencyHistogram.bucket(of: value)] += 1
        count += 1
        maximum = max(maximum, value)
    }

    /// Counts what another one has counted.
    package mutating func merge(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        maximum = max(maximum, other.maximum)
    }

    /// How long the one at this fraction (0 to 1) of all, ordered by duration, took, in nanoseconds: at most 3.2 % too much; nil where
    /// nothing was recorded. Never more than `maximum`.
    package func nanoseconds(atFraction fraction: Double) -> Int64? {
        guard count > 0 else { return nil }
        let rank = max(1, UInt64((min(1, max(0, fraction)) * Double(count)).rounded(.up)))
        var seen: UInt64 = 0
        for index in counts.indices {
            seen += counts[index]
            if seen >= rank { return min(maximum, LatencyHistogram.largest(in: index)) }
        }
        return maximum
    }

    private static func bucket(of value: Int64) -> Int {
        guard value >= Int64(subdivisions) else { return Int(value) }
        // The power of two below the value, and the five bits after its first.
        let exponent = 63 - value.leadingZeroBitCount
        let shift = exponent - subdivisionBits
        return (shift + 1) * subdivisions + Int(value >> Int64(shift)) - subdivisions
    }

    /// The largest value that the bucket counts.
    private static func largest(in bucket: Int) -> Int64 {
        guard bucket >= subdivisions else { return Int64(bucket) }
        let shift = Int64(bucket / subdivisions - 1)
        let first = Int64(bucket % subdivisions + subdivisions) << shift
        return first + ((1 << shift) - 1)
    }
}
