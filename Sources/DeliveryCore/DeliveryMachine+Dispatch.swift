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
            || !roomAwaited.isEmpty
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
            reserve(idle.value)
            run.append(suspect.sequence)
            deliver(of: suspect.partition, to: idle, now: now, actions: &actions)
        }
        // Nobody waits to be alone any more: a worker that was kept free and has nothing goes back to the others.
        var next = reserved.first()
        while let index = next {
            if workers[index].live == 0 {
                reserved.remove(index)
                openWorkers.changed(index)
            }
            next = reserved.first(from: index + 1)
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
        let reserved = workers.indices.first { self.reserved.contains($0) && isIdle($0, now) }
        return (reserved ?? workers.indices.first { isIdle($0, now) }).map { WorkerIndex($0) }
    }

    private func isIdle(_ index: Int, _ now: Instant) -> Bool {
        workers[index].live == 0 && workers[index].takesDeliveries(now: now, maxUnwritten: limits.maxUnwrittenBytes)
    }

    private mutating func reserveWorker(now: Instant) {
        let candidates = workers.indices.filter { workers[$0].phase == .ready && !workers[$0].isPaused(now: now) }
        guard !candidates.contains(where: { reserved.contains($0) }) else { return }
        guard let least = candidates.min(by: { workers[$0].live < workers[$1].live }) else { return }
        reserve(least)
    }

    private mutating func reserve(_ worker: Int) {
        reserved.insert(worker)
        openWorkers.changed(worker)
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

    private mutating func waitingRecord(_ reference: RecordReference) -> TrackedRecord? {
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
            readySources.dropFirst()
            _ = sources.update(partition) { source in
                source.isQueued = false
                source.skipsLinger = false
            }
            if policy.order == .none, limits.batchSize == 1 {
                popReadyLane(of: partition)
                let share = lanes[lane].waiting / max(1, openWorkers.count)
                deliverSingly(lane, atMost: max(1, share), to: worker, now: now, actions: &actions)
                wakeLane(lane, now: now)
                wakeSource(partition, now: now)
                continue
            }
            takeRun(of: partition, allowed: allowed)
            let key = deliver(of: partition, to: worker, now: now, actions: &actions)
            if limits.laneWindow > 1 {
                fillWindows(of: key, now: now, actions: &actions)
            }
            if policy.order == .none { wakeLane(lane, now: now) }
            wakeSource(partition, now: now)
        }
    }

    /// The next records that fit one delivery, from the ready lanes in turn, each of which is taken as far as it goes; a
    /// suspect ends its lane, and what is of another half of a failed batch stays behind.
    private mutating func takeRun(of partition: PartitionIndex, allowed: Int) {
        var bytes = 0
        var group: UInt32?
        while run.count < allowed, let lane = firstReady(of: partition) {
            guard canGo(lane), let cursor = lanes[lane].cursor, let first = record(partition, cursor),
                !first.isSuspect
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
        guard let cursor = lanes[lane].cursor else { return }
        let (room, most, isFirst) = (allowed - run.count, limits.batchBytes - bytes, run.isEmpty)
        var gathered: [UInt64] = []
        swap(&gathered, &run)
        let size = trackers.update(lanes[lane].partition) {
            $0.gather(from: cursor, atMost: room, bytes: most, isFirst: isFirst, into: &gathered)
        }
        swap(&gathered, &run)
        bytes += size ?? 0
    }

    /// More of a lane whose worker has a delivery of it already, up to `--lane-window`.
    mutating func fillWindow(_ lane: LaneIndex, now: Instant, actions: inout [Action]) {
        guard limits.laneWindow > 1, drain == nil else { return }
        while let first = lanes[lane].live.first, lanes[lane].live.count < limits.laneWindow, isOpenForMore(lane) {
            let partition = lanes[lane].partition
            let worker = table[first].worker
            guard let cursor = lanes[lane].cursor, let next = record(partition, cursor), !next.isSuspect else { return }
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
                if !lanes[lane].awaitsRoom {
                    workers[worker.value].awaitingRoom.append(lane)
                    roomAwaited.insert(worker.value)
                }
                lanes[lane].awaitsRoom = true
                return
            }
            openWorkers.changed(worker.value)
            if limits.batchSize == 1 {
                let room = limits.laneWindow - lanes[lane].live.count
                deliverSingly(lane, atMost: room, to: worker, now: now, actions: &actions)
                continue
            }
            var bytes = 0
            takeRun(of: lane, allowed: allowed, bytes: &bytes)
            deliver(of: partition, to: worker, now: now, actions: &actions)
        }
    }

    /// The windows of the lanes of a delivery that was just made.
    private mutating func fillWindows(of key: DeliveryKey?, now: Instant, actions: inout [Action]) {
        guard let key else { return }
        var place = 0
        while place < table.laneCount(key), let lane = table.lane(place, of: key) {
            fillWindow(lane, now: now, actions: &actions)
            place += 1
        }
    }

    /// Windows that had room when their worker, or the rate, had none.
    private mutating func fillWindows(now: Instant, actions: inout [Action]) {
        guard !roomAwaited.isEmpty, allowance(now: now) > 0 else { return }
        lookAgain(now: now)
        var next = roomAwaited.first(alsoIn: openWorkers.open)
        while let index = next {
            while let lane = workers[index].awaitingRoom.first, allowance(now: now) > 0, isOpen(index, now) {
                workers[index].awaitingRoom.popFirst()
                if workers[index].awaitingRoom.isEmpty { roomAwaited.remove(index) }
                lanes[lane].awaitsRoom = false
                fillWindow(lane, now: now, actions: &actions)
            }
            next = roomAwaited.first(from: index + 1, alsoIn: openWorkers.open)
        }
    }

    // MARK: Workers

    /// The worker that a lane had before, if it would begin at once; else the one with the fewest deliveries.
    /// It is given a delivery at once.
    private mutating func pickWorker(preferred: WorkerIndex?, now: Instant) -> WorkerIndex? {
        lookAgain(now: now)
        if let preferred, isOpen(preferred.value, now),
            workers[preferred.value].live < workers[preferred.value].abilities.concurrency
        {
            openWorkers.changed(preferred.value)
            return preferred
        }
        guard let least = openWorkers.least else { return nil }
        openWorkers.changed(least)
        return WorkerIndex(least)
    }

    /// Looks at the workers that have changed since it was last asked which are open.
    @inline(__always)
    private mutating func lookAgain(now: Instant) {
        while let index = openWorkers.nextStale() {
            openWorkers.set(index, load: isOpen(index, now) ? workers[index].live : nil)
        }
    }

    func isOpen(_ index: Int, _ now: Instant) -> Bool {
        !reserved.contains(index) && workers[index].takesDeliveries(now: now, maxUnwritten: limits.maxUnwrittenBytes)
    }

    /// Makes a delivery of the records in `run`, which is empty afterwards.
    @discardableResult
    private mutating func deliver(
        of partition: PartitionIndex, to worker: WorkerIndex, now: Instant, actions: inout [Action]
    ) -> DeliveryKey? {
        // In a local variable while the tracker is changed.
        var records: [UInt64] = []
        swap(&records, &run)
        defer {
            records.removeAll(keepingCapacity: true)
            swap(&records, &run)
        }
        guard !records.isEmpty, let epoch = trackers.update(partition, { $0.epoch }) else { return nil }
        let id = workers[worker.value].issueID()
        let key = table.insert(worker: worker, id: id, partition: partition, epoch: epoch)
        let handed = trackers.update(partition) { $0.handOver(records) } ?? (bytes: 0, redelivered: 0)
        workers[worker.value].unwrittenBytes += handed.bytes
        counters.redelivered += handed.redelivered
        leaveWaiting(records, of: partition, in: key)
        rate?.take(records.count)
        workers[worker.value].hold(key, records: records.count)
        counters.deliveries += 1
        counters.delivered += records.count
        table.fill(key, with: &records)
        for place in 0..<table.laneCount(key) {
            guard let lane = table.lane(place, of: key) else { break }
            lanes[lane].live.append(key)
            lanes[lane].preferredWorker = worker
        }
        actions.append(.send(key, worker))
        return key
    }

    /// Makes a delivery of each of the next records of a lane, as far as the worker has room; at least of one.
    private mutating func deliverSingly(
        _ lane: LaneIndex, atMost most: Int, to worker: WorkerIndex, now: Instant, actions: inout [Action]
    ) {
        let partition = lanes[lane].partition
        guard let cursor = lanes[lane].cursor, let epoch = trackers.update(partition, { $0.epoch }) else { return }
        let slots = workers[worker.value].abilities.maxInFlight - workers[worker.value].live
        let room = max(1, min(most, slots, rate?.available(now: now) ?? .max))
        let bytes = limits.maxUnwrittenBytes - workers[worker.value].unwrittenBytes
        var records: [UInt64] = []
        swap(&records, &run)
        let handed = trackers.update(partition) { tracker in
            tracker.handOut(from: cursor, atMost: room, bytes: bytes, into: &records)
        }
        if let handed {
            lanes[lane].handedOut(handed, records: records.count)
            counters.redelivered += handed.redelivered
            workers[worker.value].unwrittenBytes += handed.bytes
        }
        rate?.take(records.count)
        counters.deliveries += records.count
        counters.delivered += records.count
        let isLive = policy.order != .none
        for sequence in records {
            let id = workers[worker.value].issueID()
            let key = table.insert(worker: worker, id: id, partition: partition, epoch: epoch)
            table.fill(key, with: sequence, of: isLive ? lane : nil)
            workers[worker.value].hold(key, records: 1)
            if isLive { lanes[lane].live.append(key) }
            actions.append(.send(key, worker))
        }
        lanes[lane].preferredWorker = worker
        records.removeAll(keepingCapacity: true)
        swap(&records, &run)
    }

    /// The records leave their lanes' waiting ones; with order `none` a retry never stood among them.
    private mutating func leaveWaiting(_ run: [UInt64], of partition: PartitionIndex, in key: DeliveryKey) {
        var index = 0
        while index < run.count {
            // A run takes each lane once, so that its records stand together.
            guard let lane = record(partition, run[index])?.lane else { return }
            let cursor = lanes[lane].cursor ?? .max
            let (end, left) =
                trackers.update(partition) { $0.stretch(of: run, from: index, lane: lane, cursor: cursor) }
                ?? (run.count, Stretch())
            if policy.order != .none { table.add(lane, to: key) }
            if left.records > 0 {
                lanes[lane].cursor =
                    trackers.update(partition) { $0.following(left.last) { $0.phase == .waiting } } ?? nil
                lanes[lane].waiting -= left.records
                lanes[lane].waitingBytes -= left.bytes
            }
            index = max(end, index + 1)
        }
    }
}
