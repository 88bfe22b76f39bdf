/// A partition that was assigned, with the place from which it is read.
package struct AssignedPartition: Equatable, Sendable {
    package var partition: PartitionIndex
    /// The next offset to be delivered.
    package var position: Int64
    /// The high watermark at the assignment; only used with `--exit-at-end`.
    package var end: Int64
    /// The position was chosen (no committed offset, or one that the log has lost) and is not simply the beginning: commit
    /// it, so that a restart does not choose anew.
    package var commitsPosition: Bool
    /// Offsets above the position that were settled before, as the committed offset's metadata says.
    package var settled: SettledRuns
    /// Names group and topic in the metadata of this partition's commits (`CommitMetadata.identity`).
    package var identity: UInt64

    /// A partition that is read from `position` on.
    package init(
        partition: PartitionIndex, position: Int64, end: Int64, commitsPosition: Bool = false,
        settled: SettledRuns = SettledRuns(), identity: UInt64 = 0
    ) {
        self.partition = partition
        self.position = position
        self.end = end
        self.commitsPosition = commitsPosition
        self.settled = settled
        self.identity = identity
    }
}

/// A revoke that is not answered yet.
struct Revocation: Equatable {
    enum Step: Equatable {
        /// Verdicts still count. -> committing
        case waiting(until: Instant)
        /// The last offsets are on their way, until the instant at most. -> answered
        case committing(token: UInt64, until: Instant)
    }

    var partitions: [PartitionIndex]
    var step: Step
}

extension DeliveryMachine {
    /// Partitions were assigned (in addition to those that are). An empty list counts too: with `--exit-at-end` an
    /// instance that owns nothing has nothing to wait for.
    package mutating func assigned(_ partitions: [AssignedPartition], now: Instant, actions: inout [Action]) {
        for assigned in partitions {
            if trackers[assigned.partition] != nil { abandon(assigned.partition, now: now, actions: &actions) }
            trackers[assigned.partition] = PartitionTracker(
                epoch: nextEpoch, position: assigned.position, end: policy.exitAtEnd ? assigned.end : nil,
                settled: assigned.settled, identity: assigned.identity, now: now)
            commits.standings[assigned.partition] = .init(
                epoch: nextEpoch, sent: assigned.position, isOwed: assigned.commitsPosition)
            if sources[assigned.partition] == nil { sources[assigned.partition] = Source() }
        }
        announceAssigned(partitions.map(\.partition), actions: &actions)
        wasAssigned = true
        commits.moved = true
        nextEpoch += 1
    }

    /// Partitions are to be given up. A revoke is answered (`Action.answerRevoke`) when their deliveries are answered and
    /// what is settled is committed, or when the revoke timeout makes an end; a lost assignment at once and without a
    /// commit, since somebody else may own it already.
    package mutating func revoked(
        _ partitions: [PartitionIndex], lost: Bool, now: Instant, actions: inout [Action]
    ) {
        announceRevoked(partitions, lost: lost, deadline: limits.revokeTimeout, actions: &actions)
        if lost {
            for partition in partitions { abandon(partition, now: now, actions: &actions) }
            actions.append(.answerRevoke(partitions))
            return
        }
        revocations.append(Revocation(partitions: partitions, step: .waiting(until: now + limits.revokeTimeout)))
        advanceRevocations(now: now, actions: &actions)
    }

    /// A position that the log no longer had was given up (`--out-of-range`): reading goes on at `offset`. Ahead of the old
    /// position everything that is under way counts on; behind it the partition begins anew.
    package mutating func relocate(_ partition: PartitionIndex, to offset: Int64, now: Instant, actions: inout [Action])
    {
        guard let tracker = trackers[partition] else { return }
        // The client starts the partition anew, and forgets its pause; a resume of what is not paused does nothing there.
        if backpressure.paused.contains(partition) {
            backpressure.forget(partition)
            countPaused()
            actions.append(.resume(partition))
        }
        if offset >= tracker.position {
            trackers[partition]?.jump(to: offset)
            commits.moved = true
            return
        }
        let end = tracker.end ?? offset
        // Workers that heard of a revoke know already that it goes, and need not know that it begins anew meanwhile.
        if !isRevoking(partition) { announceRevoked([partition], lost: true, deadline: .zero, actions: &actions) }
        let identity = tracker.identity
        abandon(partition, now: now, actions: &actions)
        let anew = AssignedPartition(partition: partition, position: offset, end: end, identity: identity)
        assigned([anew], now: now, actions: &actions)
    }

    @inline(__always)
    func isRevoking(_ partition: PartitionIndex) -> Bool {
        !revocations.isEmpty && revocations.contains { $0.partitions.contains(partition) }
    }

    mutating func advanceRevocations(now: Instant, actions: inout [Action]) {
        while let first = revocations.first {
            switch first.step {
            case .waiting(let until):
                let isAnswered = !first.partitions.contains { isUnanswered($0) }
                guard isAnswered || until <= now || drain?.isFast == true else { return }
                let token = commitMoved(only: first.partitions, now: now, actions: &actions)
                for partition in first.partitions { abandon(partition, now: now, actions: &actions) }
                revocations[0].step = .committing(
                    token: token ?? 0, until: now + (isAnswered ? limits.revokeTimeout : .seconds(1)))
            case .committing(let token, let until):
                // A periodic commit may hold the last offset: once the revoke is answered the broker refuses it.
                guard !commits.isUnderWay(first.partitions) || until <= now else { return }
                commits.underWay[token] = nil
                revocations.removeFirst()
                actions.append(.answerRevoke(first.partitions))
            }
        }
    }

    private func isUnanswered(_ partition: PartitionIndex) -> Bool {
        // In an ordered mode a cancelled delivery may be all that keeps later records of its lane from being settled.
        deadLetters.isWriting(of: partition)
            || deliveries(of: partition).contains { policy.order != .none || table[$0].state == .outstanding }
    }

    /// Keys of the unanswered deliveries of the partition's current assignment.
    private func deliveries(of partition: PartitionIndex) -> [DeliveryKey] {
        workers.flatMap { worker in worker.liveIDs.compactMap { worker.key(of: $0) } }
            .filter { table[$0].partition == partition && isCurrent(table[$0]) }
    }

    /// Gives a partition up: what is unanswered is cancelled (or its worker killed) and stays a late execution.
    private mutating func abandon(_ partition: PartitionIndex, now: Instant, actions: inout [Action]) {
        let unanswered = deliveries(of: partition)
        if !unanswered.isEmpty {
            actions.append(.notice(.revokedUnanswered(partition, deliveries: unanswered.count)))
        }
        var killed: [WorkerIndex] = []
        for key in unanswered {
            for lane in table[key].lanes { lanes[lane].lateExecutions += 1 }
            guard table[key].state == .outstanding else { continue }
            let worker = table[key].worker
            let wasCapable = workers[worker.value].abilities.canCancel
            cancel(key, .revoked, now: now, actions: &actions)
            if !wasCapable { killed.append(worker) }
        }
        dropTracker(partition, actions: &actions)
        commits.standings[partition] = nil
        // With nothing left an eager rebalance is under way: what is owned is known at the next assignment.
        if trackers.isEmpty { wasAssigned = false }
        for worker in killed { workerBroke(worker, .revoked, now: now, actions: &actions) }
    }
}
