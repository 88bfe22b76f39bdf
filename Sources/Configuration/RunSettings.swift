/// Everything that `ackpipe run` was told, checked, with the defaults filled in. A value; whoever holds it may keep it.
package struct RunSettings: Equatable, Sendable {
    /// The service's name in a file of several; nil where there is one without a name.
    package var service: String?
    /// `HOST:PORT[,HOST:PORT...]`, as librdkafka's `bootstrap.servers` takes it.
    package var brokers: String
    /// The topics to subscribe to; may be empty where a pattern or assignments are given.
    package var topics: [String]
    /// A POSIX extended regular expression that begins with `^`, as librdkafka's subscription takes it.
    package var topicPattern: String?
    /// The consumer group; nil only with assignments.
    package var group: String?
    /// Partitions to read without a group's assignment; empty with topics or a pattern.
    package var assignments: [AssignedPartition]
    /// librdkafka properties, none of them refused; what `@FILE` named has been read.
    package var properties: [Property]
    /// The handler's argument vector, never empty; the first word is the program.
    package var command: [String]
    /// One record a delivery or several.
    package var mode: DeliveryMode
    /// Records of a batch, at most.
    package var batchSize: Int
    /// How long a batch waits to become full.
    package var batchLinger: Duration
    /// Bytes of a batch, at most; never above `maxInFlightBytes`.
    package var batchBytes: Int
    /// Handler processes.
    package var workers: Int
    /// Unanswered deliveries of one handler process, at most.
    package var maxInFlight: Int
    /// Unsettled records of the service, at most.
    package var maxTotalInFlight: Int
    /// Bytes of unsettled records of the service, at most; at most half of `maxMemory`.
    package var maxInFlightBytes: Int
    /// Within what records stay in order.
    package var order: DeliveryOrder
    /// How keys become JSON.
    package var keyFormat: PayloadFormat
    /// How values become JSON.
    package var valueFormat: PayloadFormat
    /// How frames are told apart.
    package var framing: FramingOption
    /// True: the handler reads the protocol on descriptor 3 and writes it on 4. False: stdin and stdout.
    package var protocolDescriptors: Bool
    /// How long a handler may work on a delivery.
    package var ackTimeout: Duration
    /// How long a handler may take to say `ready`.
    package var startTimeout: Duration
    /// The deadline of shutdown, all of it.
    package var drainTimeout: Duration
    /// How long a revoked partition waits for verdicts; at most half of `max.poll.interval.ms`.
    package var revokeTimeout: Duration
    /// How long a handler may take to stop after `cancel`, and after SIGTERM.
    package var cancelGrace: Duration
    /// By how much a deadline may be extended, in all.
    package var maxExtend: Duration
    /// The silence after which a handler is asked for a sign of life; zero is never.
    package var pingInterval: Duration
    /// How long an unfinished frame may stay so.
    package var frameTimeout: Duration
    /// Where to begin without a committed offset.
    package var from: StartPosition
    /// What to do when the log no longer has a position.
    package var outOfRange: OutOfRangePolicy
    /// Bytes of one frame, at most, in both directions.
    package var maxFrameBytes: Int
    /// The service's budget of memory in bytes: its share, where services share one.
    package var maxMemory: Int
    /// True: stop when all that was there at assignment is settled.
    package var exitAtEnd: Bool
    /// Stop after so many settled records; nil is never.
    package var maxMessages: Int?
    /// How often offsets are committed.
    package var commitInterval: Duration
    /// How long to wait for a first broker; nil is for ever.
    package var connectTimeout: Duration?
    /// The wait before the first redelivery of a failed record.
    package var retryBackoffInitial: Duration
    /// The wait to which redeliveries back off; never below the initial one.
    package var retryBackoffMaximum: Duration
    /// The least important level that is logged.
    package var logLevel: LogLevelOption
    /// How a log line looks.
    package var logFormat: LogFormatOption

    // What follows is filled in from the table of options by `resolve`, after the rest.

    /// Unanswered deliveries of one lane, at most; never above `maxInFlight`, and 1 where there are no lanes.
    package var laneWindow = 1
    /// Records handed over, at most so many a second; nil is without a bound.
    package var rate: RateSetting?
    /// Expressions that must all hold for a record to be delivered; another record is settled at once.
    package var filters: [RecordFilter] = []
    /// A partition that has records and settles none of them for so long is reported; zero is never.
    package var stallTimeout = Duration.seconds(120)
    /// True: what a commit's metadata says of settled offsets is not believed.
    package var ignoreCommitMetadata = false
    /// True: a batch that fails as a whole is halved until the record that fails is alone.
    package var bisect = false
    /// Attempts at one record, at most, from 1; nil is for ever.
    package var maxAttempts: Int?
    /// By what the wait grows from one redelivery to the next, from 1.
    package var retryBackoffFactor = 2.0
    /// By how many hundredths a wait is spread either way, 0 to 100.
    package var retryJitterPercent = 20
    /// What becomes of a record whose attempts are used up, or that no attempt can be made at.
    package var onExhausted = ExhaustedPolicy.stop
    /// Where dead letters go: a topic's name, in which `{topic}` may stand once for the source's; see `DeadLetterTopic`.
    package var deadLetterTopic: String?
    /// Dead letters, at most so many a second; nil is without a bound, or without a topic.
    package var deadLetterMaxRate: RateSetting?
    /// librdkafka properties of the client that writes dead letters, none of them refused; they beat `properties` there.
    package var deadLetterProperties: [Property] = []
    /// True: each message also has its headers as the object `meta`.
    package var trpcMeta = false
    /// The path of a file that each record handed over is written to as well; nil for none.
    package var record: String?
    /// The part of the records that is recorded, above 0 and at most 1.
    package var recordSample = 1.0
    /// How large the file may become, in bytes.
    package var recordMaxBytes = 1 << 30
    /// What an operator should know at start: for the log.
    package var notices: [StartNotice] = []
    /// Environment variables that the configuration took values from: they may be secrets, and handlers do not get them.
    package var usedVariables: [String] = []
}

/// Everything that `ackpipe broker` was told, checked, with the defaults filled in.
package struct BrokerSettings: Equatable, Sendable {
    /// The port to listen on; 0 takes a free one.
    package var port: Int
    /// Topics to create.
    package var topics: [NewTopic]
    /// The path of a JSON-lines file whose records are written at start.
    package var load: String?
    /// The least important level that is logged.
    package var logLevel: LogLevelOption
    /// How a log line looks.
    package var logFormat: LogFormatOption
}

/// Everything that `ackpipe demo` was told, checked, with the defaults filled in.
package struct DemoSettings: Equatable, Sendable {
    /// How many sample records are written.
    package var messages: Int
    /// A handler's argument vector instead of the built-in handler; empty for the built-in one.
    package var command: [String]
    /// The least important level that is logged.
    package var logLevel: LogLevelOption
    /// How a log line looks.
    package var logFormat: LogFormatOption
}
