extension DeliveryMachine {
    // MARK: What the runner reports

    /// The process runs; `ready` is due within the start timeout.
    package mutating func workerLaunched(_ worker: WorkerIndex, now: Instant, actions: inout [Action]) {
        workers[worker.value].begin(deadline: now + limits.startTimeout, now: now)
        reserved.remove(worker.value)
        roomAwaited.remove(worker.value)
        openWorkers.changed(worker.value)
        attend(worker)
        if drain != nil { drainWorker(worker, now: now, actions: &actions) }
    }

    /// The process could not be started: tried again after the backoff.
    package mutating func workerLaunchFailed(_ worker: WorkerIndex, now: Instant, actions: inout [Action]) {
        counters.workerFailures += 1
        scheduleRestart(worker, failure: .launchFailed, now: now, actions: &actions)
        advanceDrain(now: now, actions: &actions)
    }

    /// The handler said `ready`; deliveries may go to it. Its window is clamped to the offer.
    package mutating func workerReady(
        _ worker: WorkerIndex, _ abilities: WorkerAbilities, now: Instant, actions: inout [Action]
    ) {
        guard case .starting = workers[worker.value].phase else { return }
        var clamped = abilities
        clamped.maxInFlight = max(1, min(abilities.maxInFlight, limits.maxInFlight))
        clamped.concurrency = max(1, min(abilities.concurrency, clamped.maxInFlight))
        workers[worker.value].abilities = clamped
        workers[worker.value].lastHeard = now
        enter(.ready, worker)
        if drain == nil { announceAll(to: worker, actions: &actions) }
    }

    /// Any frame is a sign of life.
    package mutating func heard(_ worker: WorkerIndex, now: Instant) {
        workers[worker.value].lastHeard = now
        workers[worker.value].pingedAt = nil
    }

    /// `pause`: nothing more is delivered until `resume`, or for that long.
    package mutating func workerPaused(_ worker: WorkerIndex, for interval: Interval?, now: Instant) {
        heard(worker, now: now)
        workers[worker.value].pausedUntil = interval.map { now + $0 } ?? Instant(nanoseconds: .max)
        openWorkers.changed(worker.value)
        attend(worker)
    }

    /// `resume`.
    package mutating func workerResumed(_ worker: WorkerIndex, now: Instant) {
        heard(worker, now: now)
        workers[worker.value].pausedUntil = nil
        openWorkers.changed(worker.value)
    }

    /// Frames up to this id have left the bridge completely: the ack clock may run for them. `pendingBytes` are still in
    /// the worker's outbound buffer; to be called after each write, so that a worker that takes nothing is noticed.
    package mutating func written(_ worker: WorkerIndex, through id: UInt64, pendingBytes: Int, now: Instant) {
        workers[worker.value].writtenThrough = max(workers[worker.value].writtenThrough, id)
        workers[worker.value].unwrittenBytes = pendingBytes
        workers[worker.value].stalledSince = pendingBytes > 0 ? now : nil
        openWorkers.changed(worker.value)
        if pendingBytes > 0 { attend(worker) }
        startClocks(worker, now: now)
    }

    /// The worker broke a rule or cannot go on: its process is killed, and its deliveries wait until it is reaped.
    package mutating func workerBroke(
        _ worker: WorkerIndex, _ failure: WorkerFailure, now: Instant, actions: inout [Action]
    ) {
        guard workers[worker.value].hasProcess, workers[worker.value].phase != .killed else { return }
        if workers[worker.value].failure == nil { workers[worker.value].failure = failure }
        if failure == .initError {
            enter(.closing(terminateAt: now + limits.exitGrace), worker)
            actions.append(.closeInput(worker))
        } else {
            enter(.killed, worker)
            actions.append(.kill(worker))
        }
    }

    /// The process is reaped, so nothing of it runs any more. `isPermanent`: it must not be started again (exit code 125).
    package mutating func workerExited(
        _ worker: WorkerIndex, isPermanent: Bool = false, now: Instant, actions: inout [Action]
    ) {
        guard workers[worker.value].hasProcess else { return }
        let wasAsked = drain != nil && workers[worker.value].failure == nil
        // Nothing is asked of it any more, whatever its deliveries lead to: a record given up may stop the service.
        enter(.killed, worker)
        let failure = wasAsked ? nil : workers[worker.value].failure ?? .exited
        if failure != nil { counters.workerFailures += 1 }
        countUnanswered(of: worker)
        settleAccounts(of: worker, failure: failure, now: now, actions: &actions)
        if isPermanent || drain != nil {
            enter(.gone, worker)
            actions.append(.notice(.workerEnded(worker, failure: failure, restartAfter: nil)))
        } else {
            scheduleRestart(worker, failure: failure ?? .exited, now: now, actions: &actions)
        }
        if drain == nil, workers.allSatisfy({ $0.phase == .gone }) {
            stop(.handlersGone, now: now, actions: &actions)
        }
        advanceRevocations(now: now, actions: &actions)
        advanceDrain(now: now, actions: &actions)
    }

    private mutating func scheduleRestart(
        _ worker: WorkerIndex, failure: WorkerFailure, now: Instant, actions: inout [Action]
    ) {
        workers[worker.value].failures += 1
        let wait = restartBackoff.wait(failures: workers[worker.value].failures, random: random.next())
        enter(drain == nil ? .waiting(startAt: now + wait) : .gone, worker)
        actions.append(
            .notice(.workerEnded(worker, failure: failure, restartAfter: drain == nil ? wait : nil)))
    }

    // MARK: The ack clock

    /// The clock runs for the lowest unanswered ids, as many as the handler works on at once, from the later of "written"
    /// and "entered that set": what only waits in the pipe never times out.
    mutating func startClocks(_ worker: WorkerIndex, now: Instant) {
        let index = worker.value
        // What is answered already needs no clock.
        workers[index].nextClockID = max(workers[index].nextClockID, workers[index].lowestLiveID)
        while workers[index].clocked < workers[index].abilities.concurrency,
            workers[index].nextClockID <= workers[index].writtenThrough
        {
            if let key = workers[index].key(of: workers[index].nextClockID) {
                workers[index].clocked += 1
                if runsOnOwnClock(key) {
                    let deadline = now + limits.ackTimeout + table[key].extended
                    table[key].deadline = deadline
                    workers[index].nextDue = min(workers[index].nextDue ?? deadline, deadline)
                    nextAttention = min(nextAttention ?? deadline, deadline)
                }
            }
            workers[index].nextClockID += 1
        }
    }

    /// Deliveries of one worker whose time is over: cancelled, or the worker is killed.
    private mutating func endOverdue(_ worker: WorkerIndex, now: Instant, actions: inout [Action]) {
        guard workers[worker.value].phase != .killed, let due = workers[worker.value].nextDue, due <= now else {
            return
        }
        var next: Instant?
        for id in workers[worker.value].liveIDs {
            guard let key = workers[worker.value].key(of: id) else { continue }
            if case .cancelled(_, let killAt?) = table[key].state {
                if killAt <= now {
                    workerBroke(worker, .cancelIgnored, now: now, actions: &actions)
                    return
                }
                next = min(next ?? killAt, killAt)
            } else if let deadline = table[key].deadline {
                if deadline <= now, table[key].isCancelled {
                    workerBroke(worker, .ackTimeout, now: now, actions: &actions)
                    return
                } else if deadline <= now {
                    timeOut(key, now: now, actions: &actions)
                    if workers[worker.value].phase == .killed { return }
                    next = min(next ?? now + limits.cancelGrace, now + limits.cancelGrace)
                } else {
                    next = min(next ?? deadline, deadline)
                }
            }
        }
        workers[worker.value].nextDue = next
    }

    /// Whether the ack clock counts for it: it is owed a verdict, or only the bridge knows that it is not.
    func runsOnOwnClock(_ key: DeliveryKey) -> Bool {
        switch table[key].state {
        case .outstanding, .cancelled(_, killAt: nil): true
        case .cancelled: false
        }
    }

    private mutating func timeOut(_ key: DeliveryKey, now: Instant, actions: inout [Action]) {
        let delivery = table[key]
        let offset = delivery.sequences.first.flatMap { trackers[delivery.partition]?[$0]?.offset } ?? -1
        actions.append(
            .notice(.ackTimedOut(delivery.worker, id: delivery.id, delivery.partition, offset: offset)))
        guard workers[delivery.worker.value].abilities.canCancel else {
            workerBroke(delivery.worker, .ackTimeout, now: now, actions: &actions)
            return
        }
        table[key].chargesOnEnd = workers[delivery.worker.value].unansweredRecords == 1
        cancel(key, .timeout, now: now, actions: &actions)
    }

    /// Takes a delivery back from a worker that can cancel; its slot and its lane stay taken until the worker lets go.
    mutating func cancel(_ key: DeliveryKey, _ reason: CancelReason, now: Instant, actions: inout [Action]) {
        let worker = table[key].worker
        // Until the worker has let go of it nothing more of its lanes is delivered.
        for lane in table[key].lanes { lanes[lane].isRewinding = true }
        guard workers[worker.value].abilities.canCancel || reason != .rewind else {
            // It does not know, and need not stop: its lane waits for its verdict, or for its ack timeout.
            table[key].state = .cancelled(reason, killAt: nil)
            return
        }
        let killAt = now + limits.cancelGrace
        table[key].state = .cancelled(reason, killAt: killAt)
        workers[worker.value].nextDue = min(workers[worker.value].nextDue ?? killAt, killAt)
        nextAttention = min(nextAttention ?? killAt, killAt)
        guard workers[worker.value].abilities.canCancel, workers[worker.value].phase != .killed else { return }
        actions.append(.cancel(worker, ids: [table[key].id], reason: reason))
    }

    // MARK: Time

    /// Does what is due at any worker; looks at them only when something may be.
    mutating func advanceWorkers(now: Instant, actions: inout [Action]) {
        guard let due = nextAttention, due <= now else { return }
        for index in workers.indices {
            let worker = WorkerIndex(index)
            switch workers[index].phase {
            case .waiting(let startAt) where startAt <= now && drain == nil:
                enter(.launching, worker)
                actions.append(.launch(worker))
            case .starting(let deadline) where deadline <= now:
                workerBroke(worker, .startTimeout, now: now, actions: &actions)
            case .ready, .draining:
                endStalled(worker, now: now, actions: &actions)
                endOverdue(worker, now: now, actions: &actions)
                askForLife(worker, now: now, actions: &actions)
            case .closing(let terminateAt) where terminateAt <= now:
                enter(.terminating(killAt: now + limits.terminateGrace), worker)
                actions.append(.terminate(worker))
            case .terminating(let killAt) where killAt <= now:
                enter(.killed, worker)
                actions.append(.kill(worker))
            case .waiting, .launching, .starting, .closing, .terminating, .killed, .gone: break
            }
            if let until = workers[index].pausedUntil, until <= now {
                workers[index].pausedUntil = nil
                openWorkers.changed(index)
            }
        }
        findAttention()
    }

    /// No ack clock runs for a frame that is not written, so a worker that reads nothing would hold its lanes for ever: it
    /// has as long to take a byte as it has for a verdict.
    private mutating func endStalled(_ worker: WorkerIndex, now: Instant, actions: inout [Action]) {
        guard let since = workers[worker.value].stalledSince, since + limits.ackTimeout <= now else { return }
        workerBroke(worker, .inputStalled, now: now, actions: &actions)
    }

    private mutating func askForLife(_ worker: WorkerIndex, now: Instant, actions: inout [Action]) {
        guard let due = pingDue(workers[worker.value]), due <= now else { return }
        guard workers[worker.value].pingedAt == nil else {
            workerBroke(worker, .hung, now: now, actions: &actions)
            return
        }
        workers[worker.value].pingedAt = now
        actions.append(.ping(worker, nonce: random.next()))
    }

    private func pingDue(_ worker: Worker) -> Instant? {
        guard worker.abilities.canPing, limits.pingInterval > .zero else { return nil }
        return (worker.pingedAt ?? worker.lastHeard) + limits.pingInterval
    }

    /// The worker goes on to the phase.
    mutating func enter(_ phase: Worker.Phase, _ worker: WorkerIndex) {
        let due = deadline(of: workers[worker.value])
        workers[worker.value].phase = phase
        openWorkers.changed(worker.value)
        // What was due with the old phase as a rule is not with the new one.
        if due != nil, due == nextAttention { findAttention() } else { attend(worker) }
    }

    private mutating func findAttention() {
        nextAttention = nil
        for index in workers.indices { attend(WorkerIndex(index)) }
    }

    /// The worker may need attention sooner than any did.
    private mutating func attend(_ worker: WorkerIndex) {
        guard let due = deadline(of: workers[worker.value]) else { return }
        nextAttention = min(nextAttention ?? due, due)
    }

    /// The next instant at which a worker needs attention.
    private func deadline(of worker: Worker) -> Instant? {
        switch worker.phase {
        case .waiting(let startAt): drain == nil ? startAt : nil
        case .starting(let deadline): deadline
        case .closing(let terminateAt): terminateAt
        case .terminating(let killAt): killAt
        case .ready, .draining:
            Instant.earliest(
                worker.nextDue, pingDue(worker),
                Instant.earliest(worker.pausedUntil, worker.stalledSince.map { $0 + limits.ackTimeout }))
        case .launching, .killed, .gone: nil
        }
    }

    // MARK: What is kept

    /// What is kept about workers, so that not all of them are looked at, and is not as such a look finds it; nil as a rule.
    /// For the simulation, after a turn: a worker that is forgotten is a service that stands still.
    package func forgottenWorker(now: Instant) -> String? {
        for index in workers.indices {
            let load = isOpen(index, now) ? workers[index].live : nil
            if !openWorkers.isStale(index), openWorkers.load(of: index) != load {
                return "worker \(index) has \(load ?? -1) deliveries, not \(openWorkers.load(of: index) ?? -1)"
            }
            if roomAwaited.contains(index) == workers[index].awaitingRoom.isEmpty {
                return "worker \(index) has \(workers[index].awaitingRoom.count) lanes that await room"
            }
            if let due = deadline(of: workers[index]), nextAttention.map({ $0 > due }) ?? true {
                return "worker \(index) needs attention at \(due)"
            }
        }
        let fewest = workers.indices.compactMap { openWorkers.load(of: $0) }.min()
        let found = openWorkers.least.flatMap { openWorkers.load(of: $0) }
        return found == fewest ? nil : "the fewest deliveries are \(fewest ?? -1), not \(found ?? -1)"
    }
}
