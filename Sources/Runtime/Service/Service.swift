import Configuration
import DeliveryCore
import HandlerProtocol
package import Handlers
import Kafka
package import Logging
import Observability
package import Reactor

/// One service: a source of records, a pool of workers and the machine that decides, all on one thread.
///
/// A turn of the loop: wait until the machine's next deadline; gather inputs, each source bounded; let the machine decide;
/// perform its actions; one write a worker. Nothing here is shared or locked; other threads reach it by its mailbox.
package final class Service {
    let plan: ServicePlan
    let log: Logger
    let guardProcess: Guard?
    let inheritedEnvironment: [String]
    let poller: Poller
    /// Something other than records waits: commands, events of the client, look-ups, reports on dead letters.
    let wake: WakeUp
    /// Records wait.
    let recordWake: WakeUp
    let mailbox: Mailbox<ServiceCommand>
    let source: any RecordSource
    let lookups: any PositionLookup
    /// The source's, kept here because they are asked for each record.
    let store: RecordStore
    let partitionTable: PartitionTable

    private let machineMemory: CheckedInDebug<DeliveryMachine>
    /// What decides. Computed, because a property wrapper cannot hold what must not be copied.
    var machine: DeliveryMachine {
        @inline(__always) _read { yield machineMemory.wrappedValue }
        @inline(__always) _modify { yield &machineMemory.wrappedValue }
    }
    @CheckedInDebug var actions: [Action] = []
    /// Those that are being performed, while others are appended to `actions`; empty between turns.
    @CheckedInDebug var performed: [Action] = []
    @CheckedInDebug var now: Instant
    var timeline: StartTimeline

    @CheckedInDebug var connections: [WorkerConnection?]
    var lives: [UInt32]
    /// Those that were given something to say since the last flush, each once.
    @CheckedInDebug var talkative: [WorkerConnection] = []
    /// Counts for the summary of a replay; nil where records come from brokers.
    let tally: FileReplayTally?
    /// Writes what is handed over to a file; nil where nothing is recorded, or no more.
    @CheckedInDebug var recorder: Recorder?
    /// The poller tells when a replayed file has more.
    var isWatchingInput = false
    /// No frame, and no end that was announced, has taken too long before this; nil where none is waited for. What was waited
    /// for may have come since.
    var nextFrameCheck: Instant?
    /// The command could be executed once: a later failure to do so may pass.
    var hasLaunched = false
    var readBuffer = ReadBuffer(capacity: 64 << 10)
    @CheckedInDebug var topics = TopicCache()
    @CheckedInDebug var pen: Pen

    @CheckedInDebug var readiness: [Readiness] = []
    @CheckedInDebug var events: [ConsumerEvent] = []
    @CheckedInDebug var arrivals = Arrivals()
    /// Acknowledgements by id of the worker whose frames are being decoded, for the machine to take together.
    @CheckedInDebug var acknowledged: [UInt64] = []
    /// The ids of the latest acknowledgement of several.
    @CheckedInDebug var listed: [UInt64] = []
    @CheckedInDebug var lookupResults: [LookupResult] = []
    var mayHaveMoreRecords = false
    var lastConsumerPoll: Instant

    @CheckedInDebug var rebalances = RebalanceQueue()
    var outOfRange: Set<PartitionIndex> = []
    /// When the ends of the partitions in `outOfRange` are asked for again.
    var relocationRetryAt: Instant?
    var hasConnected = false
    /// A broker has answered, seen when --connect-timeout was over.
    var hasReachedBroker = false
    /// The group gave an assignment, be it an empty one: the brokers were reached.
    var hasJoined = false
    /// Commits that wait until the group is joined.
    @CheckedInDebug var heldCommits: [(entries: [DeliveryCore.CommitEntry], token: UInt64)] = []
    /// Partitions whose last commit was refused, and why.
    var refusedCommits: [PartitionIndex: KafkaError] = [:]
    var startedAt: Instant
    var brokerTrouble = TroubleReport()
    /// What handlers said of the failures of this turn.
    var failureTexts: [FailedPlace: String] = [:]
    /// Writes dead letters; nil where no topic is named for them, or after the writer broke.
    var deadLetterWriter: DeadLetterWriter?
    var deadLetterReports: [DeadLetterWriter.Report] = []
    /// Letters that the writer has not reported on, by token, and whether they go without all that may be left out.
    var lettersUnderWay: [UInt64: (letter: DeadLetter, isBrief: Bool)] = [:]
    /// Why the last letter was not written.
    var deadLetterError = ""
    /// What is known of failures of records that may become dead letters.
    var failureNotes = FailureNotes()
    /// Partitions of the assignment whose position is not found yet.
    @CheckedInDebug var missing = MissingPositions()
    /// The last record that could not be encoded, and why, for the words about the service's end.
    var encodingFailure: (place: FailedPlace, reason: String)?
    var failureLimit = RateLimiter(perSecond: 50, burst: 200)

    /// Why the service stops, where the reason lies outside the machine.
    var ending: ServiceOutcome?
    var finished: Ending?

    /// Opens the client and the poller. Called on the service's thread, which then calls `run`.
    ///
    /// `guardProcess` ends the handlers' process groups when the daemon is killed; `environment` is the daemon's own. With
    /// `replay` the records come from a file in place of brokers.
    package init(
        plan: ServicePlan, log: Logger, guardProcess: Guard?, environment: [String], mailbox: Mailbox<ServiceCommand>,
        wake: WakeUp, replay: FileReplay? = nil
    ) throws {
        self.plan = plan
        self.log = log
        self.guardProcess = guardProcess
        inheritedEnvironment = environment
        self.wake = wake
        self.mailbox = mailbox
        poller = try Poller()
        recordWake = try WakeUp()
        try poller.add(wake, token: WorkerToken.wake)
        try poller.add(recordWake, token: WorkerToken.recordWake)
        let now = Instant(nanoseconds: MonotonicClock.nanoseconds())
        self.now = now
        if let replay {
            let file = FileSource(
                replay.file, topic: replay.topic, limit: replay.limit, wake: wake.descriptor,
                recordWake: recordWake.descriptor, hashesKeys: plan.policy.order == .key)
            source = file
            lookups = file
            tally = FileReplayTally(replay, file, workers: plan.limits.workers, now: now)
        } else {
            let consumer = try Consumer(
                properties: plan.properties, wake: wake.descriptor, recordWake: recordWake.descriptor,
                hashesKeys: plan.policy.order == .key)
            source = consumer
            lookups = try LookupThread(consumer: consumer, wake: wake.descriptor)
            tally = nil
        }
        recorder = try Recorder.open(plan.settings)
        store = source.records
        partitionTable = source.partitions
        startedAt = now
        lastConsumerPoll = now
        timeline = StartTimeline(started: now, level: replay == nil ? .info : .debug)
        pen = Pen(
            encoder: FrameEncoder(
                framing: plan.settings.framing == .lines ? .lines : .length, maxFrameBytes: plan.settings.maxFrameBytes,
                keyForm: ServicePlan.form(plan.settings.keyFormat),
                valueForm: ServicePlan.form(plan.settings.valueFormat),
                writesMeta: plan.settings.trpcMeta))
        var generator = SystemRandomNumberGenerator()
        machineMemory = CheckedInDebug(
            wrappedValue: DeliveryMachine(limits: plan.limits, policy: plan.policy, seed: generator.next(), now: now))
        if plan.settings.deadLetterTopic != nil {
            deadLetterWriter = try DeadLetterWriter(
                properties: plan.deadLetterProperties, wake: wake.descriptor)
        }
        connections = Array(repeating: nil, count: plan.limits.workers)
        lives = Array(repeating: 0, count: plan.limits.workers)
    }

    /// Runs until the service has ended; answers how. The thread that made the service.
    package func run() -> ServiceOutcome {
        defer { if let tally { tally.replay.results.send(tally.conclude(machine.counters)) } }
        do {
            try begin()
            while finished == nil { try turn() }
            return close()
        } catch {
            endWorkersAtOnce()
            return ServiceOutcome(.operatingSystem, "the service loop failed: \(error)")
        }
    }

    private func begin() throws {
        if plan.settings.assignments.isEmpty {
            try source.subscribe(plan.settings.topics + (plan.settings.topicPattern.map { [$0] } ?? []))
        } else {
            beginDirectAssignment()
        }
    }

    // MARK: One turn

    private func turn() throws {
        try poller.wait(timeoutMilliseconds: timeout(), into: &readiness)
        now = Instant(nanoseconds: MonotonicClock.nanoseconds())
        var isWoken = false
        for ready in readiness {
            if ready.token == WorkerToken.recordWake {
                mayHaveMoreRecords = true
            } else if ready.token == WorkerToken.wake {
                isWoken = true
            } else if ready.token == WorkerToken.input {
                tally?.source.inputCame()
                mayHaveMoreRecords = true
                isWoken = true
            } else if let token = WorkerToken(token: ready.token) {
                handle(ready, token)
            }
        }
        if isWoken { takeCommands() }
        if isWoken || nextConsumerPoll <= now { takeConsumerEvents() }
        if isWoken {
            takeLookupResults()
            takeDeadLetterReports()
        }
        takeRecords()
        endUnfinishedFrames()
        checkConnectTimeout()
        tellLongWait()
        tellReplayProgress()
        decide()
        flushWorkers()
        watchInput()
        if recorder != nil { flushRecording() }
    }

    /// Lets the machine do what is due and performs what it asks for.
    func decide() {
        machine.awaitsPartitions = !missing.partitions.isEmpty || source.awaitsPartitions
        machine.timePassed(now: now, actions: &actions)
        // The next rebalance event is looked at only when everything that was decided before it is done.
        repeat {
            performActions()
            advanceRebalances()
        } while !actions.isEmpty
    }

    /// Milliseconds until something is due; 0 where records wait and may be taken.
    private func timeout() -> Int32 {
        let outlook = machine.outlook()
        if mayHaveMoreRecords && outlook.recordsWanted > 0 { return 0 }
        var next = nextConsumerPoll
        if let deadline = outlook.deadline { next = min(next, deadline) }
        if let deadline = nextFrameCheck { next = min(next, deadline) }
        if let deadline = tally?.nextReport { next = min(next, deadline) }
        if let deadline = recorder?.flushDue { next = min(next, deadline) }
        if let deadline = connectDeadline { next = min(next, deadline) }
        if let deadline = patienceDeadline { next = min(next, deadline) }
        if let deadline = rebalances.retryAt { next = min(next, deadline) }
        if let deadline = relocationRetryAt { next = min(next, deadline) }
        if !outlook.isDraining, let deadline = missing.retryAt { next = min(next, deadline) }
        let current = Instant(nanoseconds: MonotonicClock.nanoseconds())
        guard next > current else { return 0 }
        return Int32(min((next - current).roundedUpMilliseconds, 60_000))
    }

    /// Polling the consumer queue three times an interval keeps the membership of a consumer that is given nothing.
    private var nextConsumerPoll: Instant {
        lastConsumerPoll + .milliseconds(max(1, plan.maxPollMilliseconds / 3))
    }

    private func takeCommands() {
        for command in mailbox.takeAll() {
            switch command {
            case .drain(let signal):
                log.info(
                    "stopping",
                    metadata: ["signal": "\(signal)", "drain.timeout.ms": "\(milliseconds(plan.limits.drainTimeout))"])
                machine.drain(now: now, actions: &actions)
            case .hurry(let signal):
                log.warning("stopping at once: a second signal", metadata: ["signal": "\(signal)"])
                machine.drain(fast: true, now: now, actions: &actions)
            }
        }
    }

    /// Bytes of records taken in one turn: copying more would keep the turn's other work waiting for milliseconds.
    private static let bytesATurn = 4 << 20

    private func takeRecords() {
        guard mayHaveMoreRecords else { return }
        let wanted = machine.wanted()
        let budget = min(wanted.records, 1_000)
        guard budget > 0 else { return }
        let bytes = min(wanted.bytes, Service.bytesATurn)
        mayHaveMoreRecords = source.takeRecords(upTo: budget, bytes: bytes, into: &arrivals)
        if !arrivals.records.isEmpty { timeline.pass(.firstRecord, now: now, log: log) }
        // In a local variable, where its elements can be lent out.
        var arrived = Arrivals()
        swap(&arrived, &arrivals)
        filter(&arrived.records)
        let known = recorder == nil ? 0 : machine.givenBack.count
        var next = 0
        for other in arrived.others {
            machine.recordsArrived(
                arrived.records.span.extracting(next..<other.position), now: now, actions: &actions)
            next = other.position
            take(other.arrival)
        }
        machine.recordsArrived(arrived.records.span.extracting(next...), now: now, actions: &actions)
        if recorder != nil { writeRecording(of: arrived.records, exceptFrom: known) }
        swap(&arrived, &arrivals)
    }

    /// A record that came alone, by the queue of the consumer's events.
    func take(_ record: Record) {
        timeline.pass(.firstRecord, now: now, log: log)
        var records = [record]
        filter(&records)
        let known = machine.givenBack.count
        machine.recordsArrived(records.span, now: now, actions: &actions)
        writeRecording(of: records, exceptFrom: known)
    }

    func take(_ arrival: OtherArrival) {
        switch arrival {
        case .endReached(let partition, let offset):
            machine.endReached(partition, offset: offset, now: now)
        case .failed(let partition, let error):
            consumerFailed(error, at: partition)
        }
    }

    /// Marks the records that `--filter` keeps from the handler.
    private func filter(_ records: inout [Record]) {
        guard let filter = plan.filter else { return }
        for index in records.indices {
            let (slot, offset) = (records[index].slot, records[index].offset)
            let name = partitionTable.name(of: records[index].partition)
            records[index].isFiltered = unsafe store.withFields(slot) { fields in
                unsafe !filter.matches(fields, of: name, offset: offset)
            }
        }
    }

    /// Stops for a reason that the machine does not know; the first reason is the one that is told.
    func stop(_ code: ExitCode, _ reason: String) {
        guard ending == nil else { return }
        ending = ServiceOutcome(code, reason)
        log.error("service stops", metadata: ["reason": "\(reason)", "exit.code": "\(code.rawValue)"])
        machine.stop(.external, now: now, actions: &actions)
    }

    func milliseconds(_ interval: Interval) -> Int64 { interval.nanoseconds / 1_000_000 }
}

/// A record that failed, for the words about it.
struct FailedPlace: Hashable {
    var partition: PartitionIndex
    var offset: Int64
}

/// What other threads ask of a service.
package enum ServiceCommand: Sendable {
    /// Drain and stop; the signal's name is for the log.
    case drain(signal: String)
    /// Stop at once.
    case hurry(signal: String)
}
