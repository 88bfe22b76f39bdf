import DeliveryCore
import Dispatch
import Foundation
import Kafka
import KafkaTestSupport
import Reactor
import Synchronization

/// An embedded broker in the test's own process, or the cluster that `ACKPIPE_TEST_BROKERS` names, and what tests ask of
/// it. Several tests may share one: what changes is behind a lock.
///
/// Tests call topics and groups by short names; on a shared cluster these stand for unique ones: `topic` and `group` tell
/// what the daemon is to be given. Calls that wait for the broker run on a thread of their own: the tests' pool has two.
final class Cluster: @unchecked Sendable {
    /// Records were refused, or the log does not hold what the test put into it.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// Where the brokers are, as `-b` takes it.
    let brokers: String
    private let embedded: EmbeddedBroker?
    private let topics: [(name: String, partitions: Int)]
    /// What the short names stand for; a name that is not here stands for itself.
    private let realTopics: [String: String]
    private let realGroups = Mutex<[String: String]>([:])

    init(_ topics: (name: String, partitions: Int)..., brokers: Int = 1) throws {
        self.topics = topics
        if let external = TestBrokers.external {
            embedded = nil
            self.brokers = external
            var taken: [String: String] = [:]
            do {
                for topic in topics {
                    taken[topic.name] = try TestTopics(brokers: external).take(partitions: topic.partitions)
                }
            } catch {
                for topic in taken.values { TestTopics(brokers: external).giveBack(topic) }
                throw error
            }
            realTopics = taken
            return
        }
        realTopics = [:]
        let broker = try EmbeddedBroker(topics: topics, brokers: brokers)
        embedded = broker
        self.brokers = broker.bootstrapServers
    }

    /// Brokers that another process runs, with these topics.
    init(at brokers: String, _ topics: (name: String, partitions: Int)...) {
        self.topics = topics
        embedded = nil
        self.brokers = brokers
        realTopics = [:]
    }

    deinit {
        for topic in realTopics.values { TestTopics(brokers: brokers).giveBack(topic) }
    }

    /// The first topic, or the one of this name, as the brokers know it.
    var topic: String { topic(topics.first?.name ?? "") }
    func topic(_ name: String) -> String { realTopics[name] ?? name }

    /// The group that most tests have, or the one of this name, as the brokers know it.
    var group: String { group("g") }
    func group(_ name: String) -> String {
        guard embedded == nil, brokers == TestBrokers.external else { return name }
        return realGroups.withLock { groups in
            if let known = groups[name] { return known }
            let real = TestBrokers.group(name)
            groups[name] = real
            return real
        }
    }

    /// The broker of this process; a test that steers it has the trait `embeddedBroker`.
    var broker: EmbeddedBroker {
        get throws { try TestBrokers.own(embedded, brokers) }
    }

    /// `-b` with its value.
    var address: [String] { ["-b", brokers] }

    /// Writes these records and waits until each is confirmed.
    func write(_ records: @escaping @Sendable (_ write: (LoadRecord) throws -> Void) throws -> Void) async throws {
        try await blocking { [brokers, realTopics] in
            let loader = try LoadProducer(bootstrapServers: brokers)
            defer { loader.close() }
            try records {
                var record = $0
                record.topic = realTopics[record.topic] ?? record.topic
                try loader.produce(record)
            }
            guard loader.flush(timeoutMilliseconds: 60_000), loader.failures.isEmpty else {
                throw Problem(description: "not written: \(loader.failures.first.map { "\($0.error)" } ?? "timeout")")
            }
        }
    }

    /// Writes `count` records of `size` bytes into each partition from 0 to `partitions` - 1, in turn.
    func fill(_ topic: String, partitions: Int, each count: Int, size: Int = 20) async throws {
        let value = [UInt8](repeating: UInt8(ascii: "v"), count: size)
        try await write { write in
            for _ in 0..<count {
                for partition in 0..<partitions {
                    try write(LoadRecord(topic: topic, partition: Int32(partition), value: value))
                }
            }
        }
    }

    /// The offsets of the oldest record and of the next one to be written, for each partition of the topic.
    func watermarks(_ topic: String) async throws -> [(low: Int64, high: Int64)] {
        let count = topics.first { $0.name == topic }?.partitions ?? 0
        let real = self.topic(topic)
        return try await blocking { [brokers] in
            let loader = try LoadProducer(bootstrapServers: brokers)
            defer { loader.close() }
            return try (0..<count).map { try loader.watermarks(topic: real, partition: Int32($0)) }
        }
    }

    /// Fails where the log lost its oldest records: it keeps 5 MB a partition, and a volume test needs all of them.
    func requireWholeLog(_ topic: String) async throws {
        for (partition, ends) in try await watermarks(topic).enumerated() where ends.low != 0 {
            throw Problem(
                description: "\(topic) [\(partition)] begins at \(ends.low): the load does not fit the broker")
        }
    }

    /// The group's committed offset of each partition of the topic; nil where there is none.
    func committed(_ group: String, _ topic: String) async throws -> [Int64?] {
        let count = topics.first { $0.name == topic }?.partitions ?? 0
        let wake = try WakeUp()
        let consumer = try Consumer(
            properties: [("bootstrap.servers", brokers), ("group.id", self.group(group))], wake: wake.descriptor)
        let lookups = try LookupThread(consumer: consumer, wake: wake.descriptor)
        let partitions = (0..<count).map { consumer.partitions.index(topic: self.topic(topic), partition: Int32($0)) }
        lookups.startPositions(partitions, from: .earliest, useCommitted: true, token: 1)
        let result: LookupResult = try await eventually("the broker tells committed offsets") {
            var results: [LookupResult] = []
            lookups.takeResults(into: &results)
            return results.first
        }
        try await blocking {
            lookups.stop()
            consumer.finish()
        }
        if let error = result.error { throw error }
        return result.positions.map(\.committed)
    }
}

/// Runs `body` on a thread that may wait, and suspends the test meanwhile.
func blocking<R>(_ body: @escaping () throws -> R) async throws -> R {
    let work = BlockingWork(body: body)
    return try await withCheckedThrowingContinuation {
        (continuation: CheckedContinuation<BlockingResult<R>, any Error>) in
        DispatchQueue.global().async {
            continuation.resume(with: Result { BlockingResult(value: try work.body()) })
        }
    }.value
}

/// Hands a closure to another thread and waits for its end: nothing runs at the same time.
private struct BlockingWork<R>: @unchecked Sendable {
    let body: () throws -> R
}

private struct BlockingResult<R>: @unchecked Sendable {
    let value: R
}
