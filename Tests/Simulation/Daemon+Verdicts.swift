import DeliveryCore

/// What becomes of deliveries, predicted from the promises alone: the machine has to agree.
extension Daemon {
    // MARK: Verdicts

    func verdict(_ answer: Answer, from worker: Int) {
        note(70, worker) { "worker \(worker) says \(answer)" }
        let given: Verdict
        var isWrong = false
        switch answer {
        case .ack(let ids): given = ids.count == 1 ? .ack(id: ids[0]) : .ackMany(ids: ids)
        case .ackThrough(let last): given = .ackThrough(id: last)
        case .nack(let id, let failure): given = .nack(id: id, failure)
        case .result(let id, let failed): given = .result(id: id, failed: failed)
        case .unknownID:
            given = .ack(id: processes[worker].lastID + 1)
            isWrong = true
        case .wrongResult(let id, let failed):
            given = .result(id: id, failed: failed)
            isWrong = !policy.isBatch || processes[worker].execution(id) != nil
        }
        do throws(VerdictProblem) {
            try machine.verdict(given, from: WorkerIndex(worker), now: now, actions: &actions)
            if isWrong { broken("\(given) of worker \(worker) was accepted") }
            predict(answer, from: worker)
        } catch {
            if !isWrong { broken("\(given) of worker \(worker) was refused: \(error)") }
            machine.workerBroke(WorkerIndex(worker), .protocolError, now: now, actions: &actions)
        }
    }

    private func predict(_ answer: Answer, from worker: Int) {
        switch answer {
        case .ack(let ids):
            for id in ids { answered(id, at: worker) { _ in nil } }
        case .ackThrough(let last):
            for execution in processes[worker].live where execution.id <= last {
                answered(execution.id, at: worker) { _ in nil }
            }
        case .nack(let id, let failure): answered(id, at: worker, isWhole: true) { _ in failure }
        case .result(let id, let failed), .wrongResult(let id, let failed):
            answered(id, at: worker) { index in failed.first { $0.index == index }?.failure }
        case .unknownID: break
        }
    }

    /// One delivery is answered; `failure` tells of each of its records, by its index, how it failed.
    private func answered(
        _ id: UInt64, at worker: Int, isWhole: Bool = false, _ failure: (Int) -> Failure?
    ) {
        guard let place = processes[worker].live.firstIndex(where: { $0.id == id }) else {
            totals.lateVerdicts += 1
            return
        }
        let execution = processes[worker].live.remove(at: place)
        guard execution.cancelled == nil, isCurrent(execution) else {
            totals.lateVerdicts += 1
            letGo(execution)
            return
        }
        for record in execution.places { update(execution, record) { $0.isSuspect = false } }
        if isWhole, let failure = failure(0) {
            failed(execution, failure)
        } else {
            partlyFailed(execution, failure)
        }
    }

    private func partlyFailed(_ execution: Execution, _ failure: (Int) -> Failure?) {
        var stopped: [UInt64] = []
        for (index, record) in execution.places.enumerated() {
            guard let lane = ledgers[execution.partition]?.records[record].lane else { return }
            // Once a record of a lane is delivered again, so is everything after it, whatever was said of it.
            if stopped.contains(lane) {
                wait(execution, record)
                continue
            }
            guard let failure = failure(index) else {
                settle(execution, record)
                continue
            }
            switch failure.action {
            case .skip: settle(execution, record)
            case .reject:
                wait(execution, record)
                stopped.append(lane)
            case .retry, .release:
                wait(execution, record, failure.delay)
                if failure.action == .retry { charge(execution, record, delay: failure.delay) }
                stopped.append(lane)
            }
        }
    }

    private func failed(_ execution: Execution, _ failure: Failure) {
        var seen: [UInt64] = []
        for record in execution.places {
            guard let lane = ledgers[execution.partition]?.records[record].lane else { return }
            let isFirst = !seen.contains(lane)
            if isFirst { seen.append(lane) }
            switch failure.action {
            case .skip: settle(execution, record)
            case .reject: wait(execution, record)
            case .retry:
                wait(execution, record, isFirst ? failure.delay : nil)
                charge(execution, record, delay: failure.delay, holds: isFirst)
            case .release: wait(execution, record, isFirst ? failure.delay : nil)
            }
        }
    }

    // MARK: What becomes of a record

    /// The assignment in which it was delivered is in force.
    func isCurrent(_ execution: Execution) -> Bool {
        guard let ledger = ledgers[execution.partition] else { return false }
        return ledger.generation == execution.generation && !ledger.isOver
    }

    private func update(_ execution: Execution, _ record: Int, _ change: (inout LedgerRecord) -> Void) {
        ledgers[execution.partition]?.update(record, change)
    }

    func settle(_ execution: Execution, _ record: Int) {
        guard let offset = ledgers[execution.partition]?.records[record].offset else { return }
        ledgers[execution.partition]?.settle(record, now: now)
        totals.settled += 1
        world.logs[execution.partition].markDone(offset)
    }

    private func wait(_ execution: Execution, _ record: Int, _ delay: Interval? = nil) {
        update(execution, record) {
            $0.state = .waiting
            if let delay { $0.heldUntil = now + delay }
        }
    }

    private func charge(_ execution: Execution, _ record: Int, delay: Interval? = nil, holds: Bool = true) {
        totals.charged += 1
        update(execution, record) { record in
            record.charges += 1
            if delay == nil, holds { record.heldUntil = now + limits.leastBackoff }
        }
    }

    // MARK: Without a verdict

    /// Taken back from a worker: its records wait, although the worker may be at them still.
    func takeBack(_ execution: Execution) {
        guard isCurrent(execution) else { return }
        for record in execution.places { wait(execution, record) }
    }

    /// The worker is no longer at a delivery that was taken back.
    private func letGo(_ execution: Execution) {
        guard isCurrent(execution), execution.cancelled == .timeout else { return }
        bearOut(execution, isAlone: execution.isChargedOnEnd)
    }

    /// Its process brought down, or let time run out: a record that was alone is charged, others are suspects.
    private func bearOut(_ execution: Execution, isAlone: Bool) {
        for record in execution.places {
            wait(execution, record)
            update(execution, record) { $0.isSuspect = true }
            if isAlone { charge(execution, record) }
        }
    }

    /// A process is gone; `live` is what it had not let go of.
    func reaped(_ live: [Execution], _ failure: WorkerFailure?) {
        let isAlone = live.reduce(0) { $0 + $1.count } == 1
        for execution in live where isCurrent(execution) {
            if execution.cancelled != nil {
                letGo(execution)
            } else if failure == nil || failure == .revoked {
                takeBack(execution)
            } else {
                bearOut(execution, isAlone: isAlone)
            }
        }
    }

    /// Nothing of the delivery was written: its first record has no encoding.
    func refuse(_ key: DeliveryKey, _ delivery: Delivery, at worker: Int) {
        note(71, worker, Int(delivery.id)) { "worker \(worker): \(delivery.id) has no encoding" }
        processes[worker].lastID = delivery.id
        machine.refuse(key, now: now, actions: &actions)
    }
}

extension Limits {
    /// The shortest wait after a failed attempt.
    var leastBackoff: Interval { Interval(nanoseconds: retryBackoffInitial.nanoseconds / 5 * 4) }
}
