extension DeliveryMachine {
    /// Records that came from Kafka, in the order of their partition's offsets. Those that are not wanted (repeated, of a
    /// partition that is not assigned, behind the end) are given back.
    package mutating func recordArrived(_ record: Record, now: Instant, actions: inout [Action]) {
        let isOverCount = policy.maxMessages.map { accepted >= $0 } ?? false
        if drain != nil || isOverCount || isRevoking(record.partition) { trackers[record.partition]?.close() }
        guard trackers[record.partition]?.arrive(record, now: now) == true else {
            actions.append(.giveBack(record.slot))
            return
        }
        accepted += 1
        counters.taken += 1
        unsettled += 1
        unsettledBytes += Int(record.size)
        wakeLane(record.partition, now: now)
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

    /// Marks a record as done and gives its bytes back.
    mutating func settle(_ partition: PartitionIndex, _ sequence: UInt64, now: Instant, actions: inout [Action]) {
        guard let record = trackers[partition]?[sequence], record.phase != .settled else { return }
        trackers[partition]?.settle(sequence, now: now)
        unsettled -= 1
        unsettledBytes -= Int(record.size)
        counters.settled += 1
        commits.moved = true
        actions.append(.giveBack(record.slot))
        pauseIfTooManyAreKept(partition, now: now, actions: &actions)
    }

    /// Forgets an assignment: its records are given back, unsettled.
    mutating func dropTracker(_ partition: PartitionIndex, actions: inout [Action]) {
        guard let tracker = trackers.remove(partition) else { return }
        tracker.forEachUnsettled { _, record in actions.append(.giveBack(record.slot)) }
        unsettled -= tracker.unsettled
        unsettledBytes -= tracker.unsettledBytes
        accepted -= tracker.unsettled
        backpressure.forget(partition)
        countPaused()
        lanes[partition]?.restart()
    }
}
