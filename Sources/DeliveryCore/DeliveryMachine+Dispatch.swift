extension DeliveryMachine {
    /// Hands over whatever may go: suspects first, then retries that are due, then the lanes in turn.
    mutating func dispatch(now: Instant, actions: inout [Action]) {
        guard drain == nil else { return }
        endLinger(now: now)
        dispatchSuspects(now: now, actions: &actions)
        switch policy.order {
        case .partition: dispatchLanes(now: now, actions: &actions)
        case .none:
            dispatchDueRetries(now: now, actions: &actions)
            dispatchSources(now: now, actions: &actions)
        }
    }

    // MARK: Which lanes may go

    /// Puts a lane into the queue it belongs to, if its next delivery has nothing left to wait for but a worker.
    mutating func wakeLane(_ partition: PartitionIndex, now: Instant) {
        guard let lane = lanes[partition], let tracker = trackers[partition], !lane.isQueued,
            canGo(partition, lane, tracker),
            let next = tracker[tracker.cursor]
        else { return }
        if next.isSuspect {
            lanes[partition]?.isQueued = true
            suspects.append(RecordReference(partition: partition, epoch: tracker.epoch, sequence: tracker.cursor))
        } else if lane.skipsLinger || isFull(tracker) || next.arrived + limits.batchLinger <= now {
            lanes[partition]?.isQueued = true
            readyLanes.append(partition)
        } else if !lane.isLingering {
            lanes[partition]?.isLingering = true
            lingering.append(LingeringLane(deadline: next.arrived + limits.batchLinger, partition: partition))
        }
    }

    private func canGo(_ partition: PartitionIndex, _ lane: Lane, _ tracker: PartitionTracker) -> Bool {
        guard tracker.waiting > 0, !isRevoking(partition) else { return false }
        return policy.order == .none || !(lane.isBusy || lane.waitsForRetry || lane.lateExecutions > 0)
    }

    /// No company is worth waiting for: the batch would not hold it.
    private func isFull(_ tracker: PartitionTracker) -> Bool {
        tracker.waiting >= limits.batchSize || tracker.waitingBytes >= limits.batchBytes
    }

    private mutating func endLinger(now: Instant) {
        while let first = lingering.first, first.deadline <= now {
            lingering.popFirst()
            lanes[first.partition]?.isLingering = false
            wakeLane(first.partition, now: now)
        }
    }

    // MARK: Suspects

    /// A suspect goes alone to a worker that has nothing else; one worker is kept free for it where none is idle.
    private mutating func dispatchSuspects(now: Instant, actions: inout [Action]) {
        while let suspect = suspects.first {
            guard waitingRecord(suspect) != nil else {
                suspects.popFirst()
                if policy.order == .partition {
                    lanes[suspect.partition]?.isQueued = false
                    wakeLane(suspect.partition, now: now)
                }
                continue
            }
            guard let idle = idleWorker(now: now) else {
                reserveWorker(now: now)
                return
            }
            suspects.popFirst()
            if policy.order == .partition { lanes[suspect.partition]?.isQueued = false }
            workers[idle.value].isReserved = true
            deliver([suspect.sequence], of: suspect.partition, to: idle, actions: &actions)
        }
        // Nobody waits to be alone any more: a worker that was kept free and has nothing goes back to the others.
        for index in workers.indices where workers[index].isReserved && workers[index].live == 0 {
            workers[index].isReserved = false
        }
    }

    private func idleWorker(now: Instant) -> WorkerIndex? {
        let reserved = workers.indices.first { workers[$0].isReserved && isIdle($0, now) }
        return (reserved ?? workers.indices.first { isIdle($0, now) }).map { WorkerIndex($0) }
    }

    private func isIdle(_ index: Int, _ now: Instant) -> Bool {
        workers[index].live == 0 && workers[index].takesDeliveries(now: now, maxUnwritten: limits.maxUnwrittenBytes)
    }

    private mutating func reserveWorker(now: Instant) {
        let candidates = workers.indices.filter { workers[$0].phase == .ready && !workers[$0].isPaused(now: now) }
        guard !candidates.contains(where: { workers[$0].isReserved }) else { return }
        guard let least = candidates.min(by: { workers[$0].live < workers[$1].live }) else { return }
        workers[least].isReserved = true
    }

    // MARK: Order partition

    private mutating func dispatchLanes(now: Instant, actions: inout [Action]) {
        while let partition = readyLanes.first {
            guard let lane = lanes[partition], let tracker = trackers[partition],
                canGo(partition, lane, tracker),
                tracker[tracker.cursor]?.isSuspect == false
            else {
                readyLanes.popFirst()
                lanes[partition]?.isQueued = false
                wakeLane(partition, now: now)
                continue
            }
            guard let worker = pickWorker(preferred: lane.preferredWorker, now: now) else { return }
            readyLanes.popFirst()
            lanes[partition]?.isQueued = false
            deliver(takeRun(partition), of: partition, to: worker, actions: &actions)
        }
    }

    /// The next run of consecutive records that fits one delivery; a suspect ends it.
    private func takeRun(_ partition: PartitionIndex) -> [UInt64] {
        guard let tracker = trackers[partition] else { return [] }
        var run: [UInt64] = []
        var bytes = 0
        var sequence = tracker.cursor
        while run.count < limits.batchSize, let record = tracker[sequence] {
            bytes += Int(record.size)
            if !run.isEmpty && (record.isSuspect || bytes > limits.batchBytes) { break }
            run.append(sequence)
            sequence += 1
        }
        return run
    }

    // MARK: Order none

    private mutating func dispatchDueRetries(now: Instant, actions: inout [Action]) {
        while let first = dueRetries.first {
            guard let record = waitingRecord(first), !record.isSuspect else {
                dueRetries.popFirst()
                continue
            }
            guard let worker = pickWorker(preferred: nil, now: now) else { return }
            var run: [UInt64] = []
            var bytes = 0
            // Neighbours in the queue that are due as well keep it company, as far as they are of one partition.
            while run.count < limits.batchSize, let next = dueRetries.first, next.partition == first.partition {
                guard let candidate = waitingRecord(next), !candidate.isSuspect else {
                    dueRetries.popFirst()
                    continue
                }
                bytes += Int(candidate.size)
                if !run.isEmpty && bytes > limits.batchBytes { break }
                run.append(next.sequence)
                dueRetries.popFirst()
            }
            deliver(run.sorted(), of: first.partition, to: worker, actions: &actions)
        }
    }

    private func waitingRecord(_ reference: RecordReference) -> TrackedRecord? {
        guard !isRevoking(reference.partition), let tracker = trackers[reference.partition],
            tracker.epoch == reference.epoch, let record = tracker[reference.sequence], record.phase == .waiting
        else { return nil }
        return record
    }

    private mutating func dispatchSources(now: Instant, actions: inout [Action]) {
        while let partition = readyLanes.first {
            guard let lane = lanes[partition], let tracker = trackers[partition], canGo(partition, lane, tracker) else {
                readyLanes.popFirst()
                lanes[partition]?.isQueued = false
                continue
            }
            guard let worker = pickWorker(preferred: nil, now: now) else { return }
            readyLanes.popFirst()
            lanes[partition]?.isQueued = false
            deliver(takeRun(partition), of: partition, to: worker, actions: &actions)
            wakeLane(partition, now: now)
        }
    }

    // MARK: Workers

    /// The worker that a lane had before, if it would begin at once; else the one with the fewest deliveries.
    private func pickWorker(preferred: WorkerIndex?, now: Instant) -> WorkerIndex? {
        if let preferred, isOpen(preferred.value, now),
            workers[preferred.value].live < workers[preferred.value].abilities.concurrency
        {
            return preferred
        }
        var best: Int?
        for index in workers.indices where isOpen(index, now) {
            if workers[index].live == 0 { return WorkerIndex(index) }
            if best.map({ workers[index].live < workers[$0].live }) ?? true { best = index }
        }
        return best.map { WorkerIndex($0) }
    }

    private func isOpen(_ index: Int, _ now: Instant) -> Bool {
        !workers[index].isReserved && workers[index].takesDeliveries(now: now, maxUnwritten: limits.maxUnwrittenBytes)
    }

    private mutating func deliver(
        _ run: [UInt64], of partition: PartitionIndex, to worker: WorkerIndex, actions: inout [Action]
    ) {
        guard !run.isEmpty, let epoch = trackers[partition]?.epoch else { return }
        let id = workers[worker.value].issueID()
        let key = table.insert(worker: worker, id: id, partition: partition, epoch: epoch)
        for sequence in run {
            table[key].sequences.append(sequence)
            workers[worker.value].unwrittenBytes += Int(trackers[partition]?[sequence]?.size ?? 0)
            if trackers[partition]?[sequence]?.wasDelivered == true { counters.redelivered += 1 }
            trackers[partition]?.dispatch(sequence)
        }
        workers[worker.value].hold(key, records: run.count)
        lanes[partition]?.isBusy = true
        lanes[partition]?.skipsLinger = false
        lanes[partition]?.preferredWorker = worker
        counters.deliveries += 1
        counters.delivered += run.count
        actions.append(.send(key, worker))
    }

    // MARK: Deliveries that cannot be written as they are

    /// Only the first `count` records of the delivery were written: the others go with a later one, uncharged.
    package mutating func shorten(_ key: DeliveryKey, to count: Int, now: Instant) {
        let delivery = table[key]
        guard count > 0, count < delivery.count, isCurrent(delivery) else { return }
        let rest = delivery.sequences[count...]
        table[key].sequences.removeSubrange(count...)
        workers[delivery.worker.value].unansweredRecords -= rest.count
        counters.delivered -= rest.count
        switch policy.order {
        case .partition: trackers[delivery.partition]?.rewind(to: delivery.sequences[count])
        case .none:
            for sequence in rest {
                trackers[delivery.partition]?.update(sequence) { $0.phase = .waiting }
                queueAlone(delivery.partition, sequence)
            }
        }
    }

    /// Nothing of the delivery could be written, because its first record has no encoding: the service stops at it.
    package mutating func refuse(_ key: DeliveryKey, now: Instant, actions: inout [Action]) {
        let delivery = table[key]
        release(key, from: delivery.worker)
        closeIfAnswered(delivery.worker, now: now, actions: &actions)
        guard isCurrent(delivery), let first = delivery.sequences.first else { return }
        let offset = trackers[delivery.partition]?[first]?.offset ?? -1
        lanes[delivery.partition]?.isBusy = false
        redeliverAtOnce(delivery, now: now, actions: &actions)
        stop(.notEncodable(delivery.partition, offset: offset), now: now, actions: &actions)
    }
}
