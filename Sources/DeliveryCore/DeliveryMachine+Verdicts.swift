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
        let window = window(of: key)
        release(key, from: worker)
        leaveLanes(key, delivery)
        if delivery.isCancelled {
            counters.lateVerdicts += 1
            endCancelled(delivery, window, now: now, actions: &actions)
            return
        }
        guard isCurrent(delivery) else { return }
        clearSuspicion(delivery)
        switch answer {
        case .acknowledged:
            for sequence in delivery.sequences {
                resolve(delivery.partition, sequence, .acked, window, now: now, actions: &actions)
            }
        case .failed(let failure):
            fail(delivery, all: failure, window, now: now, actions: &actions)
        case .partly(let failed):
            settlePartly(delivery, failed, window, now: now, actions: &actions)
        }
        concludeFollowing(delivery, window, now: now, actions: &actions)
        wakeLanes(of: delivery, now: now, actions: &actions)
    }

    /// The lanes of a delivery that was let go of may go on.
    mutating func wakeLanes(of delivery: Delivery, now: Instant, actions: inout [Action]) {
        for lane in delivery.lanes { goOn(lane, now: now, actions: &actions) }
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
}
