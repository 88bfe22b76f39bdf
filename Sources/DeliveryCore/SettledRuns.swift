/// Offsets of one partition that are settled above its committable offset, as runs: ascending, not touching.
///
/// A run may span offsets that no record has (compaction, control records): what does not exist needs no delivery.
package struct SettledRuns: Equatable, Sendable {
    private var storage: [ClosedRange<Int64>] = []
    /// Index in `storage` of the first run that was not passed: dropping from the front of an array would cost its length.
    private var first = 0

    /// No offset.
    package init() {}

    /// The runs that were not passed, ascending, at least one unsettled offset between two of them. Copies them.
    package var runs: [ClosedRange<Int64>] { Array(remaining) }

    /// The same without a copy.
    package var remaining: ArraySlice<ClosedRange<Int64>> { storage[first...] }

    /// No offset is settled, or all were passed.
    package var isEmpty: Bool { first == storage.count }

    /// Appends a run that begins where the last one begins or later, and joins the two where they overlap or touch.
    ///
    /// A run that begins before the last one is left out: that costs a delivery more, and never a record.
    package mutating func append(_ run: ClosedRange<Int64>) {
        guard !isEmpty, let last = storage.last else {
            storage.append(run)
            return
        }
        guard run.lowerBound >= last.lowerBound else { return }
        // Above `last.lowerBound`, so one less cannot overflow.
        if run.lowerBound == last.lowerBound || run.lowerBound - 1 <= last.upperBound {
            storage[storage.count - 1] = last.lowerBound...max(last.upperBound, run.upperBound)
        } else {
            storage.append(run)
        }
    }

    /// Appends every run of `others`, as if one by one.
    package mutating func append(contentsOf others: SettledRuns) {
        for run in others.remaining { append(run) }
    }

    /// Whether `offset` is settled. Offsets are asked for in ascending order: runs that end below are dropped, so that the
    /// cost is O(1) an offset, amortised.
    package mutating func contains(advancingTo offset: Int64) -> Bool {
        while first < storage.count, storage[first].upperBound < offset { first += 1 }
        if first == storage.count {
            storage.removeAll()
            first = 0
            return false
        }
        return storage[first].contains(offset)
    }

    package static func == (left: SettledRuns, right: SettledRuns) -> Bool {
        left.remaining == right.remaining
    }
}
