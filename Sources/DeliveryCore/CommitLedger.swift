/// Which offsets were sent to be committed, and which the broker has confirmed.
struct CommitLedger {
    struct Standing: Equatable {
        var epoch: UInt32
        /// The highest offset that was sent and not refused, or the place from which the partition was read.
        var sent: Int64
    }

    struct SentOffset: Equatable {
        var entry: CommitEntry
        var epoch: UInt32
    }

    var standings = PartitionMap<Standing>()
    /// Requests under way, by token.
    var underWay: [UInt64: [SentOffset]] = [:]
    var nextToken: UInt64 = 1
    /// Something was settled since the last look at all partitions.
    var moved = false
    /// When the next periodic commit may go.
    var due: Instant?

    /// Whether an offset of one of these partitions is on its way and not confirmed.
    func isUnderWay(_ partitions: [PartitionIndex]) -> Bool {
        underWay.values.contains { $0.contains { partitions.contains($0.entry.partition) } }
    }
}

extension DeliveryMachine {
    /// Sends every committable offset that has moved; returns the token, or nil where nothing has.
    @discardableResult
    mutating func commitMoved(
        only partitions: [PartitionIndex]? = nil, now: Instant, actions: inout [Action]
    ) -> UInt64? {
        guard policy.commits else { return nil }
        if partitions == nil { commits.moved = false }
        var sent: [CommitLedger.SentOffset] = []
        for partition in partitions ?? trackers.partitions {
            guard let tracker = trackers[partition], let standing = commits.standings[partition],
                tracker.committable > standing.sent
            else { continue }
            let entry = CommitEntry(partition: partition, offset: tracker.committable)
            sent.append(.init(entry: entry, epoch: tracker.epoch))
            commits.standings[partition]?.sent = tracker.committable
        }
        guard !sent.isEmpty else { return nil }
        let token = commits.nextToken
        commits.nextToken += 1
        commits.underWay[token] = sent
        counters.commits += 1
        actions.append(.commit(sent.map(\.entry), token: token))
        return token
    }

    /// The broker's answer to a commit: `failed` lists the partitions whose offset was not taken. They are sent again with
    /// the next commit, as long as they are assigned.
    package mutating func commitFinished(
        token: UInt64, failed: [PartitionIndex], now: Instant, actions: inout [Action]
    ) {
        guard let all = commits.underWay.removeValue(forKey: token) else { return }
        for sent in all where failed.contains(sent.entry.partition) {
            let offset = sent.entry.offset
            guard commits.standings[sent.entry.partition] == .init(epoch: sent.epoch, sent: offset) else { continue }
            // One below what has to be sent: the next commit takes it up again.
            commits.standings[sent.entry.partition]?.sent = offset - 1
            commits.moved = true
        }
        advanceRevocations(now: now, actions: &actions)
        advanceDrain(now: now, actions: &actions)
    }

    /// The periodic commit.
    mutating func commitPeriodically(now: Instant, actions: inout [Action]) {
        guard policy.commits, commits.moved, commits.underWay.isEmpty else { return }
        if let due = commits.due, now < due { return }
        if commitMoved(now: now, actions: &actions) != nil { commits.due = now + limits.commitInterval }
    }

    /// A commit was sent that the broker has not answered.
    package var awaitsCommit: Bool { !commits.underWay.isEmpty }

    /// When the next periodic commit is due; nil where nothing has moved.
    var commitDeadline: Instant? {
        guard policy.commits, commits.moved, commits.underWay.isEmpty else { return nil }
        return commits.due ?? Instant(nanoseconds: 0)
    }
}
