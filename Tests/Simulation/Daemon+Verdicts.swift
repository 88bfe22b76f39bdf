import DeliveryCore

/// What becomes of deliveries, predicted from the promises alone: the machine has to agree.
extension Daemon {
    // MARK: Verdicts

    func verdict(_ answer: Answer, from worker: Int) {
        if case .ack(let ids) = answer, world.random.chance(50) { return acknowledge(ids, from: worker) }
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
            if case .ackMany(let ids) = given, world.random.chance(50) {
                try machine.acknowledgedTogether(ids.span, from: WorkerIndex(worker), now: now, actions: &actions)
            } else {
                try machine.verdict(given, from: WorkerIndex(worker), now: now, actions: &actions)
            }
            if isWrong { broken("\(given) of worker \(worker) was accepted") }
            predict(answer, from: worker)
        } catch {
            if !isWrong { broken("\(given) of worker \(worker) was refused: \(error)") }
            machine.workerBroke(WorkerIndex(worker), .protocolError, now: now, actions: &actions)
        }
    }

    /// A worker writes what it has gathered; now and then it says something twice, or of what it was never given.
    func flush(_ worker: Int) {
        var ids = processes[worker].gathered
        processes[worker].gathered = []
        if world.hasFaults, world.random.chance(10) {
            ids.insert(world.random.one(of: ids), at: world.random.among(0...ids.count))
        }
        if world.hasFaults, world.random.chance(3) {
            let unknown = world.random.chance(20) ? 0 : processes[worker].lastID + 1
            ids.insert(unknown, at: world.random.among(0...ids.count))
        }
        acknowledge(ids, from: worker)
    }

    /// Acknowledgements that came together; what comes before one that breaks the protocol counts.
    private func acknowledge(_ ids: [UInt64], from worker: Int) {
        note(73, worker, ids.count) { "worker \(worker) acknowledges \(ids)" }
        let last = processes[worker].lastID
        let known = ids.prefix { $0 > 0 && $0 <= last }
        var isRefused = false
        do throws(VerdictProblem) {
            try machine.acknowledged(ids.span, from: WorkerIndex(worker), now: now, actions: &actions)
        } catch {
            isRefused = true
            if error != .unknownID(ids[min(known.count, ids.count - 1)]) { broken("\(ids) of \(worker): \(error)") }
        }
        if isRefused != (known.count < ids.count) { broken("\(ids) of \(worker), given \(last): refused \(isRefused)") }
        for id in known { answered(id, at: worker) { _ in nil } }
        if isRefused { machine.workerBroke(WorkerIndex(worker), .protocolError, now: now, actions: &actions) }
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
        concludeLanes(of: execution)
    }

    private func partlyFailed(_ execution: Execution, _ failure: (Int) -> Failure?) {
        var stopped: [UInt64] = []
        for (index, record) in execution.places.enumerated() {
            guard let lane = ledgers[execution.partition]?.records[record].lane else { return }
            // Once a record of a lane is delivered again, so is everything after it, whatever was said of it.
            if stopped.contains(lane) { continue }
            guard let failure = failure(index) else {
                update(execution, record) { $0.state = .answered(.acked) }
                continue
            }
            switch failure.action {
            case .skip: update(execution, record) { $0.state = .answered(.skipped) }
            case .reject where stopsAtRejected:
                rewind(execution, from: record)
                stopped.append(lane)
                _ = giveUp(execution, record, .rejected)
            case .reject: update(execution, record) { $0.state = .answered(.rejected) }
            case .release:
                rewind(execution, from: record)
                hold(execution, record, failure.delay, isCharged: false)
                stopped.append(lane)
            case .retry:
                charge(execution, record)
                stopped.append(lane)
                retry(execution, index, lane, failure.delay)
            }
        }
    }

    private func retry(_ execution: Execution, _ index: Int, _ lane: UInt64, _ delay: Interval?) {
        let record = execution.places[index]
        guard isExhausted(execution, record) else {
            rewind(execution, from: record)
            hold(execution, record, delay)
            return
        }
        // The handler has stopped at it: what follows in the batch goes on without it.
        let next = execution.places[(index + 1)...].first { ledgers[execution.partition]?.records[$0].lane == lane }
        if let next, policy.order != .none { rewind(execution, from: next) }
        if !giveUp(execution, record, .exhausted) { rewind(execution, from: record) }
    }

    private func failed(_ execution: Execution, _ failure: Failure) {
        switch failure.action {
        case .skip: for record in execution.places { update(execution, record) { $0.state = .answered(.skipped) } }
        case .reject where !stopsAtRejected:
            for record in execution.places { update(execution, record) { $0.state = .answered(.rejected) } }
        case .reject:
            putBack(execution)
            if let first = execution.places.first { _ = giveUp(execution, first, .rejected) }
        case .retry where policy.bisects && execution.count > 1:
            halve(execution)
            putBack(execution, holding: failure.delay, isCharged: false)
        case .retry:
            for record in execution.places { charge(execution, record) }
            putBackCharged(execution, failure.delay)
        case .release: putBack(execution, holding: failure.delay, isCharged: false)
        }
    }

    /// Rejecting a record stops the service: there is nowhere to put it.
    private var stopsAtRejected: Bool { !policy.hasDeadLetters && policy.onExhausted != .skip }

    private func halve(_ execution: Execution) {
        world.generations += 2
        let half = (execution.count + 1) / 2
        for (index, record) in execution.places.enumerated() {
            update(execution, record) { $0.half = world.generations + (index < half ? 0 : 1) }
        }
    }

    // MARK: Without a verdict

    /// Taken back from a worker: its records wait, although the worker may be at them still.
    func takeBack(_ execution: Execution) {
        guard isCurrent(execution) else { return }
        for record in execution.places { update(execution, record) { $0.state = .waiting } }
    }

    /// The worker is no longer at a delivery that was taken back.
    private func letGo(_ execution: Execution) {
        guard isCurrent(execution), execution.cancelled == .timeout else { return }
        bearOut(execution, isAlone: execution.isChargedOnEnd)
    }

    /// Its process brought down, or let time run out: a record that was alone is charged, others are suspects.
    private func bearOut(_ execution: Execution, isAlone: Bool) {
        for record in execution.places {
            update(execution, record) { $0.isSuspect = true }
            if isAlone { charge(execution, record) }
        }
        if isAlone { putBackCharged(execution, nil) } else { putBack(execution) }
        concludeLanes(of: execution)
    }

    /// A process is gone; `live` is what it had not let go of.
    func reaped(_ live: [Execution], _ failure: WorkerFailure?) {
        let isAlone = live.reduce(0) { $0 + $1.count } == 1
        let isBlamed = failure != nil && failure != .revoked
        for execution in live where isCurrent(execution) {
            switch execution.cancelled {
            case .timeout: letGo(execution)
            case .some:
                // It may have been the one: the worker was at it still.
                for record in execution.places where isBlamed && !isAlone {
                    update(execution, record) { if !$0.state.isOver { $0.isSuspect = true } }
                }
            case nil where !isBlamed: putBack(execution)
            case nil: bearOut(execution, isAlone: isAlone)
            }
        }
    }

    /// Nothing of the delivery was written: its first record has no encoding.
    func refuse(_ key: DeliveryKey, _ delivery: Delivery, at worker: Int) {
        note(71, worker, Int(delivery.id)) { "worker \(worker): \(delivery.id) has no encoding" }
        processes[worker].lastID = delivery.id
        let execution = execution(delivery)
        machine.refuse(key, now: now, actions: &actions)
        guard let execution, let first = execution.places.first else { return }
        if isRewound(execution) { return leaveOpen(execution, from: 0) }
        // What the machine has decided on behind it, in the same call, is sent all the same.
        refusedLanes.append(contentsOf: execution.lanes)
        leaveOpen(execution, from: 1)
        _ = giveUp(execution, first, .notEncodable)
        putBack(execution)
        concludeLanes(of: execution)
    }

    /// These were never written, but the machine need not know how far it came: it may call them redelivered.
    private func leaveOpen(_ execution: Execution, from index: Int) {
        for record in execution.places[index...] { update(execution, record) { $0.mayBeMarked = true } }
    }

    /// Only the first records of the delivery were written.
    func shorten(_ key: DeliveryKey, _ delivery: Delivery, to count: Int) {
        note(72, delivery.worker.value, Int(delivery.id), count) { "delivery \(delivery.id) is shortened to \(count)" }
        let execution = execution(delivery)
        machine.shorten(key, to: count, now: now, actions: &actions)
        guard let execution else { return }
        if isRewound(execution) { return leaveOpen(execution, from: count) }
        var seen: [UInt64] = []
        for record in execution.places[count...] {
            guard let lane = ledgers[execution.partition]?.records[record].lane, !seen.contains(lane) else { continue }
            seen.append(lane)
            rewind(execution, from: record)
        }
    }
}
