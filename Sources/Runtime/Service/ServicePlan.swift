package import Configuration
package import DeliveryCore
import HandlerProtocol
package import Kafka

/// The settings of one service, translated once into what each part of it wants.
package struct ServicePlan: Sendable {
    package let settings: RunSettings
    package let limits: Limits
    package let policy: ServicePolicy
    /// Where reading begins without a committed offset.
    package let start: StartPolicy
    /// Whether a group's committed offsets are read and written.
    package let usesGroup: Bool
    /// What librdkafka is configured with, in order; the user's own properties come last and win.
    package let properties: [(name: String, value: String)]
    /// `max.poll.interval.ms`, in milliseconds: the loop looks at the consumer queue three times as often.
    package let maxPollMilliseconds: Int64
    /// What the client that writes dead letters is configured with.
    let deadLetterProperties: [(name: String, value: String)]
    /// What a record must fulfil to be delivered; nil where everything is.
    let filter: RecordFilter?
    /// The records that a consumer sees depend on it, and so does what the metadata of a commit means.
    private let isolationLevel: String

    /// Makes the plan; `random` names the private group of `--assign` without `--group`.
    package init(_ settings: RunSettings, random: UInt64) {
        self.settings = settings
        limits = ServicePlan.limits(settings)
        var policy = ServicePolicy()
        policy.order =
            switch settings.order {
            case .partition: .partition
            case .key: .key
            case .none: .none
            }
        policy.commits = settings.group != nil
        policy.exitAtEnd = settings.exitAtEnd
        policy.maxMessages = settings.maxMessages
        policy.isBatch = settings.mode == .batch
        policy.bisects = settings.bisect
        policy.maxAttempts = settings.maxAttempts
        policy.hasDeadLetters = settings.deadLetterTopic != nil
        policy.onExhausted =
            switch settings.onExhausted {
            case .deadLetter: .deadLetter
            case .skip: .skip
            case .stop: .stop
            }
        self.policy = policy
        start =
            switch settings.from {
            case .earliest: .earliest
            case .latest: .latest
            case .timestamp(let milliseconds): .timestamp(milliseconds)
            }
        usesGroup = settings.group != nil
        properties = ServicePlan.properties(settings, random: random)
        deadLetterProperties = ServicePlan.deadLetterProperties(settings)
        filter = RecordFilter.all(of: settings.filters)
        isolationLevel = settings.properties.last { $0.name == "isolation.level" }?.value ?? "read_committed"
        let interval = settings.properties.last { $0.name == "max.poll.interval.ms" }
        maxPollMilliseconds = interval.flatMap { Int64($0.value) } ?? 300_000
    }

    /// The service's name in logs and in `hello`: its own, else the group, or what is read.
    package var name: String {
        // Only a replay has no brokers.
        settings.service ?? settings.group ?? (settings.brokers.isEmpty ? "replay" : "assign")
    }

    /// Names what the metadata of a commit is about: in another group or topic, or with other records in sight, it means
    /// nothing.
    func metadataIdentity(topic: String) -> UInt64 {
        CommitMetadata.identity([settings.group ?? "", topic, isolationLevel])
    }

    /// The consumer's brokers and credentials, and what is said for this client alone.
    private static func deadLetterProperties(_ settings: RunSettings) -> [(name: String, value: String)] {
        [("bootstrap.servers", settings.brokers), ("client.id", "ackpipe")]
            + ConnectionProperties.among(settings.properties)
            + settings.deadLetterProperties.map { ($0.name, $0.value) }
    }

    static func form(_ format: PayloadFormat) -> PayloadForm {
        switch format {
        case .auto: .auto
        case .text: .text
        case .base64: .base64
        case .json: .json
        }
    }

    private static func limits(_ settings: RunSettings) -> Limits {
        var limits = Limits()
        limits.workers = settings.workers
        limits.maxInFlight = settings.maxInFlight
        limits.laneWindow = settings.laneWindow
        limits.maxTotalInFlight = settings.maxTotalInFlight
        // The window, the client's queue and what pauses leave behind share the budget of --max-memory.
        limits.maxInFlightBytes = min(settings.maxInFlightBytes, settings.maxMemory / 2)
        limits.batchSize = settings.mode == .batch ? settings.batchSize : 1
        limits.batchBytes = settings.batchBytes
        // Behind a full pipe of a megabyte: more would be encoded long before it is read, in memory that no cache holds.
        limits.maxUnwrittenBytes = 256 << 10
        limits.batchLinger = Interval(settings.mode == .batch ? settings.batchLinger : .zero)
        limits.ackTimeout = Interval(settings.ackTimeout)
        limits.maxExtend = Interval(settings.maxExtend)
        limits.startTimeout = Interval(settings.startTimeout)
        limits.cancelGrace = Interval(settings.cancelGrace)
        limits.terminateGrace = limits.cancelGrace
        limits.pingInterval = Interval(settings.pingInterval)
        limits.revokeTimeout = Interval(settings.revokeTimeout)
        limits.drainTimeout = Interval(settings.drainTimeout)
        limits.commitInterval = Interval(settings.commitInterval)
        limits.retryBackoffInitial = Interval(settings.retryBackoffInitial)
        limits.retryBackoffMaximum = Interval(settings.retryBackoffMaximum)
        limits.retryBackoffFactor = settings.retryBackoffFactor
        limits.retryJitter = Double(settings.retryJitterPercent) / 100
        limits.rate = settings.rate.map { RateLimit(perSecond: $0.perSecond, burst: $0.burst) }
        limits.deadLetterRate = settings.deadLetterMaxRate.map { RateLimit(perSecond: $0.perSecond, burst: $0.burst) }
        limits.stallTimeout = Interval(settings.stallTimeout)
        return limits
    }

    private static func properties(_ settings: RunSettings, random: UInt64) -> [(name: String, value: String)] {
        var properties: [(name: String, value: String)] = [
            ("bootstrap.servers", settings.brokers),
            // rd_kafka_assign needs a group id too; nothing is ever committed under this one.
            ("group.id", settings.group ?? "ackpipe-assign-\(String(random, radix: 16))"),
            ("client.id", "ackpipe"),
            ("partition.assignment.strategy", "cooperative-sticky"),
            ("allow.auto.create.topics", "false"),
            ("socket.keepalive.enable", "true"),
        ]
        let own = settings.properties.map { ($0.name, $0.value) }
        let ownNames = Set(own.map(\.0))
        properties.removeAll { ownNames.contains($0.name) }
        properties += FetchSettings.properties(own: own, budget: settings.maxMemory / 4) + own
        // Ours whatever the user says: the promises rest on them.
        properties += [
            ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"), ("auto.offset.reset", "error"),
            ("enable.partition.eof", "true"),
        ]
        return properties
    }
}

extension Interval {
    /// The same length of time, in whole nanoseconds; saturates.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let whole = Interval.seconds(seconds)
        let (sum, overflow) = whole.nanoseconds.addingReportingOverflow(attoseconds / 1_000_000_000)
        self.init(nanoseconds: overflow ? .max : sum)
    }
}
