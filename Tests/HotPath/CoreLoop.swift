import DeliveryCore

/// How a service is set up whose core is driven.
enum CoreSetup: Equatable {
    /// Batches of 100 of 64 partitions; order partition.
    case batch
    /// Single records, 64 in flight; order none.
    case message
    /// Single records of 16 partitions, one of each in flight.
    case lanes
    /// The same with 64 of a partition in flight.
    case window
    /// Single records of 16 partitions with 10,000 keys, 64 in flight; order key.
    case key
    /// Single records of 16 partitions, one with each of so many workers, a few of which answer at a time; order none.
    case pool(Int)

    var limits: Limits {
        var limits = Limits()
        if self == .batch { limits.batchSize = 100 } else { limits.batchLinger = .zero }
        if self == .window { limits.laneWindow = 64 }
        limits.workers = workers
        if case .pool = self { limits.maxInFlight = 1 }
        return limits
    }

    var policy: ServicePolicy {
        var policy = ServicePolicy()
        policy.isBatch = self == .batch
        switch self {
        case .batch, .lanes, .window: policy.order = .partition
        case .message, .pool: policy.order = .none
        case .key: policy.order = .key
        }
        return policy
    }

    var partitions: Int32 { self == .batch ? 64 : 16 }
    /// Records of one partition that arrive one after the other, as a fetch brings them.
    var runLength: Int64 { self == .batch ? 100 : 50 }
    /// Verdicts that one turn of the service's loop finds.
    var verdictsOfATurn: Int {
        switch self {
        case .batch: 10
        case .pool: 4
        case .message, .lanes, .window, .key: 64
        }
    }
    var workers: Int { if case .pool(let count) = self { count } else { 1 } }
    var keys: UInt64? { self == .key ? 10_000 : nil }
}

/// The delivery machine between a consumer that always has records and a handler that answers everything in the next turn:
/// the window is full, as it is when the handler is the bottleneck. A turn is what `Service.turn` does with the machine.
final class CoreLoop: Scenario {
    private let setup: CoreSetup
    private var machine: DeliveryMachine
    private var now = Instant(nanoseconds: 0)
    private var actions: [Action] = []
    private var feed: Feed
    private var arrivals: [Record] = []
    private var collected: [DeliveredRecord] = []
    private var outgoing: [OutgoingMessage] = []
    /// Ids that the handler has, oldest first; those before `answered` are answered.
    private var handed: [UInt64] = []
    private var answered = 0
    /// Who has them, where there are several workers.
    private var holders: [WorkerIndex] = []
    private var commitToken: UInt64?
    private var arrived = 0
    private var sent = 0
    private var committed: [Int64]
    private var deadlines: Int64 = 0
    private var problem: String?

    init(_ setup: CoreSetup) {
        self.setup = setup
        machine = DeliveryMachine(limits: setup.limits, policy: setup.policy, seed: 1, now: now)
        feed = Feed(setup)
        committed = feed.offsets
        handed.reserveCapacity(1 << 12)
        if setup.workers > 1 { holders.reserveCapacity(1 << 12) }
        machine.timePassed(now: now, actions: &actions)
        for worker in (0..<setup.workers).map({ WorkerIndex($0) }) {
            machine.workerLaunched(worker, now: now, actions: &actions)
            machine.workerReady(worker, WorkerAbilities(canCancel: true), now: now, actions: &actions)
        }
        machine.assigned(
            (0..<setup.partitions).map { AssignedPartition(partition: PartitionIndex($0), position: 0, end: 0) },
            now: now, actions: &actions)
        perform()
    }

    func run(_ records: Int) {
        let end = arrived + records
        while arrived < end, problem == nil { turn(upTo: end - arrived) }
    }

    // MARK: One turn

    /// A fortieth of a millisecond passes: the commit interval of a second is long, as it is for a busy service.
    private func turn(upTo most: Int) {
        now = now + Interval(nanoseconds: 25_000)
        answer()
        finishCommit()
        arrive(min(machine.recordsWanted, 1_000, most))
        let before = (arrived, sent, answered)
        machine.timePassed(now: now, actions: &actions)
        perform()
        write()
        if let next = machine.nextDeadline { deadlines &+= next.nanoseconds }
        if before == (arrived, sent, answered), handed.count == answered, machine.recordsWanted == 0 {
            problem = "it stands still with \(machine.unsettled) records unsettled"
        }
    }

    /// Each worker that was sent something is told how far it was written, as the service does.
    private func write() {
        if setup.workers == 1 {
            if let last = handed.last { machine.written(WorkerIndex(0), through: last, pendingBytes: 0, now: now) }
            return
        }
        for place in max(answered, handed.count - setup.verdictsOfATurn)..<handed.count {
            machine.written(holders[place], through: handed[place], pendingBytes: 0, now: now)
        }
    }

    private func answer() {
        let stop = min(handed.count, answered + setup.verdictsOfATurn)
        do throws(VerdictProblem) {
            if setup.workers > 1 {
                for place in answered..<stop {
                    let ids = handed.span.extracting(place..<place + 1)
                    try machine.acknowledged(ids, from: holders[place], now: now, actions: &actions)
                }
            } else if setup.policy.isBatch {
                for id in handed[answered..<stop] {
                    try machine.verdict(.result(id: id, failed: []), from: WorkerIndex(0), now: now, actions: &actions)
                }
            } else {
                let ids = handed.span.extracting(answered..<stop)
                try machine.acknowledged(ids, from: WorkerIndex(0), now: now, actions: &actions)
            }
        } catch { problem = "\(error)" }
        answered = stop
        if answered > 1_024 {
            handed.removeSubrange(..<answered)
            if setup.workers > 1 { holders.removeSubrange(..<answered) }
            answered = 0
        }
    }

    private func finishCommit() {
        guard let token = commitToken else { return }
        commitToken = nil
        machine.commitFinished(token: token, failed: [], now: now, actions: &actions)
    }

    private func arrive(_ count: Int) {
        // In a local variable the feed costs next to nothing beside what is counted.
        var feed = feed
        self.feed = Feed()
        arrivals.removeAll(keepingCapacity: true)
        for _ in 0..<count {
            guard let record = feed.next() else {
                problem = "no slot was given back"
                break
            }
            arrivals.append(record)
        }
        self.feed = feed
        machine.recordsArrived(arrivals.span, now: now, actions: &actions)
        arrived += count
    }

    private func perform() {
        var index = 0
        while index < actions.count {
            switch actions[index] {
            case .send(_, let worker) where !setup.policy.isBatch:
                index += sendMessages(from: index, to: worker)
                continue
            case .send(let key, let worker): sendBatch(key, to: worker)
            case .commit(let entries, let token):
                commitToken = token
                for entry in entries { committed[Int(entry.partition.value)] = entry.offset }
            case .launch: break
            default: problem = "an action that a healthy service does not meet: \(actions[index])"
            }
            index += 1
        }
        actions.removeAll(keepingCapacity: true)
        for slot in machine.givenBack { feed.takeBack(slot) }
        machine.forgetGivenBack()
    }

    /// Looks up what an encoder needs of each record.
    private func sendBatch(_ key: DeliveryKey, to worker: WorkerIndex) {
        guard let head = machine.head(of: key, for: worker) else {
            problem = "a delivery is gone before it was sent"
            return
        }
        machine.collectRecords(of: key, into: &collected)
        var delivered = 0
        for record in collected where record.attempt == 1 { delivered += 1 }
        if delivered != head.count { problem = "a record of delivery \(head.id) is not there for the first time" }
        sent += delivered
        handed.append(head.id)
    }

    /// The same for messages that stand together; how many they are.
    private func sendMessages(from index: Int, to worker: WorkerIndex) -> Int {
        // In local variables, as the service has them.
        var (messages, ids): ([OutgoingMessage], [UInt64]) = ([], [])
        swap(&messages, &outgoing)
        swap(&ids, &handed)
        let count = machine.collectMessages(actions, from: index, to: worker, into: &messages)
        if messages.count != count { problem = "a delivery is gone before it was sent" }
        for message in messages {
            if message.record?.attempt != 1 {
                problem = "record of delivery \(message.id) is not there for the first time"
            }
            ids.append(message.id)
            if setup.workers > 1 { holders.append(worker) }
        }
        sent += count
        swap(&ids, &handed)
        swap(&messages, &outgoing)
        return count
    }

    // MARK: The end

    func fault(after records: Int) -> String? {
        let limit = records + 10_000
        var turns = 0
        while problem == nil, machine.counters.settled < records || committed != feed.offsets, turns < limit {
            turns += 1
            // Long enough for a batch that waits for company, and for the next commit.
            if handed.count == answered { now = now + .milliseconds(100) }
            turn(upTo: 0)
        }
        if let problem { return problem }
        let counters = machine.counters
        if arrived != records { return "\(arrived) records arrived, not \(records)" }
        if counters.settled != records || sent != records || counters.failedAttempts > 0 {
            return
                "\(sent) records sent, \(counters.settled) settled, \(counters.failedAttempts) failed; not \(records)"
        }
        if committed != feed.offsets { return "committed \(committed), not \(feed.offsets)" }
        if machine.unsettled != 0 || !feed.hasAllSlots {
            return "\(machine.unsettled) records are unsettled, or their slots were not given back"
        }
        return nil
    }
}
