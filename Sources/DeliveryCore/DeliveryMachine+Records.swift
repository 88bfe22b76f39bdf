extension DeliveryMachine {
    /// Records that came from Kafka, in the order of their partition's offsets. Those that are not wanted (repeated, of a
    /// partition that is not assigned, behind the end) are given back.
    package mutating func recordArrived(_ record: Record, now: Instant, actions: inout [Action]) {
        let isOverCount = policy.maxMessages.map { accepted >= $0 } ?? false
        if drain != nil || isOverCount || isRevoking(record.partition) { trackers[record.partition]?.close() }
        guard trackers[record.partition]?.wants(record.offset) == true else {
            actions.append(.giveBack(record.slot))
            return
        }
        counters.taken += 1
        let wasSettled = trackers[record.partition]?.wasSettledBefore(record.offset) == true
        if wasSettled || record.isFiltered {
            pass(record, isFiltered: !wasSettled, now: now, actions: &actions)
            return
        }
        accepted += 1
        unsettled += 1
        unsettledBytes += Int(record.size)
        let lane =
            switch (policy.order, record.keyHash) {
            case (.key, let hash?): lanes.lane(of: record.partition, keyHash: hash)
            case (.key, nil), (.partition, _), (.none, _): lanes.lane(of: record.partition)
            }
        guard let sequence = trackers[record.partition]?.arrive(record, lane: lane, now: now) else { return }
        enter(sequence, size: record.size, lane: lane)
        if lanes[lane].place == .source {
            wakeSource(record.partition, now: now)
        } else {
            wakeLane(lane, now: now)
            fillWindow(lane, now: now, actions: &actions)
        }
    }

    /// Settles a record that no handler is to see.
    private mutating func pass(_ record: Record, isFiltered: Bool, now: Instant, actions: inout [Action]) {
        trackers[record.partition]?.pass(record, isFiltered: isFiltered, now: now)
        if isFiltered { counters.filtered += 1 } else { counters.spared += 1 }
        commits.moved = true
        actions.append(.giveBack(record.slot))
        pauseIfTooManyAreKept(record.partition, now: now, actions: &actions)
    }

    /// The partition was read up to `offset` (partition-EOF): control records at the end never arrive as records.
    package mutating func endReached(_ partition: PartitionIndex, offset: Int64, now: Instant) {
        trackers[partition]?.reachEnd(at: offset)
        commits.moved = true
    }

    /// How many records may be taken from Kafka now.
    package var recordBudget: Int {
        guard drain == nil, !trackers.isEmpty else { return 0 }
        let window = backpressure.window(limits)
        let flowing = unsettled - backpressure.pausedRecords
        let flowingBytes = unsettledBytes - backpressure.pausedBytes
        guard flowing < window.records, flowingBytes < window.bytes else { return 0 }
        let wanted = policy.maxMessages.map { max(0, $0 - accepted) } ?? .max
        return min(window.records - flowing, wanted)
    }

    /// How many bytes of records (`Record.size`) may be taken from Kafka now; the last one may pass it.
    package var byteBudget: Int {
        max(0, backpressure.window(limits).bytes - (unsettledBytes - backpressure.pausedBytes))
    }

    /// Marks a record as done and gives its bytes back.
    mutating func settle(_ partition: PartitionIndex, _ sequence: UInt64, now: Instant, actions: inout [Action]) {
        guard let record = trackers[partition]?[sequence], !record.isDone else { return }
        trackers[partition]?.settle(sequence, now: now)
        lanes[record.lane].unsettled -= 1
        lanes.releaseIfIdle(record.lane)
        endStall(partition, actions: &actions)
        unsettled -= 1
        unsettledBytes -= Int(record.size)
        counters.settled += 1
        commits.moved = true
        actions.append(.giveBack(record.slot))
        pauseIfTooManyAreKept(partition, now: now, actions: &actions)
    }

    /// Forgets an assignment: its records are given back, unsettled.
    mutating func dropTracker(_ partition: PartitionIndex, actions: inout [Action]) {
        endStall(partition, actions: &actions)
        guard let tracker = trackers.remove(partition) else { return }
        tracker.forEachUnsettled { _, record in actions.append(.giveBack(record.slot)) }
        unsettled -= tracker.unsettled
        unsettledBytes -= tracker.unsettledBytes
        accepted -= tracker.unsettled
        backpressure.forget(partition)
        countPaused()
        deadLetters.forget(partition)
        for lane in lanes.lanes(of: partition) {
            if lanes[lane].place == .source { lanes[lane].place = .nowhere }
            lanes[lane].restart()
            lanes.releaseIfIdle(lane)
        }
        // Its places among the queued and the lingering stay, and are found empty when their turn comes.
        let old = sources[partition] ?? Source()
        sources[partition] = Source()
        sources[partition]?.isQueued = old.isQueued
        sources[partition]?.isLingering = old.isLingering
    }
}
