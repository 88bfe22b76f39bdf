/// Whole numbers from 0 to a bound, each once: a bit a number, so that the next one is found without a look at all of them.
struct NumberSet {
    private var words: [UInt64]

    /// The empty set of numbers below `bound`.
    init(below bound: Int) { words = [UInt64](repeating: 0, count: (bound + 63) / 64) }

    @inline(__always)
    func contains(_ number: Int) -> Bool { words[number >> 6] >> UInt64(number & 63) & 1 == 1 }

    @inline(__always)
    mutating func insert(_ number: Int) { words[number >> 6] |= 1 << UInt64(number & 63) }

    @inline(__always)
    mutating func remove(_ number: Int) { words[number >> 6] &= ~(1 << UInt64(number & 63)) }

    /// O(bound / 64), as what follows.
    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// The lowest number from `start` on that is in the set, and in `other` where one is given.
    func first(from start: Int = 0, alsoIn other: NumberSet? = nil) -> Int? {
        var place = start >> 6
        var mask = UInt64.max << UInt64(start & 63)
        while place < words.count {
            let word = words[place] & mask & (other?.words[place] ?? .max)
            if word != 0 { return place << 6 + word.trailingZeroBitCount }
            mask = .max
            place += 1
        }
        return nil
    }

    /// Takes the lowest number out.
    mutating func popFirst() -> Int? {
        var place = 0
        while place < words.count {
            let word = words[place]
            if word != 0 {
                words[place] = word & (word - 1)
                return place << 6 + word.trailingZeroBitCount
            }
            place += 1
        }
        return nil
    }
}
