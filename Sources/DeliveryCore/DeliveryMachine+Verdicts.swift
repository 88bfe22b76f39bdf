extension DeliveryMachine {
    /// A verdict from a worker. The first one for an id counts; later ones are counted and change nothing.
    /// Throws, having changed nothing, where the verdict breaks the protocol.
    package mutating func verdict(
        _ verdict: Verdict, from worker: WorkerIndex, now: Instant, actions: inout [Action]
    ) throws(VerdictProblem) {
        heard(worker, now: now)
        switch verdict {
        case .ack(let id):
            try requireIssued(id, worker)
            answer(id, worker, .acknowledged, now: now, actions: &actions)
        case .ackMany(let ids):
            for id in ids { try requireIssued(id, worker) }
            for id in ids { answer(id, worker, .acknowledged, now: now, actions: &actions) }
        case .ackThrough(let last):
            try requireIssued(last, worker)
            for id in workers[worker.value].liveIDs where id <= last {
                answer(id, worker, .acknowledged, now: now, actions: &actions)
            }
        case .nack(let id, let failure):
            try requireIssued(id, worker)
            answer(id, worker, .failed(failure), now: now, actions: &actions)
        case .result(let id, let failed):
            try requireIssued(id, worker)
            try requireIndices(id, failed, worker)
            answer(id, worker, .partly(failed.sorted { $0.index < $1.index }), now: now, actions: &actions)
        }
        // Only a verdict that holds: a handler that starts with a wrong one is in a crash loop, and its backoff grows.
        workers[worker.value].failures = 0
        startClocks(worker, now: now)
        closeIfAnswered(worker, now: now, actions: &actions)
        advanceRevocations(now: now, actions: &actions)
    }

    /// The handler is still working: its deadline moves, within `Limits.maxExtend` in all. Never revives an id.
    package mutating func extend(
        _ id: UInt64, by interval: Interval, from worker: WorkerIndex, now: Instant
    ) throws(VerdictProblem) {
        heard(worker, now: now)
        try requireIssued(id, worker)
        guard let key = workers[worker.value].key(of: id), table[key].state == .outstanding else { return }
        let deadline = table[key].deadline ?? now + limits.ackTimeout
        let wanted = max(deadline, now + interval)
        let room = limits.maxExtend.nanoseconds - table[key].extended.nanoseconds
        let added = Interval(nanoseconds: min((wanted - deadline).nanoseconds, max(0, room)))
        table[key].extended = Interval(nanoseconds: table[key].extended.nanoseconds + added.nanoseconds)
        if table[key].deadline != nil { table[key].deadline = deadline + added }
    }

    // MARK: Checks

    private func requireIssued(_ id: UInt64, _ worker: WorkerIndex) throws(VerdictProblem) {
        if !workers[worker.value].wasIssued(id) { throw .unknownID(id) }
    }

    private func requireIndices(
        _ id: UInt64, _ failed: [FailedRecord], _ worker: WorkerIndex
    ) throws(VerdictProblem) {
        guard policy.isBatch else { throw .resultForMessage(id: id) }
        guard let key = workers[worker.value].key(of: id) else { return }
        var seen = Set<Int>()
        for record in failed {
            guard record.index >= 0, record.index < table[key].count else {
                throw .indexOutOfRange(id: id, index: record.index, count: table[key].count)
            }
            if !seen.insert(record.index).inserted { throw .repeatedIndex(id: id, index: record.index) }
        }
    }

    // MARK: What becomes of a delivery

    private enum Answer {
        case acknowledged
        case failed(Failure)
        /// Sorted by index.
        case partly([FailedRecord])
    }

    private mutating func answer(
        _ id: UInt64, _ worker: WorkerIndex, _ answer: Answer, now: Instant, actions: inout [Action]
    ) {
        guard let key = workers[worker.value].key(of: id) else {
            counters.lateVerdicts += 1
            return
        }
        let delivery = table[key]
        release(key, from: worker)
        if case .cancelled = delivery.state {
            counters.lateVerdicts += 1
            endCancelled(delivery, now: now, actions: &actions)
            return
        }
        guard isCurrent(delivery) else { return }
        lanes[delivery.partition]?.isBusy = false
        clearSuspicion(delivery)
        switch answer {
        case .acknowledged:
            for sequence in delivery.sequences {
                settle(delivery.partition, sequence, now: now, actions: &actions)
            }
        case .failed(let failure):
            fail(delivery, all: failure, now: now, actions: &actions)
        case .partly(let failed):
            settlePartly(delivery, failed, now: now, actions: &actions)
        }
        wakeLane(delivery.partition, now: now)
    }

    /// The delivery leaves the worker and the table.
    mutating func release(_ key: DeliveryKey, from worker: WorkerIndex) {
        workers[worker.value].release(table[key].id)
        workers[worker.value].unansweredRecords -= table[key].count
        if workers[worker.value].live == 0 { workers[worker.value].isReserved = false }
        table.remove(key)
    }

    /// Whether the delivery belongs to the assignment that is in force.
    func isCurrent(_ delivery: Delivery) -> Bool { trackers[delivery.partition]?.epoch == delivery.epoch }

    private mutating func clearSuspicion(_ delivery: Delivery) {
        for sequence in delivery.sequences {
            trackers[delivery.partition]?.update(sequence) { $0.isSuspect = false }
        }
    }

    private mutating func fail(_ delivery: Delivery, all failure: Failure, now: Instant, actions: inout [Action]) {
        switch failure.action {
        case .skip:
            for sequence in delivery.sequences { skip(delivery.partition, sequence, now: now, actions: &actions) }
        case .reject:
            rejectFirst(delivery, at: 0, now: now, actions: &actions)
        case .retry:
            for sequence in delivery.sequences { charge(delivery.partition, sequence) }
            redeliver(
                delivery, from: 0, charged: delivery.count, after: failure.delay, now: now, actions: &actions)
        case .release:
            redeliver(delivery, from: 0, after: failure.delay, now: now, actions: &actions)
        }
    }

    /// In order `partition` everything from the first retry or release on is delivered again, listed or not, and only that
    /// first one is charged; in order `none` each record stands alone.
    private mutating func settlePartly(
        _ delivery: Delivery, _ failed: [FailedRecord], now: Instant, actions: inout [Action]
    ) {
        var failures = failed[...]
        for (index, sequence) in delivery.sequences.enumerated() {
            guard failures.first?.index == index, let failure = failures.popFirst()?.failure else {
                settle(delivery.partition, sequence, now: now, actions: &actions)
                continue
            }
            switch failure.action {
            case .skip: skip(delivery.partition, sequence, now: now, actions: &actions)
            case .reject:
                rejectFirst(delivery, at: index, now: now, actions: &actions)
                if policy.order == .partition { return }
            case .retry, .release:
                let charged = failure.action == .retry ? 1 : 0
                if charged > 0 { charge(delivery.partition, sequence) }
                guard policy.order == .none else {
                    redeliver(
                        delivery, from: index, charged: charged, after: failure.delay, now: now, actions: &actions)
                    return
                }
                trackers[delivery.partition]?.update(sequence) { $0.phase = .retrying }
                wait(delivery, sequence, charged: charged, after: failure.delay, now: now, actions: &actions)
            }
        }
    }

    private mutating func skip(
        _ partition: PartitionIndex, _ sequence: UInt64, now: Instant, actions: inout [Action]
    ) {
        settle(partition, sequence, now: now, actions: &actions)
        counters.skipped += 1
    }

    /// There is no dead-letter topic to put the record into: the service stops at it, and it is not settled, nor is what
    /// its lane holds after it.
    private mutating func rejectFirst(_ delivery: Delivery, at index: Int, now: Instant, actions: inout [Action]) {
        let offset = trackers[delivery.partition]?[delivery.sequences[index]]?.offset ?? 0
        if policy.order == .partition { redeliver(delivery, from: index, now: now, actions: &actions) }
        stop(.rejected(delivery.partition, offset: offset), now: now, actions: &actions)
    }

    mutating func charge(_ partition: PartitionIndex, _ sequence: UInt64) {
        trackers[partition]?.update(sequence) { $0.charges += 1 }
        counters.failedAttempts += 1
    }

    // MARK: Delivering again

    /// Puts the records from `index` on back to where they are delivered from again; `charged` of them were charged.
    mutating func redeliver(
        _ delivery: Delivery, from index: Int, charged: Int = 0, after delay: Interval? = nil, now: Instant,
        actions: inout [Action]
    ) {
        guard index < delivery.count else { return }
        guard policy.order == .partition else {
            for sequence in delivery.sequences[index...] {
                trackers[delivery.partition]?.update(sequence) { $0.phase = .retrying }
                wait(delivery, sequence, charged: min(charged, 1), after: delay, now: now, actions: &actions)
            }
            return
        }
        for sequence in delivery.sequences[index...] {
            trackers[delivery.partition]?.update(sequence) { $0.wasDelivered = true }
        }
        trackers[delivery.partition]?.rewind(to: delivery.sequences[index])
        lanes[delivery.partition]?.waitsForRetry = true
        wait(delivery, delivery.sequences[index], charged: charged, after: delay, now: now, actions: &actions)
    }

    private mutating func wait(
        _ delivery: Delivery, _ sequence: UInt64, charged: Int, after delay: Interval?, now: Instant,
        actions: inout [Action]
    ) {
        guard let record = trackers[delivery.partition]?[sequence] else { return }
        trackers[delivery.partition]?.update(sequence) { $0.wasDelivered = true }
        let charges = Int(record.charges)
        let wait =
            delay.map { max(.zero, min($0, limits.maxRetryDelay)) }
            ?? backoff.wait(failures: max(1, charges), random: random.next())
        actions.append(.copyOut(record.slot))
        retries.add(
            .init(due: now + wait, partition: delivery.partition, epoch: delivery.epoch, sequence: sequence))
        if charged > 0 {
            actions.append(
                .notice(
                    .attemptFailed(
                        delivery.partition, offset: record.offset, records: charged, attempt: charges, retryAfter: wait)
                ))
        }
    }
}
