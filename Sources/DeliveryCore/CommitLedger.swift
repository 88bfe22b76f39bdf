/// Which offsets were sent to be committed, and which the broker has confirmed.
struct CommitLedger {
    struct Standing: Equatable {
        var epoch: UInt32
        /// The highest offset that was sent, or the place from which the partition was read.
        var sent: Int64
        /// The tracker's version that was sent with it: what was settled above the offset.
        var version: UInt64 = 0
        /// What was sent last was refused, or the position itself is to be committed.
        var isOwed = false
    }

    struct SentOffset: Equatable {
        var partition: PartitionIndex
        var standing: Standing
    }

    var standings = PartitionMap<Standing>()
    /// Requests under way, by token.
    var underWay: [UInt64: [SentOffset]] = [:]
    var nextToken: UInt64 = 1
    /// Something was settled since the last look at all partitions.
    var moved = false
    /// When the next periodic commit may go.
    var due: Instant?
    /// The broker takes what is settled above an offset.
    var takesMetadata = true

    /// Whether an offset of one of these partitions is on its way and not confirmed.
    func isUnderWay(_ partitions: [PartitionIndex]) -> Bool {
        underWay.values.contains { $0.contains { partitions.contains($0.partition) } }
    }
}

extension DeliveryMachine {
    /// Sends every committable offset that has moved, or above which something was settled; returns the token, or nil where
    /// nothing has.
    @discardableResult
    mutating func commitMoved(
        only partitions: [PartitionIndex]? = nil, now: Instant, actions: inout [Action]
    ) -> UInt64? {
        guard policy.commits else { return nil }
        if partitions == nil { commits.moved = false }
        var entries: [CommitEntry] = []
        var sent: [CommitLedger.SentOffset] = []
        for partition in partitions ?? trackers.partitions {
            guard let entry = owedCommit(of: partition), let tracker = trackers[partition] else { continue }
            let standing = CommitLedger.Standing(
                epoch: tracker.epoch, sent: entry.offset, version: tracker.version)
            entries.append(entry)
            sent.append(.init(partition: partition, standing: standing))
            commits.standings[partition] = standing
        }
        guard !sent.isEmpty else { return nil }
        let token = commits.nextToken
        commits.nextToken += 1
        commits.underWay[token] = sent
        counters.commits += 1
        actions.append(.commit(entries, token: token))
        return token
    }

    private func owedCommit(of partition: PartitionIndex) -> CommitEntry? {
        guard let tracker = trackers[partition], let standing = commits.standings[partition] else { return nil }
        let saysMore = policy.commitsMetadata && commits.takesMetadata
        let isNews = saysMore && tracker.version != standing.version && tracker.settledAbove > 0
        guard tracker.committable > standing.sent || standing.isOwed || isNews else { return nil }
        let metadata =
            saysMore
            ? CommitMetadata.encode(tracker.settledRuns, base: tracker.committable, identity: tracker.identity) : nil
        return CommitEntry(partition: partition, offset: tracker.committable, metadata: metadata)
    }

    /// The broker's answer to a commit: `failed` lists the partitions whose offset was not taken. They are sent again with
    /// the next commit, as long as they are assigned; without metadata from now on where the broker found it too large.
    package mutating func commitFinished(
        token: UInt64, failed: [PartitionIndex], metadataRefused: Bool = false, now: Instant,
        actions: inout [Action]
    ) {
        if metadataRefused, commits.takesMetadata {
            commits.takesMetadata = false
            actions.append(.notice(.metadataRefused))
        }
        guard let all = commits.underWay.removeValue(forKey: token) else { return }
        for sent in all where failed.contains(sent.partition) && commits.standings[sent.partition] == sent.standing {
            commits.standings[sent.partition]?.isOwed = true
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
