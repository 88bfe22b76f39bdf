/// The way out: verdicts, then workers, then the last commit, all within one deadline.
struct Drain: Equatable {
    enum Step: Equatable {
        /// Workers answer and leave. -> committing
        case workers
        /// The last offsets are on their way, for the second time where `isRepeated`. -> done
        case committing(isRepeated: Bool)
        case done
    }

    var ending: Ending
    var step = Step.workers
    /// From here on no verdict is waited for: `SIGTERM`.
    var verdictsUntil: Instant
    /// From here on no process is waited for: `SIGKILL`.
    var processesUntil: Instant
    var deadline: Instant
    /// A second signal: nothing is waited for but the reaping.
    var isFast = false
    /// The operator was told that waiting is over.
    var isCutOff = false
    /// Deliveries whose worker ended without a verdict.
    var unanswered = 0
}

extension DeliveryMachine {
    /// Stops delivering and brings everything to its end (promise 8). `Action.finished` comes last. A second call with
    /// `fast` kills the workers at once.
    package mutating func drain(fast: Bool = false, now: Instant, actions: inout [Action]) {
        beginDrain(.drained, now: now, actions: &actions)
        if fast { hurry(now: now, actions: &actions) }
    }

    /// Ends the service because a policy says so: a drain whose ending carries the reason.
    package mutating func stop(_ reason: StopReason, now: Instant, actions: inout [Action]) {
        beginDrain(.stopped(reason), now: now, actions: &actions)
    }

    mutating func completeIfDone(now: Instant, actions: inout [Action]) {
        guard drain == nil, wasAssigned, revocations.isEmpty else { return }
        let isAtEnd = policy.exitAtEnd && !awaitsPartitions && !trackers.contains { !$1.isFinished }
        let hasEnough = policy.maxMessages.map { accepted >= $0 && unsettled == 0 } ?? false
        if isAtEnd || hasEnough { beginDrain(.completed, now: now, actions: &actions) }
    }

    private mutating func beginDrain(_ ending: Ending, now: Instant, actions: inout [Action]) {
        guard drain == nil else { return }
        let total = limits.drainTimeout.nanoseconds
        drain = Drain(
            ending: ending, verdictsUntil: now + Interval(nanoseconds: total / 10 * 7),
            processesUntil: now + Interval(nanoseconds: total / 20 * 17),
            deadline: now + limits.drainTimeout)
        for index in workers.indices { drainWorker(WorkerIndex(index), now: now, actions: &actions) }
        advanceDrain(now: now, actions: &actions)
    }

    private mutating func hurry(now: Instant, actions: inout [Action]) {
        guard let state = drain, !state.isFast, state.step != .done else { return }
        drain?.isFast = true
        // The last commit gets a second: what it does not settle is delivered again.
        drain?.deadline = min(state.deadline, now + .seconds(1))
        cutOff(actions: &actions)
        killRest(actions: &actions)
        advanceRevocations(now: now, actions: &actions)
        advanceDrain(now: now, actions: &actions)
    }

    mutating func drainWorker(_ worker: WorkerIndex, now: Instant, actions: inout [Action]) {
        guard let drain else { return }
        switch workers[worker.value].phase {
        case .waiting: enter(.gone, worker)
        case .starting where drain.isFast: killRest(actions: &actions)
        case .starting: closeInput(worker, now: now, actions: &actions)
        case .ready:
            enter(.draining, worker)
            actions.append(.sendShutdown(worker, deadline: drain.verdictsUntil - now))
            closeIfAnswered(worker, now: now, actions: &actions)
        case .launching, .draining, .closing, .terminating, .killed, .gone: break
        }
    }

    /// A draining worker that owes nothing gets the end of its input.
    mutating func closeIfAnswered(_ worker: WorkerIndex, now: Instant, actions: inout [Action]) {
        guard workers[worker.value].phase == .draining, workers[worker.value].live == 0 else { return }
        closeInput(worker, now: now, actions: &actions)
    }

    private mutating func closeInput(_ worker: WorkerIndex, now: Instant, actions: inout [Action]) {
        guard let drain else { return }
        let terminateAt = min(now + limits.exitGrace, max(now, drain.verdictsUntil))
        enter(.closing(terminateAt: terminateAt), worker)
        actions.append(.closeInput(worker))
    }

    mutating func advanceDrain(now: Instant, actions: inout [Action]) {
        guard let state = drain else { return }
        switch state.step {
        case .workers:
            if state.verdictsUntil <= now { terminateDraining(now: now, actions: &actions) }
            if state.processesUntil <= now { killRest(actions: &actions) }
            let isOver = deadLetters.writing == 0 && workers.allSatisfy { !$0.hasProcess && $0.phase != .launching }
            guard isOver || state.deadline <= now else { return }
            commitMoved(now: now, actions: &actions)
            drain?.step = .committing(isRepeated: false)
            advanceDrain(now: now, actions: &actions)
        case .committing(let isRepeated):
            guard commits.underWay.isEmpty || state.deadline <= now else { return }
            // What the broker refused, in this commit or in a periodic one before it, is sent once more.
            if !isRepeated, state.deadline > now, commitMoved(now: now, actions: &actions) != nil {
                drain?.step = .committing(isRepeated: true)
                return
            }
            finish(actions: &actions)
        case .done: break
        }
    }

    private mutating func finish(actions: inout [Action]) {
        for index in workers.indices where workers[index].hasProcess { countUnanswered(of: WorkerIndex(index)) }
        guard let state = drain else { return }
        drain?.step = .done
        for partition in trackers.partitions { dropTracker(partition, actions: &actions) }
        for revocation in revocations { actions.append(.answerRevoke(revocation.partitions)) }
        revocations = []
        let isCut = state.unanswered > 0 && state.ending == .drained
        actions.append(.finished(isCut ? .drainedWithLoss(unanswered: state.unanswered) : state.ending))
    }

    /// The worker's process ends, or is given up, during the drain: what it has not answered will be delivered again.
    mutating func countUnanswered(of worker: WorkerIndex) {
        let count = unanswered(of: worker)
        drain?.unanswered += count
    }

    private func unanswered(of worker: WorkerIndex) -> Int {
        let state = workers[worker.value]
        return state.liveIDs.count { state.key(of: $0).map { isCurrent(table[$0]) } ?? false }
    }

    private mutating func terminateDraining(now: Instant, actions: inout [Action]) {
        guard let state = drain else { return }
        cutOff(actions: &actions)
        for index in workers.indices where workers[index].phase == .draining {
            enter(
                .terminating(killAt: min(now + limits.terminateGrace, state.processesUntil)), WorkerIndex(index))
            actions.append(.closeInput(WorkerIndex(index)))
            actions.append(.terminate(WorkerIndex(index)))
        }
    }

    private mutating func killRest(actions: inout [Action]) {
        for index in workers.indices where workers[index].hasProcess && workers[index].phase != .killed {
            enter(.killed, WorkerIndex(index))
            actions.append(.kill(WorkerIndex(index)))
        }
    }

    /// Says, once, what is still unanswered when waiting ends.
    private mutating func cutOff(actions: inout [Action]) {
        guard drain?.isCutOff == false else { return }
        drain?.isCutOff = true
        let unanswered = workers.indices.reduce(0) { $0 + self.unanswered(of: WorkerIndex($1)) }
        guard unanswered > 0 else { return }
        actions.append(.notice(.drainCutOff(unanswered: unanswered)))
    }

    var drainDeadline: Instant? {
        guard let drain else { return nil }
        switch drain.step {
        case .workers:
            let isWaiting = workers.contains { $0.phase == .draining }
            let hasProcesses = workers.contains { $0.hasProcess && $0.phase != .killed }
            return isWaiting ? drain.verdictsUntil : hasProcesses ? drain.processesUntil : drain.deadline
        case .committing: return drain.deadline
        case .done: return nil
        }
    }
}
