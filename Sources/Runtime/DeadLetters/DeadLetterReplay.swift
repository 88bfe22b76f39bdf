package import Configuration
import DeliveryCore
import Glibc
import Kafka
package import Logging
import Reactor

/// `ackpipe dead-letter replay`: reads a dead-letter topic up to its end and puts records back where they came from.
///
/// One thread, which may wait for brokers. A letter counts as put back when all in-sync replicas have its record, and that is
/// committed afterwards: a replay that is killed may put the last second's letters back twice, and never loses one.
package final class DeadLetterReplay {
    /// One partition of the dead-letter topic.
    struct Partition {
        let number: Int32
        /// What is put back, confirmed; what an earlier run has put back is in it.
        var confirmed: ReplayProgress
        /// The same, and what was handed to the producer.
        var planned: ReplayProgress
        /// What an earlier run has put back.
        let earlier: ReplayProgress
        /// The next offset to be read, and where reading ends.
        var position: Int64
        let end: Int64
        var isRead: Bool { position >= end }
    }

    /// A letter that was handed to the producer.
    struct Pending {
        let partition: PartitionIndex
        let offset: Int64
        let topic: String
    }

    let settings: DeadLetterReplaySettings
    let log: Logger
    let write: (String) -> Void
    let choice: ReplayChoice
    let identity: UInt64
    let wake: WakeUp
    let signals: SignalSource
    let poller: Poller
    let consumer: Consumer
    /// Nil in a dry run.
    let writer: DeadLetterWriter?

    var partitions: [PartitionIndex: Partition] = [:]
    /// What was read and not dealt with, in the order in which it was read.
    var waiting: [Arrival] = []
    var pending: [UInt64: Pending] = [:]
    var nextToken: UInt64 = 0
    /// How many partitions a topic has; nil where it cannot be written to.
    var targets: [String: Int32?] = [:]
    var summary = ReplaySummary()
    /// Why it ends early; the first reason counts.
    var failure: ServiceOutcome?
    /// What went wrong with single letters, which did not end it; the first one counts.
    var laterFault: ServiceOutcome?
    var isInterrupted = false
    var commitInFlight: UInt64?
    var nextCommitToken: UInt64 = 1
    /// What was committed last, by partition, so that nothing is committed twice.
    var committed: [PartitionIndex: ReplayProgress] = [:]
    var sentCommit: [PartitionIndex: ReplayProgress] = [:]

    private init(
        _ settings: DeadLetterReplaySettings, _ log: Logger, _ write: @escaping (String) -> Void
    ) throws {
        self.settings = settings
        self.log = log
        self.write = write
        choice = ReplayChoice(settings: settings)
        identity = CommitMetadata.identity(["dead-letter replay", settings.group, settings.fromTopic])
        summary.isDryRun = settings.dryRun
        signals = try SignalSource(signals: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
        wake = try WakeUp()
        poller = try Poller()
        try poller.add(signals.descriptor, token: 1, reading: true, writing: false)
        try poller.add(wake.descriptor, token: 2, reading: true, writing: false)
        consumer = try Consumer(properties: DeadLetterReplay.reading(settings), wake: wake.descriptor)
        writer =
            settings.dryRun
            ? nil : try DeadLetterWriter(properties: DeadLetterReplay.writing(settings), wake: wake.descriptor)
    }

    /// Does all of it, and answers how it ended. `write` gets the text for stdout: the lines of a dry run, and the summary.
    /// The calling thread must be the only one so far (`SignalSource`).
    package static func run(
        _ settings: DeadLetterReplaySettings, log: Logger, write: @escaping (String) -> Void
    ) -> ServiceOutcome {
        let replay: DeadLetterReplay
        do {
            replay = try DeadLetterReplay(settings, log, write)
        } catch let error as KafkaError {
            return ServiceOutcome(.configuration, "\(error)")
        } catch {
            return ServiceOutcome(.operatingSystem, "\(error)")
        }
        let outcome: ServiceOutcome
        do {
            outcome = try replay.perform()
        } catch let error as ReplayFault {
            outcome = error.outcome
        } catch {
            outcome = ServiceOutcome(.operatingSystem, "\(error)")
        }
        replay.close()
        return outcome
    }

    private func perform() throws -> ServiceOutcome {
        try locate()
        if writer != nil { try proveCommits() }
        try readAll()
        try settle()
        write(summary.text)
        if let failure = failure ?? laterFault { return failure }
        if isInterrupted { log.info("stopped by a signal; what was put back is recorded") }
        return ServiceOutcome(.ok, "done")
    }

    /// Everything is confirmed or has failed by now, or it does not matter any more.
    private func close() {
        writer?.close(within: 0)
        consumer.finish()
    }

    private static func shared(_ settings: DeadLetterReplaySettings) -> [(name: String, value: String)] {
        [("bootstrap.servers", settings.brokers), ("client.id", "ackpipe-dead-letter-replay")]
            + settings.properties.map { ($0.name, $0.value) }
    }

    private static func reading(_ settings: DeadLetterReplaySettings) -> [(name: String, value: String)] {
        [("fetch.message.max.bytes", "1048576"), ("queued.max.messages.kbytes", "16384")] + shared(settings) + [
            ("group.id", settings.group), ("allow.auto.create.topics", "false"), ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"), ("auto.offset.reset", "error"), ("enable.partition.eof", "true"),
        ]
    }

    /// What waits in the producer's queue is the memory that a replay takes.
    private static func writing(_ settings: DeadLetterReplaySettings) -> [(name: String, value: String)] {
        // A transaction that nobody begins would take no record.
        [("queue.buffering.max.kbytes", "65536"), ("queue.buffering.max.messages", "10000")]
            + shared(settings).filter { $0.name.lowercased() != "transactional.id" }
    }
}

/// Why a replay cannot go on at all.
struct ReplayFault: Error {
    let outcome: ServiceOutcome

    init(_ code: ExitCode, _ reason: String) { outcome = ServiceOutcome(code, reason) }

    /// The exit code that fits what a broker has said; `what` says what was being done.
    init(_ error: KafkaError, _ what: String) {
        let code: ExitCode =
            switch error.kind {
            case .brokerUnreachable: .unavailable
            case .authentication, .authorization: .noPermission
            case .unknownTopic: .configuration
            case .outOfRange, .unreadable: .data
            case .maxPollExceeded, .fatal: .software
            case .other: error.isTimeout ? .unavailable : .configuration
            }
        self.init(code, "\(what): \(error)")
    }
}

extension KafkaError {
    /// No answer came in time.
    fileprivate var isTimeout: Bool { ["_TIMED_OUT", "_MSG_TIMED_OUT", "REQUEST_TIMED_OUT"].contains(name) }
}
