import DeliveryCore

/// SplitMix64: a small generator whose whole state is its seed, so that a run can be repeated.
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct Randomness {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True so many times out of a hundred.
    mutating func chance(_ percent: Int) -> Bool { Int(next() % 100) < percent }

    mutating func among(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }

    /// Whole milliseconds and a bit, so that few things happen at the same instant.
    mutating func interval(_ milliseconds: ClosedRange<Int>) -> Interval {
        Interval(nanoseconds: Int64(among(milliseconds)) * 1_000_000 + Int64(next() % 1_000))
    }

    /// One of the elements, which are not none.
    mutating func one<Element>(of elements: [Element]) -> Element { elements[among(0...(elements.count - 1))] }
}
