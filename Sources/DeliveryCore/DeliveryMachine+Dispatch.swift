extension DeliveryMachine {
    /// Hands over whatever may go: suspects first, then retries that are due, then the partitions in turn.
    mutating func dispatch(now: Instant, actions: inout [Action]) {
        guard drain == nil else { return }
        endLinger(now: now, actions: &actions)
        dispatchSuspects(now: now, actions: &actions)
        if policy.order == .none { dispatchDueRetries(now: now, actions: &actions) }
        dispatchSources(now: now, actions: &actions)
        fillWindows(now: now, actions: &actions)
    }

    // MARK: The rate

    /// How many records one delivery may hold now; 0 where `--rate` allows none.
    private mutating func allowance(now: Instant) -> Int {
        min(limits.batchSize, rate?.available(now: now) ?? .max)
    }

    /// When the rate allows the next record that could go; nil where it holds nothing up.
    var rateDeadline: Instant? {
        guard drain == nil, let rate, rate.isEmpty else { return nil }
        let isWaitedFor =
            !readySources.isEmpty || !suspects.isEmpty || !dueRetries.isEmpty
            || workers.contains { !$0.awaitingRoom.isEmpty }
        return isWaitedFor ? rate.nextToken : nil
    }

    // MARK: Suspects

    /// A suspect goes alone to a worker that has nothing else; one worker is kept free for it where none is idle.
    private mutating func dispatchSuspects(now: Instant, actions: inout [Action]) {
        while let suspect = suspects.first {
            guard let record = waitingRecord(suspect), record.isSuspect, policy.order == .none || canGo(record.lane)
            else {
                suspects.popFirst()
                leaveQueue(suspect, now: now)
                continue
            }
            guard allowance(now: now) > 0 else { return }
            guard let idle = idleWorker(now: now) else {
                reserveWorker(now: now)
                return
            }
            suspects.popFirst()
            if policy.order != .none { lanes[record.lane].place = .nowhere }
            workers[idle.value].isReserved = true
            run.append(suspect.sequence)
            deliver(of: suspect.partition, to: idle, now: now, actions: &actions)
        }
        // Nobody waits to be alone any more: a worker that was kept free and has nothing goes back to the others.
        for index in workers.indices where workers[index].isReserved && workers[index].live == 0 {
            workers[index].isReserved = false
        }
    }

    /// A suspect is not delivered from the place where it stood: its lane may have another to go.
    private mutating func leaveQueue(_ suspect: RecordReference, now: Instant) {
        guard policy.order != .none, lanes[suspect.lane].place == .suspects else { return }
        lanes[suspect.lane].place = .nowhere
        wakeLane(suspect.lane, now: now)
        lanes.releaseIfIdle(suspect.lane)
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

    // MARK: Retries of order none

    private mutating func dispatchDueRetries(now: Instant, actions: inout [Action]) {
        while let first = dueRetries.first {
            guard let record = waitingRecord(first), !record.isSuspect else {
                dueRetries.popFirst()
                continue
            }
            let allowed = allowance(now: now)
            guard allowed > 0, let worker = pickWorker(preferred: nil, now: now) else { return }
            var bytes = 0
            // Neighbours in the queue that are due as well keep it company, as far as they are of one partition.
            while run.count < allowed, let next = dueRetries.first, next.partition == first.partition {
                guard let candidate = waitingRecord(next), !candidate.isSuspect else {
                    dueRetries.popFirst()
                    continue
                }
                bytes += Int(candidate.size)
                if !run.isEmpty && (bytes > limits.batchBytes || candidate.group != record.group) { break }
                run.append(next.sequence)
                dueRetries.popFirst()
            }
            run.sort()
            // A record may stand in the queue twice: it was put there again when its partition was no longer held.
            for index in run.indices.dropFirst().reversed() where run[index] == run[index - 1] { run.remove(at: index) }
            deliver(of: first.partition, to: worker, now: now, actions: &actions)
        }
    }

    private func waitingRecord(_ reference: RecordReference) -> TrackedRecord? {
        guard !isHeld(reference.partition), let tracker = trackers[reference.partition],
            tracker.epoch == reference.epoch, let record = tracker[reference.sequence], record.phase == .waiting
        else { return nil }
        return record
    }

    // MARK: Partitions in turn

    private mutating func dispatchSources(now: Instant, actions: inout [Action]) {
        while let partition = readySources.first {
            guard let lane = firstReadyLane(of: partition, now: now) else {
                readySources.popFirst()
                sources[partition]?.isQueued = false
                continue
            }
            let allowed = allowance(now: now)
            guard allowed > 0, let worker = pickWorker(preferred: lanes[lane].preferredWorker, now: now) else { return }
            readySources.popFirst()
            sources[partition]?.isQueued = false
            sources[partition]?.skipsLinger = false
            takeRun(of: partition, allowed: allowed)
            let key = deliver(of: partition, to: worker, now: now, actions: &actions)
            for lane in key.map({ table[$0].lanes }) ?? [] { fillWindow(lane, now: now, actions: &actions) }
            if policy.order == .none { wakeLane(lane, now: now) }
            wakeSource(partition, now: now)
        }
    }

    /// The next records that fit one delivery, from the ready lanes in turn, each of which is taken as far as it goes; a
    /// suspect ends its lane, and what is of another half of a failed batch stays behind.
    private mutating func takeRun(of partition: PartitionIndex, allowed: Int) {
        var bytes = 0
        var group: UInt32?
        while run.count < allowed, let lane = sources[partition]?.ready.first {
            guard canGo(lane), let first = lanes[lane].cursor.flatMap({ trackers[partition]?[$0] }), !first.isSuspect
            else { break }
            if let group, group != first.group { break }
            group = first.group
            let count = run.count
            takeRun(of: lane, allowed: allowed, bytes: &bytes)
            if run.count == count { break }
            popReadyLane(of: partition)
        }
    }

    /// Appends what goes next of one lane.
    private mutating func takeRun(of lane: LaneIndex, allowed: Int, bytes: inout Int) {
        let partition = lanes[lane].partition
        var next = lanes[lane].cursor
        var group: UInt32?
        while run.count < allowed, let sequence = next, let record = trackers[partition]?[sequence] {
            if record.phase == .waiting {
                bytes += Int(record.size)
                let isEnd = record.isSuspect || bytes > limits.batchBytes || group.map { $0 != record.group } == true
                if !run.isEmpty && isEnd { return }
                group = record.group
                run.append(sequence)
            }
            next = record.next > 0 ? record.next : nil
        }
    }

    /// More of a lane whose worker has a delivery of it already, up to `--lane-window`.
    mutating func fillWindow(_ lane: LaneIndex, now: Instant, actions: inout [Action]) {
        guard limits.laneWindow > 1, drain == nil else { return }
        while let first = lanes[lane].live.first, lanes[lane].live.count < limits.laneWindow, isOpenForMore(lane) {
            let partition = lanes[lane].partition
            let worker = table[first].worker
            guard let next = lanes[lane].cursor.flatMap({ trackers[partition]?[$0] }), !next.isSuspect else { return }
            // Half of a batch that failed has no company to wait for.
            let hasCompany =
                lanes[lane].waiting >= limits.batchSize || lanes[lane].waitingBytes >= limits.batchBytes
                || next.group > 0
            guard hasCompany || next.arrived + limits.batchLinger <= now else {
                linger(partition, until: next.arrived + limits.batchLinger)
                if !lanes[lane].awaitsRoom { sources[partition]?.awaitingCompany.append(lane) }
                lanes[lane].awaitsRoom = true
                return
            }
            let allowed = allowance(now: now)
            guard allowed > 0, isOpen(worker.value, now) else {
                if !lanes[lane].awaitsRoom { workers[worker.value].awaitingRoom.append(lane) }
                lanes[lane].awaitsRoom = true
                return
            }
            var bytes = 0
            takeRun(of: lane, allowed: allowed, bytes: &bytes)
            deliver(of: partition, to: worker, now: now, actions: &actions)
        }
    }

    /// Windows that had room when their worker, or the rate, had none.
    private mutating func fillWindows(now: Instant, actions: inout [Action]) {
        for index in workers.indices {
            while let lane = workers[index].awaitingRoom.first, allowance(now: now) > 0, isOpen(index, now) {
                workers[index].awaitingRoom.popFirst()
                lanes[lane].awaitsRoom = false
                fillWindow(lane, now: now, actions: &actions)
            }
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

    /// Makes a delivery of the records in `run`, which is empty afterwards.
    @discardableResult
    private mutating func deliver(
        of partition: PartitionIndex, to worker: WorkerIndex, now: Instant, actions: inout [Action]
    ) -> DeliveryKey? {
        defer { run.removeAll(keepingCapacity: true) }
        guard !run.isEmpty, let epoch = trackers[partition]?.epoch else { return nil }
        let id = workers[worker.value].issueID()
        let key = table.insert(worker: worker, id: id, partition: partition, epoch: epoch)
        for sequence in run {
            guard let record = trackers[partition]?[sequence] else { continue }
            table[key].sequences.append(sequence)
            workers[worker.value].unwrittenBytes += Int(record.size)
            if record.wasDelivered { counters.redelivered += 1 }
            hand(over: sequence, record, of: partition, in: key)
        }
        rate?.take(run.count)
        workers[worker.value].hold(key, records: run.count)
        for lane in table[key].lanes {
            lanes[lane].live.append(key)
            lanes[lane].preferredWorker = worker
        }
        counters.deliveries += 1
        counters.delivered += run.count
        actions.append(.send(key, worker))
        return key
    }

    /// The record leaves its lane's waiting ones; with order `none` a retry never stood among them.
    private mutating func hand(
        over sequence: UInt64, _ record: TrackedRecord, of partition: PartitionIndex, in key: DeliveryKey
    ) {
        trackers[partition]?.update(sequence) { $0.phase = .outstanding }
        // A run takes each lane once, so that its records stand together.
        if policy.order != .none, table[key].lanes.last != record.lane {
            table[key].lanes.append(record.lane)
        }
        guard let cursor = lanes[record.lane].cursor, sequence >= cursor else { return }
        lanes[record.lane].cursor = trackers[partition]?.following(sequence) { $0.phase == .waiting }
        lanes[record.lane].waiting -= 1
        lanes[record.lane].waitingBytes -= Int(record.size)
    }
}
