extension DeliveryMachine {
    /// Records that came from Kafka, those of a partition in the order of their offsets. Those that are not wanted (repeated,
    /// of a partition that is not assigned, behind the end) are given back. What stands together costs less.
    package mutating func recordsArrived(_ records: Span<Record>, now: Instant, actions: inout [Action]) {
        var index = 0
        while index < records.count {
            let count = takeRun(records, from: index, now: now, actions: &actions)
            if count == 0 { recordArrived(records[index], now: now, actions: &actions) }
            index += max(1, count)
        }
    }

    /// Takes the records from `start` on that all go the usual way into one lane; how many they were.
    private mutating func takeRun(
        _ records: Span<Record>, from start: Int, now: Instant, actions: inout [Action]
    ) -> Int {
        let partition = records[start].partition
        guard drain == nil, policy.maxMessages == nil, policy.order != .key, !isRevoking(partition),
            // A lane is made only for what is assigned: a number that is none would be another's place.
            trackers.update(partition, { _ in true }) == true
        else { return 0 }
        let lane = lanes.lane(of: partition)
        let last = lanes[lane].last
        let run = trackers.update(partition) { $0.arrive(records, from: start, lane: lane, after: last, now: now) }
        guard let run, run.count > 0 else { return 0 }
        counters.taken += run.count
        accepted += run.count
        unsettled += run.count
        unsettledBytes += run.bytes
        lanes[lane].take(run)
        if lanes[lane].place == .source {
            _ = sources.update(partition) { source in
                source.readyRecords += run.count
                source.readyBytes += run.bytes
            }
            wakeSource(partition, now: now)
        } else {
            wakeLane(lane, now: now)
            fillWindow(lane, now: now, actions: &actions)
        }
        return run.count
    }

    /// A record that came from Kafka.
    package mutating func recordArrived(_ record: Record, now: Instant, actions: inout [Action]) {
        let isOverCount = policy.maxMessages.map { accepted >= $0 } ?? false
        if drain != nil || isOverCount || isRevoking(record.partition) { trackers[record.partition]?.close() }
        guard trackers.update(record.partition, { $0.wants(record.offset) }) == true else {
            givenBack.append(record.slot)
            return
        }
        counters.taken += 1
        let wasSettled = trackers.update(record.partition) { $0.wasSettledBefore(record.offset) } == true
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
        let sequence = trackers.update(record.partition) { $0.arrive(record, lane: lane, now: now) }
        guard let sequence else { return }
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
        _ = trackers.update(record.partition) { $0.pass(record, isFiltered: isFiltered, now: now) }
        if isFiltered { counters.filtered += 1 } else { counters.spared += 1 }
        commits.moved = true
        givenBack.append(record.slot)
        pauseIfTooManyAreKept(record.partition, now: now, actions: &actions)
    }

    /// The partition was read up to `offset` (partition-EOF): control records at the end never arrive as records.
    package mutating func endReached(_ partition: PartitionIndex, offset: Int64, now: Instant) {
        trackers[partition]?.reachEnd(at: offset)
        commits.moved = true
    }

    /// How many records may be taken from Kafka now.
    @inline(__always)
    package var recordBudget: Int {
        guard drain == nil, !trackers.isEmpty else { return 0 }
        let window = window
        let flowing = unsettled - backpressure.pausedRecords
        let flowingBytes = unsettledBytes - backpressure.pausedBytes
        guard flowing < window.records, flowingBytes < window.bytes else { return 0 }
        let wanted = policy.maxMessages.map { max(0, $0 - accepted) } ?? .max
        return min(window.records - flowing, wanted)
    }

    /// How many records to take now: as many as may be, but none while others could go at once and there is room for a sliver
    /// of the window only. Each look at the client's queue costs as much for one record as for many, and where it leaves some
    /// it makes the client wake the thread that looked.
    @inline(__always)
    package var recordsWanted: Int {
        let isSliver = recordBudget < limits.maxTotalInFlight / 16 || byteBudget < limits.maxInFlightBytes / 16
        return isSliver && !readySources.isEmpty ? 0 : recordBudget
    }

    /// How many bytes of records (`Record.size`) may be taken from Kafka now; the last one may pass it.
    @inline(__always)
    package var byteBudget: Int {
        max(0, window.bytes - (unsettledBytes - backpressure.pausedBytes))
    }

    /// `recordsWanted` and `byteBudget`, for each turn: a method that changes nothing is given a copy of the machine.
    package mutating func wanted() -> (records: Int, bytes: Int) { (recordsWanted, byteBudget) }

    /// Marks a record as done and gives its bytes back.
    mutating func settle(_ partition: PartitionIndex, _ sequence: UInt64, now: Instant, actions: inout [Action]) {
        guard let record = record(partition, sequence), !record.isDone else { return }
        _ = trackers.update(partition) { $0.settle(sequence, now: now) }
        lanes[record.lane].unsettled -= 1
        lanes.releaseIfIdle(record.lane)
        endStall(partition, actions: &actions)
        unsettled -= 1
        unsettledBytes -= Int(record.size)
        counters.settled += 1
        commits.moved = true
        givenBack.append(record.slot)
        pauseIfTooManyAreKept(partition, now: now, actions: &actions)
    }

    /// Marks records of one lane as done, and gives their bytes back.
    mutating func settle(
        _ partition: PartitionIndex, _ sequences: [UInt64], of lane: LaneIndex, now: Instant, actions: inout [Action]
    ) {
        // In a local variable while the tracker is changed.
        var slots: [RecordSlot] = []
        swap(&slots, &givenBack)
        let settled = trackers.update(partition) { $0.settle(sequences, now: now, slots: &slots) }
        swap(&slots, &givenBack)
        guard let settled, settled.records > 0 else { return }
        lanes[lane].unsettled -= settled.records
        lanes.releaseIfIdle(lane)
        endStall(partition, actions: &actions)
        unsettled -= settled.records
        unsettledBytes -= settled.bytes
        counters.settled += settled.records
        commits.moved = true
        pauseIfTooManyAreKept(partition, now: now, actions: &actions)
    }

    /// Forgets an assignment: its records are given back, unsettled.
    mutating func dropTracker(_ partition: PartitionIndex, actions: inout [Action]) {
        endStall(partition, actions: &actions)
        guard let tracker = trackers.remove(partition) else { return }
        for slot in tracker.unsettledSlots { givenBack.append(slot) }
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
