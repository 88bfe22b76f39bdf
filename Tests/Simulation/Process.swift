import DeliveryCore

/// One place of a daemon's pool, and the process that runs there.
struct Process {
    enum Life { case none, launching, starting, ready, stopping }

    var life = Life.none
    /// Counts processes; an event of an older one is dropped.
    var number = 0
    var abilities = WorkerAbilities()
    /// What it has not let go of, in the order of the ids.
    var live: [Execution] = []
    var lastID: UInt64 = 0
    var writtenThrough: UInt64 = 0
    var pausedUntil = Instant(nanoseconds: 0)
    /// It says nothing any more, and ends only by SIGKILL.
    var isFrozen = false
    /// It takes nothing from its stdin.
    var isDeaf = false
    /// It keeps acknowledgements for a moment, to write several of them at once.
    var gathers = false
    var gathered: [UInt64] = []
    var isKilled = false
    var isExiting = false
    /// The partitions that it was told of, with the epoch of each; only for those that asked.
    var told: [UInt32?] = []
    /// Why the machine says that it ended.
    var ended: WorkerFailure?

    func execution(_ id: UInt64) -> Execution? { live.first { $0.id == id } }

    /// Records that it has not let go of: one that was taken back may still bring it down.
    var unansweredRecords: Int { live.reduce(0) { $0 + $1.count } }
}

extension Daemon {
    // MARK: What the machine asks for

    func launch(_ worker: Int) {
        if processes[worker].life != .none { broken("worker \(worker) is started twice") }
        processes[worker].life = .launching
        plan(.launched(worker), in: 0...10)
    }

    func pinged(_ worker: Int) {
        if !processes[worker].abilities.canPing { broken("ping to worker \(worker), which cannot answer") }
        if !processes[worker].isFrozen { plan(.pong, at: worker, in: 0...50) }
    }

    func toldToStop(_ worker: Int) {
        note(60, worker) { "tells worker \(worker) to stop" }
        processes[worker].life = .stopping
        for execution in processes[worker].live where world.random.chance(30) {
            plan(.verdict(.nack(execution.id, Failure(.release))), at: worker, in: 0...100)
        }
        if world.hasFaults, world.random.chance(10) { exit(worker, in: 0...500) }
    }

    func leave(_ worker: Int) {
        processes[worker].life = .stopping
        if !processes[worker].isFrozen, world.random.chance(80) { exit(worker, in: 0...50) }
    }

    func killed(_ worker: Int) {
        note(61, worker) { "kills worker \(worker)" }
        if processes[worker].life == .none { broken("kills worker \(worker), which does not run") }
        processes[worker].isKilled = true
        exit(worker, in: 0...20)
    }

    func cancel(_ ids: [UInt64], at worker: Int, _ reason: CancelReason) {
        note(62, worker, ids.count) { "cancels \(ids) at worker \(worker): \(reason)" }
        if !processes[worker].abilities.canCancel { broken("cancel to worker \(worker), which does not know it") }
        let isAlone = processes[worker].unansweredRecords == 1
        for id in ids {
            guard let place = processes[worker].live.firstIndex(where: { $0.id == id }),
                processes[worker].live[place].cancelled == (reason == .rewind ? .rewind : nil)
            else {
                broken("cancels \(id) at worker \(worker), which is not outstanding")
                continue
            }
            processes[worker].live[place].cancelled = reason
            processes[worker].live[place].isChargedOnEnd = isAlone
            if reason != .rewind { takeBack(processes[worker].live[place]) }
            if world.random.chance(70) { plan(.verdict(.ack([id])), at: worker, in: 0...100) }
        }
    }

    // MARK: What processes do

    func plan(_ event: WorkerEvent, at worker: Int, in milliseconds: ClosedRange<Int>) {
        plan(.worker(worker, process: processes[worker].number, event), in: milliseconds)
    }

    func exit(_ worker: Int, in milliseconds: ClosedRange<Int>) {
        plan(.exits(isPermanent: world.hasFaults && world.random.chance(2)), at: worker, in: milliseconds)
    }

    func launched(_ worker: Int) {
        if world.hasFaults, world.random.chance(10) {
            processes[worker].life = .none
            note(63, worker) { "worker \(worker) cannot be launched" }
            machine.workerLaunchFailed(WorkerIndex(worker), now: now, actions: &actions)
            return
        }
        let number = processes[worker].number + 1
        processes[worker] = Process()
        processes[worker].number = number
        processes[worker].life = .starting
        processes[worker].gathers = world.random.chance(40)
        processes[worker].told = Array(repeating: nil, count: ledgers.count)
        processes[worker].abilities = WorkerAbilities(
            concurrency: world.random.among(1...3), maxInFlight: world.random.among(1...10),
            canCancel: world.random.chance(60), canPing: world.random.chance(50),
            wantsAssignments: world.random.chance(40))
        note(64, worker, number) { "worker \(worker) runs: \(self.processes[worker].abilities)" }
        machine.workerLaunched(WorkerIndex(worker), now: now, actions: &actions)
        switch world.hasFaults ? world.random.among(0...99) : 0 {
        case 0..<85: plan(.ready, at: worker, in: 1...50)
        case 85..<90: exit(worker, in: 0...50)
        case 90..<95: machine.workerBroke(WorkerIndex(worker), .initError, now: now, actions: &actions)
        default: processes[worker].isFrozen = true
        }
    }

    func happen(_ event: WorkerEvent, at worker: Int) {
        let place = WorkerIndex(worker)
        switch event {
        case .exits(let isPermanent):
            reap(worker, isPermanent)
            return
        case .wrote(let id, let pendingBytes):
            processes[worker].writtenThrough = max(processes[worker].writtenThrough, id)
            // Frames that were added since then wait in the buffer.
            let isBehind = processes[worker].lastID > processes[worker].writtenThrough
            machine.written(place, through: id, pendingBytes: isBehind ? max(50, pendingBytes) : 0, now: now)
            return
        default: break
        }
        // A pause without end is the handler's own wish and no fault: it is over also where the process froze meanwhile.
        if case .resume = event {} else if processes[worker].isFrozen { return }
        switch event {
        case .ready:
            guard processes[worker].life == .starting else { return }
            processes[worker].life = .ready
            machine.workerReady(place, processes[worker].abilities, now: now, actions: &actions)
        case .verdict(.ack(let ids)) where processes[worker].gathers:
            if processes[worker].gathered.isEmpty { plan(.flush, at: worker, in: 1...40) }
            processes[worker].gathered += ids
        case .verdict(let answer): verdict(answer, from: worker)
        case .flush: flush(worker)
        case .extend(let id, let interval):
            guard processes[worker].lastID >= id else { return }
            do throws(VerdictProblem) {
                try machine.extend(id, by: interval, from: place, now: now)
            } catch {
                broken("extend of \(id) is refused: \(error)")
            }
        case .pong: machine.heard(place, now: now)
        case .pause(let interval):
            note(65, worker) { "worker \(worker) pauses" }
            processes[worker].pausedUntil = interval.map { now + $0 } ?? Instant(nanoseconds: .max)
            machine.workerPaused(place, for: interval, now: now)
        case .resume:
            processes[worker].pausedUntil = Instant(nanoseconds: 0)
            machine.workerResumed(place, now: now)
        case .exits, .wrote: break
        }
    }

    private func reap(_ worker: Int, _ isPermanent: Bool) {
        let live = processes[worker].live
        note(66, worker, live.count) { "worker \(worker) is reaped with \(live.map(\.id)) unanswered" }
        processes[worker].life = .none
        processes[worker].live = []
        let start = actions.count
        machine.workerExited(WorkerIndex(worker), isPermanent: isPermanent, now: now, actions: &actions)
        var failure: WorkerFailure?
        for case .notice(.workerEnded(WorkerIndex(worker), let reason, _)) in actions[start...] { failure = reason }
        reaped(live, failure)
    }
}
