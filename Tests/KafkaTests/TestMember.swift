import DeliveryCore
import Glibc
import Kafka
import KafkaTestSupport
import Testing

/// A record as a test wants to see it: its fields copied out.
struct Seen: Equatable {
    struct Header: Equatable {
        var name: String
        var value: [UInt8]?
    }

    var partition: Int32
    var offset: Int64
    var key: [UInt8]?
    var value: [UInt8]?
    var headers: [Header] = []

    init(_ record: Record, of consumer: Consumer) {
        partition = consumer.partitions.name(of: record.partition).partition
        offset = record.offset
        (key, value, headers) = consumer.records.withFields(record.slot) { fields in
            (
                fields.key.map { Array($0) }, fields.value.map { Array($0) },
                (0..<fields.headerCount).map { position in
                    let header = fields.header(at: position)
                    return Header(
                        name: String(decoding: header.name, as: UTF8.self), value: header.value.map { Array($0) })
                }
            )
        }
    }
}

/// A consumer with the loop around it that the service has: it waits on the wake-up descriptor, polls events, answers
/// rebalances, takes records.
final class TestMember {
    let consumer: Consumer
    /// Where an assigned partition begins; by default at its beginning.
    var startOffset: (PartitionIndex) -> Int64 = { _ in 0 }
    /// Whether records stay held (then `held` has them) or are given back as soon as they were seen.
    var holdsRecords = false
    /// Takes no records while false.
    var takesRecords = true
    var batchSize = 1000

    private(set) var events: [ConsumerEvent] = []
    private(set) var seen: [Seen] = []
    private(set) var held: [Record] = []
    private(set) var ends: [PartitionIndex: Int64] = [:]
    private(set) var failures: [(partition: PartitionIndex?, error: KafkaError, place: String)] = []
    private(set) var assigned: Set<PartitionIndex> = []
    private(set) var wakeUps = 0
    let wakeReading: Int32
    let wakeWriting: Int32

    /// Kept alive: a broker is gone with the last reference to it.
    private let topic: TestTopic?

    /// A member of `group` (a random one by default) that reads from the topic's broker.
    convenience init(
        _ topic: TestTopic, group: String = "g\(UInt32.random(in: 0 ... .max))",
        _ properties: [(name: String, value: String)] = [], hashesKeys: Bool = false
    ) throws {
        try self.init(
            topic.brokers, topic, group: TestBrokers.areEmbedded ? group : "\(topic.name)-\(group)", properties,
            hashesKeys: hashesKeys)
    }

    /// A member of `group` (a random one by default) at these brokers.
    init(
        _ bootstrapServers: String, _ topic: TestTopic? = nil, group: String = "g\(UInt32.random(in: 0 ... .max))",
        _ properties: [(name: String, value: String)] = [], hashesKeys: Bool = false
    ) throws {
        var ends: [Int32] = [0, 0]
        self.topic = topic
        #expect(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        (wakeReading, wakeWriting) = (ends[0], ends[1])
        consumer = try Consumer(
            properties: [
                ("bootstrap.servers", bootstrapServers), ("group.id", group), ("enable.auto.commit", "false"),
                ("enable.auto.offset.store", "false"), ("auto.offset.reset", "error"),
                ("enable.partition.eof", "true"), ("partition.assignment.strategy", "cooperative-sticky"),
                ("fetch.wait.max.ms", "50"), ("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "500"),
            ] + properties, wake: wakeWriting, hashesKeys: hashesKeys)
    }

    deinit {
        consumer.finish()
        Glibc.close(wakeReading)
        Glibc.close(wakeWriting)
    }

    /// Everything after the first rebalance, and so on, in one number: partitions by their Kafka number.
    func partition(_ number: Int32, of topic: String? = nil) -> PartitionIndex {
        consumer.partitions.index(topic: topic ?? self.topic?.name ?? "t", partition: number)
    }

    /// The offsets seen of a partition, in order of arrival.
    func offsets(of partition: Int32) -> [Int64] { seen.filter { $0.partition == partition }.map(\.offset) }

    /// Nil if exactly the offsets of `range` were seen of the partition, in order; else what is wrong first.
    func firstStray(of partition: Int32, in range: Range<Int64>) -> String? {
        let offsets = offsets(of: partition)
        for (place, expected) in range.enumerated() {
            guard place < offsets.count else { return "\(offsets.count) of \(range.count) records seen" }
            if offsets[place] != expected { return "\(offsets[place]) in place of \(expected)" }
        }
        return offsets.count > range.count ? "\(offsets.count) records seen, more than \(range.count)" : nil
    }

    /// Turns the loop until `condition` holds; false after `seconds`.
    func turn(forUpTo seconds: Double, until condition: () -> Bool) throws -> Bool {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(seconds) {
            try turn(waiting: 50)
            if condition() { return true }
        }
        return false
    }

    /// One turn, after waiting up to `waiting` milliseconds for a wake-up.
    func turn(waiting milliseconds: Int32) throws {
        var wait = pollfd(fd: wakeReading, events: Int16(POLLIN), revents: 0)
        if poll(&wait, 1, milliseconds) > 0 {
            var bytes = [UInt8](repeating: 0, count: 4096)
            _ = read(wakeReading, &bytes, bytes.count)
            wakeUps += 1
        }
        var fresh: [ConsumerEvent] = []
        consumer.pollEvents(into: &fresh)
        for event in fresh { try handle(event) }
        while takesRecords {
            var arrivals: [Arrival] = []
            let mayHaveMore = consumer.takeRecords(upTo: batchSize, into: &arrivals)
            for arrival in arrivals { handle(arrival) }
            if !mayHaveMore { break }
        }
    }

    /// Leaves the group as the service does.
    func close() throws {
        giveBackHeld()
        consumer.beginClose()
        let closed = try turn(forUpTo: 10) { consumer.isClosed }
        #expect(closed, "the consumer is not closed after 10 s; events: \(events)")
        consumer.finish()
    }

    func giveBackHeld() {
        for record in held { consumer.records.giveBack(record.slot) }
        held.removeAll()
    }

    func forgetSeen() { seen.removeAll() }

    private func handle(_ event: ConsumerEvent) throws {
        events.append(event)
        switch event {
        case .assigned(let partitions):
            try consumer.assign(partitions.map { ($0, offset: startOffset($0)) })
            assigned.formUnion(partitions)
        case .revoked(let partitions, _):
            giveBackHeld()
            try consumer.unassign(partitions)
            assigned.subtract(partitions)
        case .record(let record): handle(Arrival.record(record))
        case .endReached(let partition, let offset): ends[partition] = offset
        case .failed(let partition, let error): failures.append((partition, error, "event"))
        case .commitFinished, .log, .rebalanceFailed: break
        }
    }

    private func handle(_ arrival: Arrival) {
        switch arrival {
        case .record(let record):
            seen.append(Seen(record, of: consumer))
            if holdsRecords { held.append(record) } else { consumer.records.giveBack(record.slot) }
        case .endReached(let partition, let offset): ends[partition] = offset
        case .failed(let partition, let error): failures.append((partition, error, "arrival"))
        }
    }
}

/// A topic with its brokers, and records in it: `t` on an embedded broker, or a new one on the cluster that
/// `ACKPIPE_TEST_BROKERS` names.
final class TestTopic {
    let brokers: String
    let name: String
    let producer: LoadProducer
    private let embedded: EmbeddedBroker?

    /// `also` further topics, on the embedded broker alone.
    init(partitions: Int = 1, brokers count: Int = 1, also others: [(name: String, partitions: Int)] = []) throws {
        if let external = TestBrokers.external {
            (embedded, brokers) = (nil, external)
            name = try TestTopics(brokers: external).take(partitions: partitions)
        } else {
            let broker = try EmbeddedBroker(topics: [("t", partitions)] + others, brokers: count)
            (embedded, brokers, name) = (broker, broker.bootstrapServers, "t")
        }
        producer = try LoadProducer(bootstrapServers: brokers)
    }

    deinit {
        if embedded == nil { TestTopics(brokers: brokers).giveBack(name) }
    }

    /// The broker of this process; a test that steers it has the trait `embeddedBroker`.
    var broker: EmbeddedBroker {
        get throws { try TestBrokers.own(embedded, brokers) }
    }

    /// Writes `count` records to each partition; the value is the number of the record.
    func fill(_ partitions: ClosedRange<Int32> = 0...0, count: Int, size: Int = 10) throws {
        for partition in partitions {
            for number in 0..<count {
                var value = Array("\(number)".utf8)
                while value.count < size { value.append(UInt8(ascii: " ")) }
                try producer.produce(LoadRecord(topic: name, partition: partition, value: value))
            }
        }
        try flush()
    }

    func flush() throws {
        #expect(producer.flush(timeoutMilliseconds: 20_000), "records not confirmed after 20 s")
        #expect(producer.failures == [])
    }
}
