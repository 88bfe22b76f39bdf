import DeliveryCore

/// One daemon: a machine, its consumer, its pool of processes, and what the world knows about them.
final class Daemon {
    unowned let world: World
    let index: Int
    /// Counts starts.
    private(set) var incarnation = 0
    private(set) var isRunning = false
    /// The service came to the end that it was given (`--exit-at-end`, `--max-messages`).
    private(set) var isComplete = false
    var machine: DeliveryMachine
    /// What the machine told of the message that was handed over last.
    var messages: [OutgoingMessage] = []
    var actions: [Action] = []
    var isPerforming = false
    private(set) var deadline: Instant?
    /// Something was told to the machine since its last turn.
    private var isTold = false
    /// Turns in a row after which something was due at once.
    private var idleTurns = 0

    /// Its membership, or nil where it is in no group.
    var member: Int?
    private var lastTold = Instant(nanoseconds: 0)
    var ledgers: [Ledger?] = []
    var consumer = Consumer()
    var slots: [SlotUse?] = []
    var freeSlots: [Int32] = []
    var processes: [Process] = []
    var totals = Totals()
    var drainSince: Instant?
    /// A policy says that the service is to stop.
    var mayStop = false
    /// Lanes that were set back since the machine's last call.
    var rewound: [Rewinding] = []
    /// Lanes a record of which was refused since then.
    var refusedLanes: [UInt64] = []
    var rate = RateMeter()
    var letterRate = RateMeter()
    var letters: [PendingLetter] = []
    /// Keys of letters that failed and are not written again yet.
    var failed: [UInt64] = []
    /// A second signal came.
    var hasHurried = false
    /// The broker takes no metadata of this length.
    var isMetadataRefused = false

    init(_ index: Int, in world: World) {
        self.world = world
        self.index = index
        machine = DeliveryMachine(
            limits: world.scenario.limits, policy: world.scenario.policy, seed: 0, now: Instant(nanoseconds: 0))
    }

    var now: Instant { world.now }
    var limits: Limits { world.scenario.limits }
    var policy: ServicePolicy { world.scenario.policy }

    func note(_ numbers: Int..., text: () -> String) {
        var all = index
        for number in numbers { all = all &* 1_000_003 &+ number }
        world.note(all) { "daemon \(self.index): \(text())" }
    }

    func broken(_ text: @autoclosure () -> String) { world.broken("daemon \(index): \(text())") }

    // MARK: Events

    func plan(_ event: DaemonEvent, in milliseconds: ClosedRange<Int>) {
        world.plan(.daemon(index, incarnation: incarnation, event), in: milliseconds)
    }

    /// The group says something; what it says comes in order.
    func tell(_ event: DaemonEvent, in milliseconds: ClosedRange<Int>) {
        lastTold = max(lastTold, now + world.random.interval(milliseconds))
        world.queue.add(.daemon(index, incarnation: incarnation, event), at: lastTold)
    }

    func happen(_ event: DaemonEvent) {
        isTold = true
        switch event {
        case .fetch: fetch()
        case .assigned, .revoked, .lost:
            consumer.rebalances.append(event)
            advanceRebalances()
        case .lookedUp: lookedUp()
        case .relocated(let partition): relocated(Int(partition))
        case .commitDone(let request, let failed, let isMetadataRefused):
            commitDone(request, failed, isMetadataRefused)
        case .letterDone(let key, let confirmed): letterDone(key, confirmed)
        case .signal: signal()
        case .launched(let worker): launched(worker)
        case .worker(let worker, let process, let event):
            guard processes[worker].number == process, processes[worker].life != .none else { return }
            happen(event, at: worker)
        }
        perform()
    }

    // MARK: Turns

    var needsTurn: Bool { isRunning && (isTold || deadline.map { $0 <= now } ?? false) }

    /// Its client's queue has something new.
    func wake() { isTold = true }

    func turn() {
        isTold = false
        machine.timePassed(now: now, actions: &actions)
        perform()
        guard isRunning else { return }
        deadline = machine.nextDeadline
        if let what = machine.forgottenWorker(now: now) { broken(what) }
        // Performing an action may put something back that may go again at once; what goes on for ever is a spin.
        idleTurns = deadline.map { $0 <= now } ?? false ? idleTurns + 1 : 0
        if idleTurns > 10 { broken("spins: \(String(describing: deadline)) is due at \(now)") }
        planFetch()
        checkTotals()
    }

    // MARK: Life

    func start() {
        guard !isRunning, world.startsAgain, !isComplete else { return }
        incarnation += 1
        isRunning = true
        note(1, incarnation) { "starts" }
        machine = DeliveryMachine(limits: limits, policy: policy, seed: world.random.next(), now: now)
        actions = []
        ledgers = Array(repeating: nil, count: world.logs.count)
        consumer = Consumer(partitions: world.logs.count)
        slots = []
        freeSlots = []
        processes = (0..<limits.workers).map { _ in Process() }
        totals = Totals()
        drainSince = nil
        mayStop = false
        rewound = []
        rate = RateMeter()
        letterRate = RateMeter()
        letters = []
        failed = []
        hasHurried = false
        isMetadataRefused = false
        lastTold = now
        isTold = true
        if policy.commits {
            world.join(self)
        } else {
            let all = world.logs.indices.map { Int32($0) }
            tell(.assigned(all, ownerships: all.map { _ in 0 }), in: 0...20)
        }
    }

    /// `kill -9`: its handlers die with it, and the coordinator learns it when the session runs out.
    func kill() {
        guard isRunning else { return }
        note(2) { "is killed" }
        end()
        if let member {
            if let place = world.group.members.firstIndex(where: { $0.id == member }) {
                world.group.members[place].isSilent = true
            }
            world.plan(.sessionExpires(member: member), in: 300...300)
        }
        member = nil
        world.plan(.start(index), in: 0...600)
    }

    /// SIGTERM; a second one in the same life means haste.
    func signal() {
        guard isRunning else { return }
        let isSecond = drainSince != nil
        note(3, isSecond ? 1 : 0) { "gets a signal" }
        isTold = true
        hasHurried = isSecond
        machine.drain(fast: isSecond, now: now, actions: &actions)
        perform()
        if !isSecond, world.hasFaults, world.random.chance(15) { plan(.signal, in: 0...500) }
    }

    /// The machine says that everything is over.
    func finished(_ ending: Ending) {
        note(4) { "finished: \(ending)" }
        checkEnding(ending)
        if ending == .completed { isComplete = true }
        end()
        if let member { world.remove(member: member) }
        member = nil
        world.plan(.start(index), in: 0...300)
    }

    private func end() {
        isRunning = false
        deadline = nil
        actions = []
    }

    /// Something is under way that a daemon at rest would not have.
    var isBusy: Bool {
        !consumer.rebalances.isEmpty || machine.unsettled > 0 || machine.awaitsCommit || !letters.isEmpty
            || drainSince != nil
            || !machine.stalledPartitions.isEmpty
    }

    /// For the words about a world that does not come to rest.
    var state: String {
        guard isRunning else { return "daemon \(index) does not run" }
        let held = ledgers.indices.compactMap { partition in
            ledgers[partition].map { "\(partition) from \($0.committable), unsettled \($0.unsettled)" }
        }
        return "daemon \(index): \(held), rebalances \(consumer.rebalances), processes \(processes.map(\.life))"
    }
}

/// What a slot of the runner's table holds.
struct SlotUse {
    var partition: Int
    var generation: Int
    var offset: Int64
    /// The machine wanted the record.
    var isTaken = false
}

/// What the machine's counters must say.
struct Totals: Equatable {
    var settled = 0
    var charged = 0
    var lateVerdicts = 0
    var skipped = 0
    var deadLettered = 0
    var filtered = 0
    var spared = 0
}
