/// Decides everything about deliveries for one service: a pure state machine.
///
/// The runner turns what happened into a call of one method, with the time as argument, and performs the actions that the
/// method appends, in order. It then calls `timePassed` once a turn, which dispatches, and sleeps until `nextDeadline` at
/// the latest. Nothing here does I/O, reads a clock or knows threads, so that a simulation drives the same code.
package struct DeliveryMachine: ~Copyable {
    package let limits: Limits
    package let policy: ServicePolicy

    var random: SeededGenerator
    var trackers = PartitionMap<PartitionTracker>()
    var lanes = LaneTable()
    var sources = PartitionMap<Source>()
    var workers: [Worker]
    /// Changed by `changed`, which every change of what makes a worker open is followed by.
    var openWorkers: OpenWorkers
    /// Those that have a suspect, or are kept free for one: nothing else goes to them.
    var reserved: NumberSet
    /// Those that have lanes in `Worker.awaitingRoom`.
    var roomAwaited: NumberSet
    /// No worker needs attention before this; nil where none will. What was due may have come to nothing since.
    var nextAttention: Instant?
    var table = DeliveryTable()
    var retries = RetrySchedule()
    var backoff: Backoff
    var restartBackoff: Backoff

    /// Partitions of which a delivery could go at once.
    var readySources = Ring<PartitionIndex>()
    /// Records that are delivered alone, in the order in which they may go.
    var suspects = Ring<RecordReference>()
    /// Records (order `none`) whose retry is due.
    var dueRetries = Ring<RecordReference>()
    /// Partitions whose lanes wait for company, in the order of their deadlines.
    var lingering = Ring<LingeringSource>()
    /// The records of the delivery that is being put together.
    var run: [UInt64] = []
    /// The ids that an acknowledgement "through" one means, while it is taken.
    var through: [UInt64] = []
    /// Tokens of `--rate`.
    var rate: TokenBucket?
    var deadLetters: DeadLetters
    var stalls = StallWatch()
    /// Slots of records whose bytes are no longer needed, since the runner last took note of them: it lets go of them when
    /// all actions of the turn are performed.
    package internal(set) var givenBack: [RecordSlot] = []
    /// The next number for the halves of a batch that failed.
    var nextGroup: UInt32 = 1

    var backpressure = Backpressure()
    var commits = CommitLedger()
    var revocations: [Revocation] = []
    var drain: Drain?
    var nextEpoch: UInt32 = 1
    /// Records taken so far, for `--max-messages`; those of revoked partitions that were not settled do not count.
    var accepted = 0
    var wasAssigned = false
    /// Assigned partitions that the runner cannot read yet: without them `--exit-at-end` is not at its end.
    package var awaitsPartitions = false

    /// Unsettled records and their bytes over all partitions.
    package internal(set) var unsettled = 0
    package internal(set) var unsettledBytes = 0
    package internal(set) var counters = DeliveryCounters()

    /// A machine for one service whose workers are started at `now`; `seed` spreads its waits.
    package init(limits: Limits, policy: ServicePolicy, seed: UInt64, now: Instant) {
        self.limits = limits
        self.policy = policy
        random = SeededGenerator(seed: seed)
        workers = (0..<limits.workers).map { _ in Worker(startAt: now) }
        openWorkers = OpenWorkers(workers: limits.workers)
        reserved = NumberSet(below: limits.workers)
        roomAwaited = NumberSet(below: limits.workers)
        nextAttention = now
        backoff = Backoff(
            initial: limits.retryBackoffInitial, maximum: limits.retryBackoffMaximum,
            factor: limits.retryBackoffFactor, jitter: limits.retryJitter)
        restartBackoff = Backoff(initial: limits.restartBackoffInitial, maximum: limits.restartBackoffMaximum)
        rate = limits.rate.map { TokenBucket($0, now: now) }
        deadLetters = DeadLetters(rate: limits.deadLetterRate, now: now)
    }

    /// The runner has let go of what was given back.
    package mutating func forgetGivenBack() { givenBack.removeAll(keepingCapacity: true) }

    /// The delivery that an action named; valid until the next call that changes the machine.
    package func delivery(_ key: DeliveryKey) -> Delivery { table[key] }

    /// The record at `index` of a delivery, or nil where its partition is no longer assigned.
    package func record(_ index: Int, of delivery: Delivery) -> DeliveredRecord? {
        guard let tracker = trackers[delivery.partition], tracker.epoch == delivery.epoch,
            index < delivery.sequences.count, let record = tracker[delivery.sequences[index]]
        else { return nil }
        return DeliveredRecord(record)
    }

    /// What the runner needs to write the delivery that an action named; nil where it is not the worker's any more, because a
    /// handler that answers what it was not asked yet has ended it: its place may be another's.
    package mutating func head(of key: DeliveryKey, for worker: WorkerIndex) -> DeliveryHead? {
        let id = table.id(of: key)
        guard table.worker(of: key) == worker, workers[worker.value].key(of: id) == key else { return nil }
        return DeliveryHead(id: id, partition: table.partition(of: key), count: table.count(of: key))
    }

    // What is asked for each delivery is `mutating`, though nothing changes: a method that is not, called on a property of a
    // class, gets a copy of the machine's kilobyte and a half.

    /// Looks up the messages (deliveries of one record) that `actions` send to one worker one after the other, from `start`
    /// on, in place of what `messages` holds; answers how many actions that were. What is not the worker's any more is left
    /// out, as with `head`.
    package mutating func collectMessages(
        _ actions: [Action], from start: Int, to worker: WorkerIndex, into messages: inout [OutgoingMessage]
    ) -> Int {
        messages.removeAll(keepingCapacity: true)
        var place = start
        while place < actions.count, case .send(let key, worker) = actions[place] {
            let id = table.id(of: key)
            if table.worker(of: key) == worker, workers[worker.value].key(of: id) == key {
                let look = table.look(at: key)
                let sequence = table.firstSequence(of: key)
                let record = trackers.update(look.partition) { tracker in
                    tracker.epoch == look.epoch ? sequence.flatMap { tracker[$0] } : nil
                }
                messages.append(
                    OutgoingMessage(
                        key: key, id: id, partition: look.partition, place: place,
                        record: (record ?? nil).map(DeliveredRecord.init)))
            }
            place += 1
        }
        return place - start
    }

    /// Puts the delivery's records, in order, in place of what `records` holds; none where its partition is no longer
    /// assigned.
    package mutating func collectRecords(of key: DeliveryKey, into records: inout [DeliveredRecord]) {
        records.removeAll(keepingCapacity: true)
        let epoch = table.epoch(of: key)
        var sequences = table.takeSequences(of: key)
        _ = trackers.update(table.partition(of: key)) { tracker in
            guard tracker.epoch == epoch else { return }
            for sequence in sequences {
                guard let record = tracker[sequence] else { continue }
                records.append(DeliveredRecord(record))
            }
        }
        table.fill(key, with: &sequences)
    }

    /// The delivery that owns this id of the worker, or nil where it is answered.
    package func outstandingDelivery(_ worker: WorkerIndex, id: UInt64) -> Delivery? {
        workers[worker.value].key(of: id).map { table[$0] }
    }

    /// The deliveries that a worker has not let go of, lowest id first.
    package func unansweredDeliveries(of worker: WorkerIndex) -> [Delivery] {
        workers[worker.value].liveIDs.compactMap { workers[worker.value].key(of: $0).map { table[$0] } }
    }

    /// Why the machine ends, or has ended, the worker's process; nil where it ended by itself or was asked to.
    package func failure(of worker: WorkerIndex) -> WorkerFailure? { workers[worker.value].failure }

    /// Whether the letter's record is still held, unsettled: its slot is valid.
    package func holds(_ letter: DeadLetter) -> Bool { deadLetters.entries[letter.key.value] != nil }

    /// Where a partition stands: the lowest offset that is not settled, and how much is held; nil where it is not assigned.
    package func standing(of partition: PartitionIndex) -> (committable: Int64, unsettled: Int)? {
        trackers[partition].map { ($0.committable, $0.unsettled) }
    }

    /// The next offset that may arrive; nil where the partition is not assigned.
    package func position(of partition: PartitionIndex) -> Int64? { trackers[partition]?.position }

    /// The partitions that are assigned now.
    package var assignedPartitions: [PartitionIndex] { trackers.partitions }

    /// Workers that have a process and answered `ready`.
    package var readyWorkers: Int { workers.count { $0.phase == .ready } }

    /// Whether the worker at this place still owes a verdict.
    package func owesVerdicts(_ worker: WorkerIndex) -> Bool { workers[worker.value].live > 0 }

    /// The machine is on its way out: nothing is delivered any more.
    package var isDraining: Bool { drain != nil }

    /// When `--drain-timeout` is over; nil where nothing drains.
    package var drainEnd: Instant? { drain?.deadline }
}

/// Totals since the start, for the closing line of the log and, later, the metrics.
package struct DeliveryCounters: Equatable, Sendable {
    /// Records taken from Kafka.
    package var taken = 0
    /// Records handed to workers, redeliveries included.
    package var delivered = 0
    /// Frames handed to workers.
    package var deliveries = 0
    package var settled = 0
    package var skipped = 0
    /// Records whose dead letter is confirmed.
    package var deadLettered = 0
    /// Records that no handler saw because of `--filter`.
    package var filtered = 0
    /// Records that the metadata of a commit said were settled already.
    package var spared = 0
    /// Attempts that were charged.
    package var failedAttempts = 0
    package var redelivered = 0
    /// Verdicts for ids that were answered already.
    package var lateVerdicts = 0
    package var commits = 0
    package var workerFailures = 0
}

/// A record by its place in one assignment.
struct RecordReference: Equatable {
    var partition: PartitionIndex
    var epoch: UInt32
    var sequence: UInt64
    var lane: LaneIndex
}

/// A partition whose ready lanes wait for company until a deadline.
struct LingeringSource {
    var deadline: Instant
    var partition: PartitionIndex
}
