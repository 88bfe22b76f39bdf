@testable import DeliveryCore

/// What happens to the machine next, besides the passing of time.
enum Happening {
    case launched(Int)
    case ready(Int, generation: Int)
    case written(Int, generation: Int, through: UInt64)
    case verdict(Int, generation: Int, Answer)
    case extend(Int, generation: Int, id: UInt64)
    case pong(Int, generation: Int)
    case pause(Int, generation: Int, Interval?)
    case resume(Int, generation: Int)
    case exits(Int, generation: Int)
    case commitDone(UInt64, failed: [PartitionIndex])
    case fetch
    case rebalance(isPeriodic: Bool)
    case assign([Int32])
    case append
}

/// A handler's verdict, told so that the oracle can follow it.
enum Answer {
    case ack([UInt64])
    case ackThrough(UInt64)
    case nack(UInt64, Failure)
    case result(UInt64, [FailedRecord])
    /// An id or an index that does not exist.
    case nonsense
}

/// A broker, its group and a pool of handlers that misbehave as a seed tells, around one machine.
///
/// The machine is driven by its inputs and by `nextDeadline` alone, as a runner would: a wake-up that it forgets shows as a
/// stall, and one that it repeats as a spin.
final class World {
    let seed: UInt64
    var random: SeededGenerator
    let limits: Limits
    let policy: ServicePolicy
    var machine: DeliveryMachine
    var oracle: Oracle
    var now = Instant(nanoseconds: 0)

    var happenings: [(at: Instant, what: Happening)] = []
    var actions: [Action] = []
    /// What happened, told only where `isTraced`: most runs are good, and telling takes most of the time.
    var trace: [String] = []
    let isTraced: Bool
    /// What the machine asked for at the end of the last turn.
    var deadline: Instant?
    var ending: Ending?
    var drainedAt: Instant?

    // The broker.
    var logs: [Int32: Log] = [:]
    var commitsUnderWay: [UInt64: [(entry: CommitEntry, generation: Int)]] = [:]
    var lastCommitDone = Instant(nanoseconds: 0)
    var paused: Set<Int32> = []
    var revokes: [(partitions: [PartitionIndex], since: Instant)] = []
    var isFetchPlanned = false
    var nextGeneration = 1
    var freeSlots: [Int32] = []
    var nextSlot: Int32 = 0

    // The handlers.
    var processes: [Process]

    /// Faults and new records end here.
    let faultsUntil: Instant
    /// A signal comes in the middle of everything, or nil where the work is to be done first.
    let signalAt: Instant?

    init(seed: UInt64, isTraced: Bool = false) {
        self.seed = seed
        self.isTraced = isTraced
        random = SeededGenerator(seed: seed)
        let (limits, policy) = World.settings(&random)
        self.limits = limits
        self.policy = policy
        machine = DeliveryMachine(limits: limits, policy: policy, seed: seed, now: now)
        oracle = Oracle(limits: limits, policy: policy)
        processes = (0..<limits.workers).map { _ in Process() }
        faultsUntil = Instant(nanoseconds: 0) + .milliseconds(Int64(500 + random.next() % 2_500))
        signalAt = random.next() % 4 == 0 ? Instant(nanoseconds: 0) + .milliseconds(Int64(random.next() % 3_000)) : nil
        let partitions = Int32(1 + random.next() % 5)
        for partition in 0..<partitions { logs[partition] = Log(records: Int(random.next() % 40), &random) }
        plan(.assign(Array(0..<partitions)), in: 0...50)
        plan(.rebalance(isPeriodic: true), in: 100...1_000)
        plan(.append, in: 100...500)
    }

    private static func settings(_ random: inout SeededGenerator) -> (Limits, ServicePolicy) {
        func among(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        var limits = Limits()
        limits.workers = among(1...4)
        limits.maxInFlight = among(1...8)
        limits.maxTotalInFlight = among(4...60)
        limits.maxInFlightBytes = among(500...6_000)
        limits.ackTimeout = .milliseconds(400)
        limits.maxExtend = .milliseconds(600)
        limits.startTimeout = .milliseconds(300)
        limits.cancelGrace = .milliseconds(150)
        limits.pingInterval = .milliseconds(200)
        limits.revokeTimeout = .milliseconds(300)
        limits.drainTimeout = .milliseconds(2_000)
        limits.commitInterval = .milliseconds(100)
        limits.retryBackoffInitial = .milliseconds(20)
        limits.retryBackoffMaximum = .milliseconds(200)
        limits.maxRetryDelay = .milliseconds(300)
        limits.restartBackoffInitial = .milliseconds(10)
        limits.restartBackoffMaximum = .milliseconds(200)
        limits.exitGrace = .milliseconds(200)
        limits.terminateGrace = .milliseconds(100)
        limits.stuckAfter = .milliseconds(150)
        var policy = ServicePolicy()
        policy.order = among(0...2) == 0 ? .none : .partition
        policy.isBatch = among(0...1) == 0
        limits.batchSize = policy.isBatch ? among(1...8) : 1
        limits.batchBytes = among(100...2_000)
        switch among(0...9) {
        case 0: policy.exitAtEnd = true
        case 1: policy.maxMessages = among(1...30)
        case 2: policy.commits = false
        default: break
        }
        return (limits, policy)
    }

    // MARK: Chance

    func chance(_ percent: Int) -> Bool { Int(random.next() % 100) < percent }

    func among(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    var hasFaults: Bool { now < faultsUntil }

    // MARK: The loop

    func plan(_ what: Happening, in milliseconds: ClosedRange<Int>) {
        plan(
            what, at: now + Interval(nanoseconds: Int64(among(milliseconds)) * 1_000_000 + Int64(random.next() % 1_000))
        )
    }

    func plan(_ what: Happening, at instant: Instant) {
        let place = happenings.firstIndex { $0.at > instant } ?? happenings.endIndex
        happenings.insert((instant, what), at: place)
    }

    /// Runs until the service has ended; the broken promise, if there was one.
    func run() -> String? {
        turn()
        while ending == nil, oracle.violation == nil {
            let next = [happenings.first?.at, deadline, signalAt.flatMap { drainedAt == nil ? $0 : nil }]
            guard let instant = next.compactMap({ $0 }).min() else {
                oracle.broken("nothing will ever happen again")
                break
            }
            now = max(now, instant)
            while let first = happenings.first, first.at <= now, oracle.violation == nil {
                happenings.removeFirst()
                happen(first.what)
                perform()
            }
            if let signalAt, signalAt <= now { drain() }
            turn()
            checkBounds()
        }
        if oracle.violation == nil { checkEnd() }
        return oracle.violation
    }

    func turn() {
        machine.timePassed(now: now, actions: &actions)
        perform()
        if let next = machine.nextDeadline, next <= now { oracle.broken("spins: \(next) is due at \(now)") }
        if !isFetchPlanned, machine.recordBudget > 0, hasRecords {
            isFetchPlanned = true
            plan(.fetch, in: 0...5)
        }
        if drainedAt == nil, !policy.exitAtEnd, isDone { drain() }
        deadline = machine.nextDeadline
    }

    func drain() {
        guard drainedAt == nil else {
            if chance(1), drainedAt.map({ $0 < now }) ?? false {
                note("second signal")
                machine.drain(fast: true, now: now, actions: &actions)
                perform()
            }
            return
        }
        note("drain")
        drainedAt = now
        machine.drain(now: now, actions: &actions)
        perform()
    }

    func note(_ text: @autoclosure () -> String) {
        guard isTraced else { return }
        trace.append("\(Double(now.nanoseconds / 1_000) / 1_000) \(text())")
        if trace.count > 400 { trace.removeFirst(200) }
    }

    private func checkBounds() {
        if machine.unsettled != oracle.slots.count {
            oracle.broken("\(machine.unsettled) records are counted and \(oracle.slots.count) slots are held")
        }
        if machine.unsettled > 3 * limits.maxTotalInFlight + logs.count { oracle.broken("holds \(machine.unsettled)") }
        let started = drainedAt ?? (machine.isDraining ? now : nil)
        if drainedAt == nil, let started { drainedAt = started }
        if let started, now > started + limits.drainTimeout + .milliseconds(1) {
            oracle.broken("the drain does not end")
        }
        if drainedAt == nil, now > faultsUntil + .seconds(60) {
            let left = logs.keys.sorted().map { partition in
                let unsettled = oracle.assignments[partition]?.unsettled.prefix(5)
                let log = logs[partition].map { "at \($0.position) of \($0.end), committed \($0.committed)" }
                return "\(partition): \(unsettled ?? []), \(log ?? "")"
            }
            oracle.broken("without faults for a minute and not done: \(left)")
        }
        for revoke in revokes where now > revoke.since + .seconds(3) { oracle.broken("no answer to \(revoke)") }
    }

    private func checkEnd() {
        if !oracle.slots.isEmpty { oracle.broken("slots are never given back: \(oracle.slots)") }
        if !revokes.isEmpty { oracle.broken("revokes are never answered: \(revokes)") }
        let open = processes.flatMap(\.live).filter { $0.cancelled == nil }
        if ending == .drained, !open.isEmpty { oracle.broken("drained with \(open)") }
        if let maximum = policy.maxMessages, ending == .completed, machine.counters.settled != maximum {
            oracle.broken("settled \(machine.counters.settled) of \(maximum)")
        }
        if ending == .completed && policy.maxMessages == nil && !policy.exitAtEnd {
            oracle.broken("completed by itself")
        }
    }
}
