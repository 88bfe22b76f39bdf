import DeliveryCore
import HandlerProtocol
import Synchronization

/// Plays ackpipe to a handler within one process: for unit tests, without a broker.
///
///     @Test func refusesAnEmptyOrder() throws {
///         let verdicts = try FakeBridge().run([.test("{}"), .test(nil)]) { record in try handle(record) }
///         #expect(verdicts == [.retry("no customer"), .ack])
///     }
///
/// The handler's code runs as under ackpipe, on the calling thread or, where it is concurrent, on others, and its frames go
/// through the same code as ackpipe's. One object can play many times.
public struct FakeBridge: Sendable {
    /// Records in one delivery: nil delivers each as a message, a number as batches of that size.
    public var batchSize: Int?
    /// Deliveries that are cancelled as soon as all are written, by their place from 0.
    public var cancelled: Set<Int> = []
    /// What the handler is told of itself.
    public var options: HandlerOptions
    /// The time for all verdicts.
    public var timeLimit: Duration
    /// Frames as lines.
    public var usesLines = false

    /// A bridge that delivers each record as a message, or batches of so many.
    public init(
        batchSize: Int? = nil, options: HandlerOptions = HandlerOptions(), timeLimit: Duration = .seconds(60)
    ) {
        self.batchSize = batchSize.map { max(1, $0) }
        self.options = options
        self.timeLimit = timeLimit
    }

    /// What became of a record.
    public enum Verdict: Sendable, Hashable {
        case ack
        /// A failed attempt; the delay is nil where the backoff is the bridge's.
        case retry(String?, after: Duration? = nil)
        case reject(String?)
        case skip(String?)
        /// Given back untried.
        case release
    }

    /// What a handler does that ackpipe would not stand.
    public struct Breach: Error, Sendable, CustomStringConvertible {
        /// What it did.
        public let description: String
    }

    /// Delivers these records to a handler of records; answers what became of each, in their order. Throws what ackpipe
    /// would not stand, and a verdict that does not come.
    public func run(
        _ records: [Record], setup: (@Sendable (Bridge) throws -> Void)? = nil, _ handle: (Record) throws -> Void
    ) throws -> [Verdict] {
        try run(records, setup: setup) { (record: Record, _: Delivery) in try handle(record) }
    }

    /// The same with the delivery.
    public func run(
        _ records: [Record], setup: (@Sendable (Bridge) throws -> Void)? = nil,
        _ handle: (Record, Delivery) throws -> Void
    ) throws -> [Verdict] {
        try inOrder(records, setup) { Attempt.records($0, handle) }
    }

    /// Delivers these records to a handler of batches.
    public func runBatches(
        _ records: [Record], setup: (@Sendable (Bridge) throws -> Void)? = nil,
        _ handle: (Batch) throws -> BatchOutcome
    ) throws -> [Verdict] {
        try inOrder(records, setup) { Attempt.batch($0, handle) }
    }

    /// Delivers these records to a handler that works on several at a time, on threads.
    public func run(
        concurrency: Int, _ records: [Record], setup: (@Sendable (Bridge) throws -> Void)? = nil,
        _ handle: @escaping @Sendable (Record, Delivery) throws -> Void
    ) throws -> [Verdict] {
        let stage = FakeConversation(self, records)
        try stage.play { try serving(stage, concurrency, setup).onThreads { Attempt.records($0, handle) } }
        return try stage.verdicts()
    }

    /// Delivers these records to a handler that waits with `await`.
    public func run(
        concurrency: Int = 1, _ records: [Record], setup: (@Sendable (Bridge) async throws -> Void)? = nil,
        _ handle: @escaping @Sendable (Record, Delivery) async throws -> Void
    ) async throws -> [Verdict] {
        let stage = FakeConversation(self, records)
        let serving = serving(stage, concurrency, setup.map(Handler.blocking))
        try await stage.play { try await serving.inTasks { await Attempt.records($0, handle) } }
        return try stage.verdicts()
    }

    /// Delivers these records to a loop over deliveries.
    public func run(
        concurrency: Int = 1, _ records: [Record], deliveries loop: (Deliveries) async throws -> Void
    ) async throws -> [Verdict] {
        let stage = FakeConversation(self, records)
        let serving = serving(stage, concurrency, nil)
        try await stage.play {
            try await loop(Deliveries(try serving.startReading(broken: { stage.breach($0.description) })))
        }
        return try stage.verdicts()
    }

    private func inOrder(
        _ records: [Record], _ setup: Session.Setup?, _ attempt: (Delivery) -> Void
    ) throws -> [Verdict] {
        let stage = FakeConversation(self, records)
        let serving = serving(stage, 1, setup)
        try stage.play {
            if options.readsWhileWorking { try serving.readingAhead(attempt) } else { try serving.inTurn(attempt) }
        }
        return try stage.verdicts()
    }

    private func serving(_ stage: FakeConversation, _ concurrency: Int, _ setup: Session.Setup?) -> Serving {
        Serving(
            options: options, concurrency: concurrency, framing: usesLines ? .lines : .length,
            transport: stage.transport, setup: setup)
    }
}

extension Record {
    /// A record for tests.
    public static func test(
        _ value: String?, key: String? = nil, topic: String = "topic", partition: Int32 = 0, offset: Int64 = 0,
        headers: [Header] = [], attempt: Int = 1, isRedelivered: Bool = false
    ) -> Record {
        test(
            bytes: value.map { Array($0.utf8) }, key: key.map { Array($0.utf8) }, topic: topic, partition: partition,
            offset: offset, headers: headers, attempt: attempt, isRedelivered: isRedelivered)
    }

    /// A record for tests whose value need not be text.
    public static func test(
        bytes value: [UInt8]?, key: [UInt8]? = nil, topic: String = "topic", partition: Int32 = 0, offset: Int64 = 0,
        headers: [Header] = [], attempt: Int = 1, isRedelivered: Bool = false
    ) -> Record {
        var record = BridgeRecord()
        record.attempt = max(1, attempt)
        record.isRedelivered = isRedelivered
        record.topic = topic
        record.partition = partition
        record.offset = offset
        record.timestamp = 1_760_000_000_000
        record.timestampKind = .create
        record.key = BridgePayload(key, .text)
        record.value = BridgePayload(value, .text)
        record.headers = headers.map { BridgeRecord.Header(name: $0.name, value: $0.value) }
        return Record(decoded: record)
    }
}
