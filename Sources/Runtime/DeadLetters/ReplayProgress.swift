import DeliveryCore

/// Which letters of one partition of a dead-letter topic were put back: all below `base`, and runs above it.
///
/// It is kept between runs as a committed offset, the base, and its metadata, in the format of `CommitMetadata`: a run of
/// the command that leaves letters out does not hide them from later runs, and what was put back is not put back twice.
struct ReplayProgress: Equatable {
    /// The lowest offset that was not put back.
    private(set) var base: Int64
    /// What was put back above `base`: ascending, not touching each other.
    private(set) var runs: [ClosedRange<Int64>] = []

    /// Nothing was put back from `base` on.
    init(base: Int64) { self.base = base }

    /// What an earlier run has committed. Throws where the metadata cannot be used, and then nobody knows what above
    /// the base was put back.
    init(base: Int64, metadata: [UInt8]?, identity: UInt64) throws(CommitMetadataRefusal) {
        self.base = base
        runs = try CommitMetadata.read(metadata ?? [], base: base, identity: identity).runs
    }

    /// Whether the letter at `offset` was put back.
    func contains(_ offset: Int64) -> Bool {
        if offset < base { return true }
        let place = index(after: offset)
        return place > 0 && runs[place - 1].upperBound >= offset
    }

    /// Counts these offsets as put back; the cost is that of moving the runs above, and none where there are none.
    mutating func insert(_ added: ClosedRange<Int64>) {
        guard added.upperBound >= base else { return }
        var lower = max(added.lowerBound, base)
        var upper = added.upperBound
        // The runs that the new one overlaps or touches become one with it.
        var first = index(after: lower)
        if first > 0, runs[first - 1].upperBound >= lower - 1 { first -= 1 }
        var end = first
        while end < runs.count, runs[end].lowerBound - 1 <= upper {
            lower = min(lower, runs[end].lowerBound)
            upper = max(upper, runs[end].upperBound)
            end += 1
        }
        if lower == base {
            base = upper + 1
            runs.removeSubrange(..<end)
        } else {
            runs.replaceSubrange(first..<end, with: CollectionOfOne(lower...upper))
        }
    }

    /// What is to be committed beside the base, and whether it holds all runs: there is room for about 1,300.
    func metadata(identity: UInt64) -> (text: [UInt8]?, isComplete: Bool) {
        if runs.isEmpty { return (nil, true) }
        var settled = SettledRuns()
        for run in runs { settled.append(run) }
        guard let text = CommitMetadata.encode(settled, base: base, identity: identity) else { return (nil, false) }
        return (text, CommitMetadata.decode(text, base: base, identity: identity) == settled)
    }

    /// The number of runs that begin at `offset` or below.
    private func index(after offset: Int64) -> Int {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].lowerBound <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
