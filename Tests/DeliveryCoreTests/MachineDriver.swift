@testable import DeliveryCore

/// What a worker was sent, spelled out: the action names only a key.
struct Sent: Equatable, CustomStringConvertible {
    var worker: Int
    var id: UInt64
    var partition: Int32
    var offsets: [Int64]
    var attempts: [Int]
    var redelivered: [Bool]

    var description: String { "worker \(worker) id \(id): \(partition)@\(offsets) attempts \(attempts)" }
}

/// A machine with a clock, whose actions are collected and whose workers start and write without trouble.
final class MachineDriver {
    var machine: DeliveryMachine
    var now = Instant(nanoseconds: 0)
    /// Whether what is sent counts as written at once.
    var writesAtOnce = true
    var abilities = WorkerAbilities(canCancel: true)
    /// Actions of inputs since the last turn.
    var pending: [Action] = []
    var nextSlot: Int32 = 0

    /// A machine whose workers are ready.
    convenience init(
        workers: Int = 1, abilities: WorkerAbilities? = nil, _ configure: (inout Limits, inout ServicePolicy) -> Void
    ) {
        self.init(unstarted: workers, configure)
        if let abilities { self.abilities = abilities }
        startWorkers()
    }

    convenience init(workers: Int = 1, abilities: WorkerAbilities? = nil) {
        self.init(workers: workers, abilities: abilities) { _, _ in }
    }

    /// A machine whose workers were not even launched.
    init(unstarted workers: Int, _ configure: (inout Limits, inout ServicePolicy) -> Void = { _, _ in }) {
        var limits = Limits()
        limits.workers = workers
        limits.pingInterval = .zero
        var policy = ServicePolicy()
        configure(&limits, &policy)
        machine = DeliveryMachine(limits: limits, policy: policy, seed: 1, now: now)
    }

    /// Answers every launch that was asked for with a process that is ready.
    func startWorkers() {
        turn()
        for index in machine.workers.indices where machine.workers[index].phase == .launching {
            machine.workerLaunched(WorkerIndex(index), now: now, actions: &pending)
            machine.workerReady(WorkerIndex(index), abilities, now: now, actions: &pending)
        }
    }

    // MARK: Time

    /// One turn at the present instant; what was asked for since the last one.
    @discardableResult
    func turn() -> Turn {
        machine.timePassed(now: now, actions: &pending)
        let turn = Turn(pending, of: machine)
        pending = []
        machine.forgetGivenBack()
        if writesAtOnce {
            for sent in turn.sent {
                machine.written(WorkerIndex(sent.worker), through: sent.id, pendingBytes: 0, now: now)
            }
        }
        return turn
    }

    /// Lets time pass as a runner would: from one deadline of the machine to the next.
    @discardableResult
    func advance(_ interval: Interval) -> Turn {
        let end = now + interval
        var all = turn()
        while let next = machine.nextDeadline, next <= end {
            now = max(now, next)
            all.append(turn())
        }
        now = end
        all.append(turn())
        return all
    }

    // MARK: Inputs

    func assign(_ partitions: Int32..., from position: Int64 = 0, end: Int64 = 0) {
        let assigned = partitions.map {
            AssignedPartition(partition: PartitionIndex($0), position: position, end: end)
        }
        machine.assigned(assigned, now: now, actions: &pending)
    }

    func arrive(_ partition: Int32, _ offsets: ClosedRange<Int64>, size: Int32 = 100) {
        arrive(partition, Array(offsets), size: size)
    }

    func arrive(_ partition: Int32, _ offsets: [Int64], size: Int32 = 100) {
        var records: [Record] = []
        for offset in offsets {
            records.append(
                Record(
                    partition: PartitionIndex(partition), offset: offset, size: size, slot: RecordSlot(nextSlot)))
            nextSlot += 1
        }
        machine.recordsArrived(records.span, now: now, actions: &pending)
    }

    func verdict(_ verdict: Verdict, from worker: Int = 0) throws(VerdictProblem) {
        try machine.verdict(verdict, from: WorkerIndex(worker), now: now, actions: &pending)
    }

    func ack(_ id: UInt64, from worker: Int = 0) throws(VerdictProblem) {
        try verdict(.ack(id: id), from: worker)
    }

    func nack(
        _ id: UInt64, _ action: FailureAction = .retry, delay: Interval? = nil, from worker: Int = 0
    ) throws(VerdictProblem) {
        try verdict(.nack(id: id, Failure(action, delay: delay)), from: worker)
    }

    func exit(_ worker: Int = 0, isPermanent: Bool = false) {
        machine.workerExited(WorkerIndex(worker), isPermanent: isPermanent, now: now, actions: &pending)
    }

    func broke(_ worker: Int = 0, _ failure: WorkerFailure = .protocolError) {
        machine.workerBroke(WorkerIndex(worker), failure, now: now, actions: &pending)
    }

    func revoke(_ partitions: Int32..., lost: Bool = false) {
        machine.revoked(partitions.map { PartitionIndex($0) }, lost: lost, now: now, actions: &pending)
    }

    func drain(fast: Bool = false) {
        machine.drain(fast: fast, now: now, actions: &pending)
    }

    func commitFinished(_ token: UInt64, failed: [Int32] = []) {
        machine.commitFinished(
            token: token, failed: failed.map { PartitionIndex($0) }, now: now, actions: &pending)
    }

    // MARK: Questions, since an expectation cannot take the machine itself apart

    var isDraining: Bool { machine.isDraining }

    func holds(_ letter: DeadLetter) -> Bool { machine.holds(letter) }

    func owesVerdicts(_ worker: WorkerIndex) -> Bool { machine.owesVerdicts(worker) }

    /// Where a partition stands; -1 where it is not assigned.
    func committable(_ partition: Int32) -> Int64 {
        machine.standing(of: PartitionIndex(partition))?.committable ?? -1
    }
}

/// What was asked for in one or several turns.
struct Turn {
    /// Everything but the deliveries.
    var actions: [Action] = []
    var sent: [Sent] = []
    var givenBackSlots: [RecordSlot] = []

    init(_ actions: [Action], of machine: borrowing DeliveryMachine) {
        givenBackSlots = machine.givenBack
        for action in actions {
            guard case .send(let key, let worker) = action else {
                self.actions.append(action)
                continue
            }
            let delivery = machine.delivery(key)
            let records = (0..<delivery.count).compactMap { machine.record($0, of: delivery) }
            sent.append(
                Sent(
                    worker: worker.value, id: delivery.id, partition: delivery.partition.value,
                    offsets: records.map(\.offset), attempts: records.map(\.attempt),
                    redelivered: records.map(\.redelivered)))
        }
    }

    mutating func append(_ other: Turn) {
        actions += other.actions
        sent += other.sent
        givenBackSlots += other.givenBackSlots
    }

    /// The offsets of each delivery.
    var offsets: [[Int64]] { sent.map(\.offsets) }

    /// Offsets in the commits, as [partition: offset]; a later commit wins.
    var committed: [Int32: Int64] {
        var all: [Int32: Int64] = [:]
        for case .commit(let entries, _) in actions {
            for entry in entries { all[entry.partition.value] = entry.offset }
        }
        return all
    }

    var tokens: [UInt64] {
        actions.compactMap { if case .commit(_, let token) = $0 { token } else { nil } }
    }

    var notices: [Notice] {
        actions.compactMap { if case .notice(let notice) = $0 { notice } else { nil } }
    }

    var ending: Ending? {
        for case .finished(let ending) in actions { return ending }
        return nil
    }

    /// How many slots were given back.
    var givenBack: Int { givenBackSlots.count }
}

extension WorkerIndex {
    /// The first worker of the pool.
    static let first = WorkerIndex(0)
}
