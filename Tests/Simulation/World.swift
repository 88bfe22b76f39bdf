import DeliveryCore

/// A cluster, a consumer group of one to three daemons, and their handlers, all of which misbehave as a seed tells.
///
/// Each daemon's machine is driven by its inputs and by `nextDeadline` alone, as a runner would: a wake-up that it forgets
/// shows as a stall, and one that it repeats as a spin. What it may do is judged by bookkeeping of the world's own.
final class World {
    let scenario: Scenario
    var random: Randomness
    var trace: Trace
    var now = Instant(nanoseconds: 0)
    var queue = EventQueue()
    var logs: [PartitionLog]
    var group = Group()
    var daemons: [Daemon] = []
    /// The first promise that was broken.
    private(set) var violation: String?
    var steps = 0
    /// Assignments that were made, and halves of batches.
    var generations = 0
    /// Names group and topic in the metadata of commits.
    let identity = CommitMetadata.identity(["group", "topic"])
    private var isClosing = false
    private var isOver = false

    init(seed: UInt64, isTraced: Bool) {
        random = Randomness(seed: seed)
        scenario = Scenario(&random)
        trace = Trace(isKept: isTraced)
        logs = Array(repeating: PartitionLog(), count: scenario.partitions)
        group.owners = Array(repeating: Owner(), count: scenario.partitions)
        daemons = (0..<scenario.daemons).map { Daemon($0, in: self) }
        for partition in logs.indices { append(random.among(0...40), to: partition) }
        for daemon in daemons { plan(.start(daemon.index), in: 0...50) }
        plan(.append, in: 100...500)
        plan(.trouble, in: 50...600)
        note(0) { "\(self.scenario)" }
    }

    // MARK: Time

    var hasFaults: Bool { now < scenario.faultsUntil }

    func plan(_ event: Event, in milliseconds: ClosedRange<Int>) {
        queue.add(event, at: now + random.interval(milliseconds))
    }

    func note(_ numbers: Int..., text: () -> String) {
        var all = 0
        for number in numbers { all = all &* 1_000_003 &+ number }
        trace.note(now, all, text: text())
    }

    func broken(_ text: @autoclosure () -> String) {
        if violation == nil { violation = text() }
    }

    // MARK: The loop

    /// Runs until everything is settled and every daemon has ended in good order, or a promise is broken.
    func run() {
        while !isOver, violation == nil { step() }
    }

    private func step() {
        steps += 1
        var next = queue.next
        for daemon in daemons {
            guard let wanted = daemon.needsTurn ? now : daemon.deadline else { continue }
            next = min(next ?? wanted, wanted)
        }
        guard let next else {
            broken("nothing will ever happen again")
            return
        }
        now = max(now, next)
        if let event = queue.popDue(now: now) { happen(event) }
        // What is due at the same instant comes in the same turn, or in the next one.
        let mayWait = queue.next.map { $0 <= now } ?? false && random.chance(50)
        for daemon in daemons where !mayWait && daemon.needsTurn { daemon.turn() }
        closeIfDone()
        if steps > 200_000 { broken("200,000 steps and not done") }
    }

    private func happen(_ event: Event) {
        switch event {
        case .append: append()
        case .trouble: trouble()
        case .rebalance: rebalance()
        case .sessionExpires(let member): sessionExpires(member)
        case .start(let daemon): daemons[daemon].start()
        case .commitArrives(let request): commitArrives(request)
        case .daemon(let index, let incarnation, let event):
            guard daemons[index].isRunning, daemons[index].incarnation == incarnation else { return }
            daemons[index].happen(event)
        }
    }

    // MARK: The end

    /// Once faults have stopped and everything is settled and committed, every daemon is asked to stop.
    private func closeIfDone() {
        guard !hasFaults else { return }
        if isClosing {
            isOver = !daemons.contains { $0.isRunning }
        } else if isDone {
            isClosing = true
            note(1) { "everything is settled: the daemons are stopped" }
            for daemon in daemons where daemon.isRunning { daemon.checkIsAtRest() }
            for daemon in daemons where daemon.isRunning { daemon.signal() }
        } else if now > scenario.faultsUntil + .seconds(120) {
            for daemon in daemons { note(999) { "\(daemon.machine.counters)" } }
            broken("two minutes without faults, and not settled: \(whatIsLeft)")
        }
    }

    /// Whether a daemon that ends is started again.
    var startsAgain: Bool { !isClosing }

    private var isDone: Bool {
        if daemons[0].isComplete { return true }
        guard !group.isRebalancing, !daemons.contains(where: { !$0.isRunning || $0.isBusy }) else { return false }
        return logs.allSatisfy { log in
            scenario.policy.commits ? log.isCommitted : log.firstUndone(before: .max) == nil
        }
    }

    private var whatIsLeft: String {
        let partitions = logs.indices.map { partition in
            let log = logs[partition]
            let owner = group.owners[partition].member.map { "\($0)" } ?? "nobody"
            return "\(partition) of \(owner): committed \(log.committed.map { "\($0)" } ?? "-") of \(log.end)"
        }
        return (partitions + daemons.map(\.state)).joined(separator: "; ")
    }
}
