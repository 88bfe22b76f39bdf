import DeliveryCore
import Glibc
import Kafka
import Testing

/// Topic `t` with a held record of each shape, a dead-letter topic `dlq`, and a writer.
final class LetterOffice {
    let topic: TestTopic
    let source: TestMember
    let writer: DeadLetterWriter
    private(set) var reports: [DeadLetterWriter.Report] = []
    private(set) var notices: [ConsumerEvent] = []

    init(
        _ records: [LoadRecord] = RecordStoreTests.shapes, brokers: Int = 1,
        _ properties: [(name: String, value: String)] = []
    ) throws {
        topic = try TestTopic(partitions: 1, brokers: brokers, also: [("dlq", 4)])
        for record in records { try topic.producer.produce(record) }
        try topic.flush()
        let source = try TestMember(topic)
        source.holdsRecords = true
        try source.consumer.assignDirectly([(source.partition(0), offset: 0)])
        #expect(
            try source.turn(forUpTo: 10) { source.held.count == records.count },
            "only \(source.held.count) of \(records.count) seen")
        self.source = source
        writer = try DeadLetterWriter(
            properties: [("bootstrap.servers", topic.brokers)] + properties, wake: source.wakeWriting)
    }

    /// Writes the held record at `index`; the token is the index.
    func write(_ index: Int, headers: [(name: String, value: [UInt8])] = []) throws(KafkaError) {
        try writer.write(
            source.held[index].slot, of: source.consumer.records, topic: "dlq", headers: headers, token: UInt64(index))
    }

    /// Waits for so many reports, each time for the wake-up descriptor; tells whether they came.
    func awaitReports(_ count: Int, forUpTo seconds: Double = 10) -> Bool {
        let start = ContinuousClock.now
        while reports.count < count, ContinuousClock.now - start < .seconds(seconds) {
            var wait = pollfd(fd: source.wakeReading, events: Int16(POLLIN), revents: 0)
            if poll(&wait, 1, 100) > 0 {
                var bytes = [UInt8](repeating: 0, count: 4096)
                _ = read(source.wakeReading, &bytes, bytes.count)
                pollReports()
            }
        }
        return reports.count >= count
    }

    func pollReports() {
        writer.poll(into: &reports)
        writer.takeNotices(into: &notices)
    }

    /// All letters, in no order over partitions.
    func letters(_ count: Int) throws -> [Seen] {
        let reader = try TestMember(topic)
        try reader.consumer.assignDirectly((0..<4).map { (reader.partition($0, of: "dlq"), offset: 0) })
        #expect(try reader.turn(forUpTo: 10) { reader.seen.count == count }, "\(reader.seen.count) of \(count) letters")
        let seen = reader.seen
        try reader.close()
        return seen
    }

    func close() throws {
        writer.close(within: 5_000)
        try source.close()
    }
}

extension Seen {
    /// The value of the last header with this name.
    func header(_ name: String) -> [UInt8]? { headers.last { $0.name == name }?.value }
}
