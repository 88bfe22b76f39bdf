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
            try acknowledgedThrough(last, from: worker, now: now, actions: &actions)
            return
        case .nack(let id, let failure):
            try requireIssued(id, worker)
            answer(id, worker, .failed(failure), now: now, actions: &actions)
        case .result(let id, let failed):
            try requireIssued(id, worker)
            try requireIndices(id, failed, worker)
            answer(id, worker, .partly(failed.sorted { $0.index < $1.index }), now: now, actions: &actions)
        }
        concludeVerdicts(worker, now: now, actions: &actions)
    }

    /// One acknowledgement of several ids, as `Verdict.ackMany`. Throws, having changed nothing, where one was not issued.
    package mutating func acknowledgedTogether(
        _ ids: Span<UInt64>, from worker: WorkerIndex, now: Instant, actions: inout [Action]
    ) throws(VerdictProblem) {
        heard(worker, now: now)
        for index in 0..<ids.count { try requireIssued(ids[index], worker) }
        try acknowledged(ids, from: worker, now: now, actions: &actions)
    }

    /// Everything unanswered up to an id that was issued.
    private mutating func acknowledgedThrough(
        _ last: UInt64, from worker: WorkerIndex, now: Instant, actions: inout [Action]
    ) throws(VerdictProblem) {
        var ids: [UInt64] = []
        swap(&ids, &through)
        defer {
            ids.removeAll(keepingCapacity: true)
            swap(&ids, &through)
        }
        workers[worker.value].appendLiveIDs(through: last, to: &ids)
        try acknowledged(ids.span, from: worker, now: now, actions: &actions)
    }

    /// Acknowledgements by id from a worker, in their order, as `verdict` takes them one by one; those of one lane that follow
    /// each other cost less. Throws at the first id that was not issued, what came before it having counted.
    package mutating func acknowledged(
        _ ids: Span<UInt64>, from worker: WorkerIndex, now: Instant, actions: inout [Action]
    ) throws(VerdictProblem) {
        heard(worker, now: now)
        var sequences: [UInt64] = []
        swap(&sequences, &run)
        var unknown: UInt64?
        var stretch = LaneStretch()
        var answered = false
        // What the first of them let go was not there when the worker spoke: its id is a guess.
        let end = workers[worker.value].nextID
        for index in 0..<ids.count {
            let id = ids[index]
            guard id < end, id >= 1 else {
                unknown = id
                break
            }
            answered = true
            guard let key = workers[worker.value].key(of: id), let lane = plainLane(of: key, after: &stretch) else {
                settle(&sequences, of: &stretch, now: now, actions: &actions)
                stretch = LaneStretch()
                // What it leads to may make deliveries, for which `run` is needed.
                swap(&sequences, &run)
                answer(id, worker, .acknowledged, now: now, actions: &actions)
                swap(&sequences, &run)
                continue
            }
            if lane != stretch.lane { settle(&sequences, of: &stretch, now: now, actions: &actions) }
            stretch.lane = lane
            let count = sequences.count
            table.remove(key, into: &sequences)
            letGo(of: id, records: sequences.count - count, worker)
            if policy.order != .none { leave(lane, key) }
        }
        settle(&sequences, of: &stretch, now: now, actions: &actions)
        swap(&sequences, &run)
        if answered { concludeVerdicts(worker, now: now, actions: &actions) }
        if let unknown { throw .unknownID(unknown) }
    }

    /// Acknowledgements of one lane that follow each other.
    private struct LaneStretch {
        /// The lane of what was gathered; nil where that is nothing.
        var lane: LaneIndex?
        /// The assignment that was looked up last, and its partition's lane.
        var partition = PartitionIndex(-1)
        var epoch: UInt32 = 0
        var partitionLane = LaneIndex(value: -1)
    }

    /// Settles what was gathered of a lane, and lets it go on.
    private mutating func settle(
        _ sequences: inout [UInt64], of stretch: inout LaneStretch, now: Instant, actions: inout [Action]
    ) {
        guard let settled = stretch.lane else { return }
        stretch.lane = nil
        settle(lanes[settled].partition, sequences, of: settled, now: now, actions: &actions)
        sequences.removeAll(keepingCapacity: true)
        guard policy.order != .none else { return }
        swap(&sequences, &run)
        goOn(settled, now: now, actions: &actions)
        swap(&sequences, &run)
    }

    /// After verdicts that hold.
    private mutating func concludeVerdicts(_ worker: WorkerIndex, now: Instant, actions: inout [Action]) {
        // Only then: a handler that starts with a wrong one is in a crash loop, and its backoff grows.
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

        /// All records are handled.
        var isSuccess: Bool {
            switch self {
            case .acknowledged: true
            case .failed: false
            case .partly(let failed): failed.isEmpty
            }
        }
    }

    private mutating func answer(
        _ id: UInt64, _ worker: WorkerIndex, _ answer: Answer, now: Instant, actions: inout [Action]
    ) {
        guard let key = workers[worker.value].key(of: id) else {
            counters.lateVerdicts += 1
            return
        }
        if answer.isSuccess, let lane = plainLane(of: key) {
            acknowledge(key, id, worker, lane, now: now, actions: &actions)
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

    /// The lane of a delivery whose success settles its records and nothing else: all of one lane, the first of those that
    /// are unanswered there, and none behind it answered, be there dead letters between them. Nil where there is more to it.
    private mutating func plainLane(of key: DeliveryKey) -> LaneIndex? {
        guard table.isOutstanding(key), let last = table.lastSequence(of: key) else { return nil }
        let partition = table.partition(of: key)
        guard let look = trackers.update(partition, { ($0.epoch, $0[last]?.lane) }), look.0 == table.epoch(of: key),
            let lane = look.1
        else { return nil }
        if policy.order == .none { return lane }
        guard table.laneCount(key) == 1, lanes[lane].live.first == key else { return nil }
        if limits.laneWindow == 1 { return lane }
        let following = trackers.update(partition) { tracker in
            tracker.following(last) { !$0.isDone && $0.phase != .deadLetter }.flatMap { tracker[$0]?.phase }
        }
        if case .answered?? = following { return nil }
        return lane
    }

    /// The same, where the one before was in all likelihood of the same assignment.
    @inline(__always)
    private mutating func plainLane(of key: DeliveryKey, after stretch: inout LaneStretch) -> LaneIndex? {
        if policy.order == .key { return plainLane(of: key) }
        let look = table.look(at: key)
        guard look.isOutstanding else { return nil }
        if look.partition != stretch.partition || look.epoch != stretch.epoch {
            guard trackers.update(look.partition, { $0.epoch }) == look.epoch else { return nil }
            stretch.partition = look.partition
            stretch.epoch = look.epoch
            stretch.partitionLane = lanes.lane(of: look.partition)
        }
        let lane = stretch.partitionLane
        if policy.order == .none { return lane }
        guard lanes[lane].live.first == key else { return nil }
        return lanes[lane].hasEarlyAnswers ? plainLane(of: key) : lane
    }

    /// The usual verdict: every record of the delivery is settled. Copies and allocates nothing.
    private mutating func acknowledge(
        _ key: DeliveryKey, _ id: UInt64, _ worker: WorkerIndex, _ lane: LaneIndex, now: Instant,
        actions: inout [Action]
    ) {
        let partition = table.partition(of: key)
        var sequences = table.takeSequences(of: key)
        letGo(of: id, records: sequences.count, worker)
        if policy.order != .none { leave(lane, key) }
        settle(partition, sequences, of: lane, now: now, actions: &actions)
        table.fill(key, with: &sequences)
        table.remove(key)
        if policy.order != .none { goOn(lane, now: now, actions: &actions) }
    }

    /// The lanes of a delivery that was let go of may go on.
    mutating func wakeLanes(of delivery: Delivery, now: Instant, actions: inout [Action]) {
        for lane in delivery.lanes { goOn(lane, now: now, actions: &actions) }
    }

    /// The delivery leaves the worker and the table.
    mutating func release(_ key: DeliveryKey, from worker: WorkerIndex) {
        letGo(of: table[key].id, records: table[key].count, worker)
        table.remove(key)
    }

    private mutating func letGo(of id: UInt64, records: Int, _ worker: WorkerIndex) {
        workers[worker.value].release(id)
        workers[worker.value].unansweredRecords -= records
        if workers[worker.value].live == 0 { reserved.remove(worker.value) }
        openWorkers.changed(worker.value)
    }

    /// Whether the delivery belongs to the assignment that is in force.
    func isCurrent(_ delivery: Delivery) -> Bool { trackers[delivery.partition]?.epoch == delivery.epoch }

    private mutating func clearSuspicion(_ delivery: Delivery) {
        for sequence in delivery.sequences {
            trackers[delivery.partition]?.update(sequence) { $0.isSuspect = false }
        }
    }
}
