@testable import DeliveryCore

/// One place of the pool, and the process that runs there.
struct Process {
    enum Life { case none, launching, starting, ready, stopping }

    var life = Life.none
    /// Counts processes; a happening of an older one is dropped.
    var generation = 0
    var abilities = WorkerAbilities()
    var executions: [UInt64: Execution] = [:]
    var pausedUntil = Instant(nanoseconds: 0)
    /// It answers nothing any more, not even a signal but SIGKILL.
    var isFrozen = false
    var isExiting = false
    var lastID: UInt64 = 0

    /// What it has not let go of, in order.
    var live: [Execution] { executions.values.filter { !$0.isAnswered }.sorted { $0.id < $1.id } }
}

extension World {
    // MARK: Actions

    func perform() {
        while !actions.isEmpty {
            let all = actions
            actions = []
            oracle.isOver = machine.drain?.step == .done
            for action in all {
                if ending != nil { oracle.broken("\(action) after the end") }
                perform(action)
            }
        }
    }

    private func perform(_ action: Action) {
        switch action {
        case .send(let key, let worker): send(key, worker)
        case .giveBack(let slot):
            oracle.giveBack(slot)
            freeSlots.append(slot.value)
        case .copyOut(let slot):
            if oracle.slots[slot.value] == nil { oracle.broken("copies slot \(slot.value), which is not held") }
        case .cancel(let worker, let ids, let reason): cancel(worker.value, ids, reason)
        case .ping(let worker, _):
            let process = processes[worker.value]
            if !process.abilities.canPing { oracle.broken("ping to a worker that cannot answer") }
            if !process.isFrozen { plan(.pong(worker.value, generation: process.generation), in: 0...50) }
        case .launch(let worker): launch(worker.value)
        case .sendShutdown(let worker, _): shutdown(worker.value)
        case .closeInput(let worker): leave(worker.value, percent: 80)
        case .terminate(let worker): leave(worker.value, percent: 80)
        case .kill(let worker):
            note("kill \(worker.value)")
            exit(worker.value, in: 0...20)
        case .commit(let entries, let token): commit(entries, token: token)
        case .pause(let partition): paused.insert(partition.value)
        case .resume(let partition): paused.remove(partition.value)
        case .answerRevoke(let partitions): revokeAnswered(partitions)
        case .writeDeadLetter, .announceAssigned, .announceRevoked:
            oracle.broken("\(action), which nothing in this world asks for")
        case .notice(let notice): note("\(notice)")
        case .finished(let ending):
            note("finished \(ending)")
            self.ending = ending
        }
    }

    private func launch(_ worker: Int) {
        if processes[worker].life != .none { oracle.broken("worker \(worker) is started twice") }
        processes[worker].life = .launching
        plan(.launched(worker), in: 0...10)
    }

    private func send(_ key: DeliveryKey, _ worker: WorkerIndex) {
        let delivery = machine.delivery(key)
        let turn = Turn([.send(key, worker)], of: machine)
        guard let sent = turn.sent.first else { return }
        note("send \(sent)")
        let process = processes[worker.value]
        let slots = (0..<delivery.count).compactMap { machine.record($0, of: delivery)?.slot }
        oracle.sent(sent, slots: slots, live: process.live, others: processes.flatMap(\.live), now: now)
        if process.life != .ready { oracle.broken("\(sent): the worker is \(process.life)") }
        if process.pausedUntil > now { oracle.broken("\(sent): the worker is paused") }
        if sent.id != process.lastID + 1 { oracle.broken("\(sent): the last id was \(process.lastID)") }
        let window = max(1, min(process.abilities.maxInFlight, limits.maxInFlight))
        if process.live.count >= window { oracle.broken("\(sent): the worker has \(process.live.count) already") }
        processes[worker.value].lastID = sent.id
        processes[worker.value].executions[sent.id] = Execution(
            id: sent.id, partition: sent.partition, generation: oracle.assignments[sent.partition]?.generation ?? 0,
            offsets: sent.offsets)
        plan(.written(worker.value, generation: process.generation, through: sent.id), in: 0...3)
        planAnswer(worker.value, sent)
    }

    private func cancel(_ worker: Int, _ ids: [UInt64], _ reason: CancelReason) {
        note("cancel \(worker) \(ids) \(reason)")
        let process = processes[worker]
        if !process.abilities.canCancel { oracle.broken("cancel to a worker that does not know it") }
        let records = process.live.reduce(0) { $0 + $1.offsets.count }
        for id in ids {
            guard let execution = process.executions[id], !execution.isAnswered, execution.cancelled == nil else {
                oracle.broken("cancel of \(id), which is not outstanding")
                continue
            }
            processes[worker].executions[id]?.cancelled = reason
            processes[worker].executions[id]?.isChargedOnEnd = records == 1
            if chance(70) { plan(.verdict(worker, generation: process.generation, .ack([id])), in: 0...100) }
        }
    }

    private func shutdown(_ worker: Int) {
        let process = processes[worker]
        processes[worker].life = .stopping
        for execution in process.live where chance(30) {
            let failure = Failure(.release)
            plan(.verdict(worker, generation: process.generation, .nack(execution.id, failure)), in: 0...100)
        }
        if hasFaults, chance(10) { exit(worker, in: 0...500) }
    }

    private func leave(_ worker: Int, percent: Int) {
        processes[worker].life = .stopping
        if !processes[worker].isFrozen, chance(percent) { exit(worker, in: 0...50) }
    }

    private func exit(_ worker: Int, in milliseconds: ClosedRange<Int>) {
        plan(.exits(worker, generation: processes[worker].generation), in: milliseconds)
    }

    // MARK: How a handler behaves

    private func planAnswer(_ worker: Int, _ sent: Sent) {
        let generation = processes[worker].generation
        func verdict(_ answer: Answer, _ range: ClosedRange<Int> = 0...60) {
            plan(.verdict(worker, generation: generation, answer), in: range)
        }
        let id = sent.id
        guard hasFaults else { return verdict(chance(90) ? .ack([id]) : .ackThrough(id), 0...20) }
        switch among(0...99) {
        case 0..<45: verdict(.ack([id]))
        case 45..<50: verdict(.ackThrough(id))
        case 50..<56: verdict(.nack(id, failure(.retry)))
        case 56..<60: verdict(.nack(id, failure(.release)))
        case 60..<63: verdict(.nack(id, failure(.skip)))
        case 63..<78: verdict(policy.isBatch ? .result(id, failedRecords(sent.offsets.count)) : .ack([id]))
        case 78..<81: exit(worker, in: 0...60)
        case 81..<83: processes[worker].isFrozen = true
        case 83..<85: verdict(.nonsense)
        case 85..<88:
            plan(.extend(worker, generation: generation, id: id), in: 50...300)
            verdict(.ack([id]), 300...900)
        case 88..<90:
            verdict(.ack([id]))
            verdict(.nack(id, failure(.retry)))
        case 90..<92:
            plan(.pause(worker, generation: generation, .milliseconds(Int64(among(0...300)))), in: 0...20)
            verdict(.ack([id]))
        case 92..<94:
            plan(.pause(worker, generation: generation, nil), in: 0...20)
            plan(.resume(worker, generation: generation), in: 20...500)
            verdict(.ack([id]))
        case 94..<97: verdict(.ack([id]), 350...700)
        default: break
        }
    }

    private func failure(_ action: FailureAction) -> Failure {
        let delay = chance(40) ? Interval.milliseconds(Int64(among(0...250))) : nil
        return Failure(action, delay: action == .skip ? nil : delay)
    }

    private func failedRecords(_ count: Int) -> [FailedRecord] {
        (0..<count).filter { _ in chance(30) }.shuffled(using: &random).map { index in
            let action: FailureAction = chance(60) ? .retry : chance(50) ? .release : .skip
            return FailedRecord(index: index, failure(action))
        }
    }

    // MARK: What workers do

    func happenToWorker(_ what: Happening) {
        switch what {
        case .launched(let worker): launched(worker)
        case .ready(let worker, let generation):
            guard isAlive(worker, generation), processes[worker].life == .starting else { return }
            processes[worker].life = .ready
            machine.workerReady(WorkerIndex(worker), processes[worker].abilities, now: now, actions: &actions)
        case .written(let worker, let generation, let id):
            guard isAlive(worker, generation, evenFrozen: true) else { return }
            machine.written(WorkerIndex(worker), through: id, pendingBytes: 0, now: now)
        case .verdict(let worker, let generation, let answer):
            guard isAlive(worker, generation) else { return }
            verdict(worker, answer)
        case .extend(let worker, let generation, let id):
            guard isAlive(worker, generation) else { return }
            try? machine.extend(id, by: .milliseconds(500), from: WorkerIndex(worker), now: now)
        case .pong(let worker, let generation):
            guard isAlive(worker, generation) else { return }
            machine.heard(WorkerIndex(worker), now: now)
        case .pause(let worker, let generation, let interval):
            guard isAlive(worker, generation) else { return }
            note("pause \(worker) for \(String(describing: interval))")
            processes[worker].pausedUntil = interval.map { now + $0 } ?? Instant(nanoseconds: .max)
            machine.workerPaused(WorkerIndex(worker), for: interval, now: now)
        case .resume(let worker, let generation):
            // Also where it froze meanwhile: a pause without end is the handler's own wish and no fault.
            guard isAlive(worker, generation, evenFrozen: true) else { return }
            processes[worker].pausedUntil = Instant(nanoseconds: 0)
            machine.workerResumed(WorkerIndex(worker), now: now)
        case .exits(let worker, let generation):
            guard isAlive(worker, generation, evenFrozen: true) else { return }
            reap(worker)
        default: break
        }
    }

    private func isAlive(_ worker: Int, _ generation: Int, evenFrozen: Bool = false) -> Bool {
        let process = processes[worker]
        return process.generation == generation && process.life != .none && (evenFrozen || !process.isFrozen)
    }

    private func launched(_ worker: Int) {
        if hasFaults, chance(10) {
            processes[worker].life = .none
            machine.workerLaunchFailed(WorkerIndex(worker), now: now, actions: &actions)
            return
        }
        let generation = processes[worker].generation + 1
        processes[worker] = Process()
        processes[worker].generation = generation
        processes[worker].life = .starting
        processes[worker].abilities = WorkerAbilities(
            concurrency: among(1...3), maxInFlight: among(1...10), canCancel: chance(60), canPing: chance(50))
        machine.workerLaunched(WorkerIndex(worker), now: now, actions: &actions)
        switch hasFaults ? among(0...99) : 0 {
        case 0..<85: plan(.ready(worker, generation: generation), in: 1...50)
        case 85..<90: exit(worker, in: 0...50)
        case 90..<95: machine.workerBroke(WorkerIndex(worker), .initError, now: now, actions: &actions)
        default: processes[worker].isFrozen = true
        }
    }

    private func reap(_ worker: Int) {
        let live = processes[worker].live
        processes[worker].life = .none
        processes[worker].executions = [:]
        note("exit \(worker) with \(live.map(\.id))")
        machine.workerExited(WorkerIndex(worker), now: now, actions: &actions)
        var failure: WorkerFailure?
        for case .notice(.workerEnded(WorkerIndex(worker), let reason, _)) in actions { failure = reason }
        oracle.reaped(live, failure: failure)
    }

    private func verdict(_ worker: Int, _ answer: Answer) {
        note("verdict \(worker) \(answer)")
        let given: Verdict
        switch answer {
        case .ack(let ids):
            given = ids.count == 1 ? .ack(id: ids[0]) : .ackMany(ids: ids)
            for id in ids { answered(worker, id) { $0.offsets.map { _ in nil } } }
        case .ackThrough(let last):
            given = .ackThrough(id: last)
            for execution in processes[worker].live where execution.id <= last {
                answered(worker, execution.id) { $0.offsets.map { _ in nil } }
            }
        case .nack(let id, let failure):
            given = .nack(id: id, failure)
            answered(worker, id, isWhole: true) { $0.offsets.map { _ in failure } }
        case .result(let id, let failed):
            given = .result(id: id, failed: failed)
            answered(worker, id) { execution in
                execution.offsets.indices.map { index in failed.first { $0.index == index }?.failure }
            }
        case .nonsense:
            given = .ack(id: processes[worker].lastID + 1)
        }
        do throws(VerdictProblem) {
            try machine.verdict(given, from: WorkerIndex(worker), now: now, actions: &actions)
            if case .nonsense = answer { oracle.broken("nonsense was accepted") }
        } catch {
            guard case .nonsense = answer else {
                oracle.broken("\(given) was refused: \(error)")
                return
            }
            machine.workerBroke(WorkerIndex(worker), .protocolError, now: now, actions: &actions)
        }
    }

    private func answered(
        _ worker: Int, _ id: UInt64, isWhole: Bool = false, _ failures: (Execution) -> [Failure?]
    ) {
        guard let execution = processes[worker].executions[id], !execution.isAnswered else { return }
        processes[worker].executions[id]?.isAnswered = true
        oracle.answered(execution, failures(execution), isWhole: isWhole, now: now)
    }
}
