import DeliveryCore

/// How a service is set up whose core is driven.
enum CoreSetup {
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

    var limits: Limits {
        var limits = Limits()
        if self == .batch { limits.batchSize = 100 } else { limits.batchLinger = .zero }
        if self == .window { limits.laneWindow = 64 }
        return limits
    }

    var policy: ServicePolicy {
        var policy = ServicePolicy()
        policy.isBatch = self == .batch
        switch self {
        case .batch, .lanes, .window: policy.order = .partition
        case .message: policy.order = .none
        case .key: policy.order = .key
        }
        return policy
    }

    var partitions: Int32 { self == .batch ? 64 : 16 }
    /// Records of one partition that arrive one after the other, as a fetch brings them.
    var runLength: Int64 { self == .batch ? 100 : 50 }
    /// Verdicts that one turn of the service's loop finds.
    var verdictsOfATurn: Int { self == .batch ? 10 : 64 }
    var keys: UInt64? { self == .key ? 10_000 : nil }
}

/// The delivery machine between a consumer that always has records and a handler that answers everything in the next turn:
/// the window is full, as it is when the handler is the bottleneck. A turn is what `Service.turn` does with the machine.
final class CoreLoop: Scenario {
    private let setup: CoreSetup
    private let worker = WorkerIndex(0)
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
        machine.timePassed(now: now, actions: &actions)
        machine.workerLaunched(worker, now: now, actions: &actions)
        machine.workerReady(worker, WorkerAbilities(canCancel: true), now: now, actions: &actions)
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
        arrive(min(machine.recordBudget, 1_000, most))
        let before = (arrived, sent, answered)
        machine.timePassed(now: now, actions: &actions)
        perform()
        if let last = handed.last { machine.written(worker, through: last, pendingBytes: 0, now: now) }
        if let next = machine.nextDeadline { deadlines &+= next.nanoseconds }
        if before == (arrived, sent, answered), handed.count == answered, machine.recordBudget == 0 {
            problem = "it stands still with \(machine.unsettled) records unsettled"
        }
    }

    private func answer() {
        let stop = min(handed.count, answered + setup.verdictsOfATurn)
        do throws(VerdictProblem) {
            if setup.policy.isBatch {
                for id in handed[answered..<stop] {
                    try machine.verdict(.result(id: id, failed: []), from: worker, now: now, actions: &actions)
                }
            } else {
                let ids = handed.span.extracting(answered..<stop)
                try machine.acknowledged(ids, from: worker, now: now, actions: &actions)
            }
        } catch { problem = "\(error)" }
        answered = stop
        if answered > 1_024 {
            handed.removeSubrange(..<answered)
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
            case .send where !setup.policy.isBatch:
                index += sendMessages(from: index)
                continue
            case .send(let key, _): sendBatch(key)
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
    private func sendBatch(_ key: DeliveryKey) {
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
    private func sendMessages(from index: Int) -> Int {
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
