extension DeliveryMachine {
    // MARK: What may go

    /// Nothing of the partition is delivered: it is being given up, or its dead letters wait.
    mutating func isHeld(_ partition: PartitionIndex) -> Bool {
        isRevoking(partition)
            || !deadLetters.entries.isEmpty && (sources.update(partition) { $0.heldLetters } ?? 0) > 0
    }

    /// Whether the lane's next delivery has nothing left to wait for but company and a worker.
    mutating func canGo(_ index: LaneIndex) -> Bool {
        guard lanes[index].waiting > 0, !isHeld(lanes[index].partition) else { return false }
        return policy.order == .none || (lanes[index].live.isEmpty && isOpenForMore(index))
    }

    /// Whether nothing but what is unanswered keeps the lane from a further delivery.
    mutating func isOpenForMore(_ index: LaneIndex) -> Bool {
        lanes[index].waiting > 0 && !lanes[index].isRewinding && lanes[index].resumesAt == nil
            && lanes[index].lateExecutions == 0 && lanes[index].deadLetters == 0 && !isHeld(lanes[index].partition)
    }

    // MARK: Queues

    /// Puts a lane into the queue it belongs to, if it may go.
    mutating func wakeLane(_ index: LaneIndex, now: Instant) {
        let partition = lanes[index].partition
        guard lanes[index].place == .nowhere, canGo(index), let cursor = lanes[index].cursor,
            let next = record(partition, cursor)
        else { return }
        if next.isSuspect, policy.order != .none {
            lanes[index].place = .suspects
            let epoch = trackers.update(partition) { $0.epoch } ?? 0
            suspects.append(RecordReference(partition: partition, epoch: epoch, sequence: cursor, lane: index))
            return
        }
        lanes[index].place = .source
        let (records, bytes) = (lanes[index].waiting, lanes[index].waitingBytes)
        _ = sources.update(partition) { source in
            source.ready.append(index)
            source.readyRecords += records
            source.readyBytes += bytes
        }
        wakeSource(partition, now: now)
    }

    /// Something that kept the lane from its next delivery is over.
    mutating func goOn(_ lane: LaneIndex, now: Instant, actions: inout [Action]) {
        if lanes[lane].live.isEmpty {
            wakeLane(lane, now: now)
            lanes.releaseIfIdle(lane)
        } else {
            fillWindow(lane, now: now, actions: &actions)
        }
    }

    /// Queues a partition that has a lane to go, or lets it wait for company.
    mutating func wakeSource(_ partition: PartitionIndex, now: Instant) {
        let limits = (size: limits.batchSize, bytes: limits.batchBytes, linger: limits.batchLinger)
        let look = sources.update(partition) { source in
            // No company is worth waiting for where the batch would not hold it.
            let isFull = source.readyRecords >= limits.size || source.readyBytes >= limits.bytes
            return (first: source.isQueued ? nil : source.ready.first, goes: source.skipsLinger || isFull)
        }
        guard let look, let first = look.first, let cursor = lanes[first].cursor,
            let next = record(partition, cursor)
        else { return }
        if look.goes || next.arrived + limits.linger <= now || next.group > 0 {
            _ = sources.update(partition) { $0.isQueued = true }
            readySources.append(partition)
        } else {
            linger(partition, until: next.arrived + limits.linger)
        }
    }

    /// The partition is looked at again at that instant.
    mutating func linger(_ partition: PartitionIndex, until deadline: Instant) {
        let isNew = sources.update(partition) { source in
            defer { source.isLingering = true }
            return !source.isLingering
        }
        guard isNew == true else { return }
        let source = LingeringSource(deadline: deadline, partition: partition)
        lingering.append(source)
        // What arrived long ago, and was held up by its lane until now, may be due before others.
        var place = lingering.count - 1
        while place > 0, let before = lingering[place - 1], before.deadline > deadline {
            lingering[place] = before
            place -= 1
        }
        lingering[place] = source
    }

    mutating func endLinger(now: Instant, actions: inout [Action]) {
        while let first = lingering.first, first.deadline <= now {
            lingering.popFirst()
            sources[first.partition]?.isLingering = false
            wakeSource(first.partition, now: now)
            for _ in 0..<(sources[first.partition]?.awaitingCompany.count ?? 0) {
                guard let lane = sources[first.partition]?.awaitingCompany.popFirst() else { break }
                lanes[lane].awaitsRoom = false
                fillWindow(lane, now: now, actions: &actions)
            }
        }
    }

    /// The first ready lane of a partition that may go indeed; those before it leave the queue.
    mutating func firstReadyLane(of partition: PartitionIndex, now: Instant) -> LaneIndex? {
        while let lane = firstReady(of: partition) {
            if canGo(lane), let cursor = lanes[lane].cursor,
                policy.order == .none || record(partition, cursor)?.isSuspect == false
            {
                return lane
            }
            popReadyLane(of: partition)
            wakeLane(lane, now: now)
            lanes.releaseIfIdle(lane)
        }
        return nil
    }

    mutating func popReadyLane(of partition: PartitionIndex) {
        guard let lane = firstReady(of: partition) else { return }
        lanes[lane].place = .nowhere
        let (records, bytes) = (lanes[lane].waiting, lanes[lane].waitingBytes)
        _ = sources.update(partition) { source in
            source.ready.dropFirst()
            source.readyRecords -= records
            source.readyBytes -= bytes
        }
    }

    mutating func firstReady(of partition: PartitionIndex) -> LaneIndex? {
        sources.update(partition) { $0.ready.first } ?? nil
    }

    /// A record that is kept, by its sequence in the present assignment.
    @inline(__always)
    mutating func record(_ partition: PartitionIndex, _ sequence: UInt64) -> TrackedRecord? {
        trackers.update(partition) { $0[sequence] } ?? nil
    }

    /// Lets every lane of a partition go that may: it was held and is no longer.
    mutating func wakeAll(of partition: PartitionIndex, now: Instant, actions: inout [Action]) {
        for lane in lanes.lanes(of: partition) { goOn(lane, now: now, actions: &actions) }
        wakeSource(partition, now: now)
        guard policy.order == .none, let tracker = trackers[partition] else { return }
        // What was due while the partition was held has left its queue; an entry too many is thrown away there.
        let fresh = lanes[lanes.lane(of: partition)].cursor ?? .max
        var due: [UInt64] = []
        tracker.forEachUnsettled { sequence, record in
            if record.phase == .waiting, sequence < fresh { due.append(sequence) }
        }
        for sequence in due { queueAlone(partition, sequence) }
    }

    // MARK: A lane's records

    /// The record is the newest of its lane.
    mutating func enter(_ sequence: UInt64, size: Int32, lane index: LaneIndex) {
        let partition = lanes[index].partition
        if let last = lanes[index].last {
            _ = trackers.update(partition) { tracker in tracker.update(last) { $0.next = sequence } }
        }
        lanes[index].last = sequence
        if lanes[index].cursor == nil { lanes[index].cursor = sequence }
        lanes[index].unsettled += 1
        lanes[index].waiting += 1
        lanes[index].waitingBytes += Int(size)
        guard lanes[index].place == .source else { return }
        _ = sources.update(partition) { source in
            source.readyRecords += 1
            source.readyBytes += Int(size)
        }
    }

    /// Everything of the lane from `sequence` on that was handed over waits to be delivered again; what is unanswered of it
    /// is cancelled, and until a worker has let go of all of the lane nothing is delivered.
    /// Whatever is not `unwritten` may have been handled before.
    mutating func rewind(
        _ index: LaneIndex, to sequence: UInt64, unwritten: ArraySlice<UInt64> = [], now: Instant,
        actions: inout [Action]
    ) {
        let partition = lanes[index].partition
        let old = lanes[index].cursor
        var next: UInt64? = sequence
        while let place = next, old.map({ place < $0 }) ?? true, let record = trackers[partition]?[place] {
            switch record.phase {
            case .outstanding, .answered:
                let wasWritten = !isAmong(unwritten, place)
                trackers[partition]?.update(place) {
                    $0.phase = .waiting
                    if wasWritten { $0.wasDelivered = true }
                }
                lanes[index].waiting += 1
                lanes[index].waitingBytes += Int(record.size)
            case .waiting, .retrying, .deadLetter, .settled, .filtered: break
            }
            next = record.next > 0 ? record.next : nil
        }
        if old.map({ sequence < $0 }) ?? true { lanes[index].cursor = sequence }
        for distance in 0..<lanes[index].live.count {
            guard let key = lanes[index].live[distance], table[key].state == .outstanding else { continue }
            // A delivery of several lanes holds them one after the other: what counts is where it begins in this one.
            let first = table[key].sequences.first { trackers[partition]?[$0]?.lane == index }
            if let first, first > sequence { cancel(key, .rewind, now: now, actions: &actions) }
        }
        lanes[index].isRewinding = !lanes[index].live.isEmpty
    }

    /// Whether the ascending sequences hold this one.
    private func isAmong(_ sequences: ArraySlice<UInt64>, _ wanted: UInt64) -> Bool {
        var (low, high) = (sequences.startIndex, sequences.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if sequences[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return low < sequences.endIndex && sequences[low] == wanted
    }

    /// A worker has let go of a delivery of these lanes.
    mutating func leaveLanes(_ key: DeliveryKey, _ delivery: Delivery) {
        for lane in delivery.lanes { leave(lane, key) }
    }

    mutating func leave(_ lane: LaneIndex, _ key: DeliveryKey) {
        lanes[lane].live.removeFirst { $0 == key }
        guard lanes[lane].live.isEmpty else { return }
        lanes[lane].hasEarlyAnswers = false
        lanes[lane].isRewinding = false
        lanes[lane].awaitsRoom = false
    }
}
