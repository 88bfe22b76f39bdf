import DeliveryCore
import Foundation
import Kafka
import Reactor

/// A record as another consumer of its topic sees it.
struct ReadRecord: Equatable {
    struct Header: Equatable {
        var name: String
        var value: [UInt8]?
    }

    var topic: String
    var partition: Int32
    var offset: Int64
    var key: [UInt8]?
    var value: [UInt8]?
    var headers: [Header]
    var timestamp: Int64?

    /// The value of the first header with this name, as text.
    func text(_ name: String) -> String? { header(name).map { String(decoding: $0, as: UTF8.self) } }

    /// The bytes of the first header with this name.
    func header(_ name: String) -> [UInt8]? { headers.first { $0.name == name }?.value }

    /// The place that a dead letter names: partition and offset, as Java writes them.
    var original: [Int64] {
        ["kafka_dlt-original-partition", "kafka_dlt-original-offset"].map { name in
            (header(name) ?? []).reduce(0) { $0 << 8 | Int64($1) }
        }
    }
}

extension Cluster {
    /// Everything that the topic's partitions hold now, by partition and offset.
    func read(_ topic: String) async throws -> [ReadRecord] {
        let low = try await watermarks(topic).map(\.low)
        let real = self.topic(topic)
        return try await blocking { [brokers] in
            let wake = try WakeUp()
            let consumer = try Consumer(
                properties: [
                    ("bootstrap.servers", brokers), ("group.id", "reader"), ("enable.partition.eof", "true"),
                    ("auto.offset.reset", "error"), ("enable.auto.commit", "false"), ("fetch.wait.max.ms", "20"),
                ], wake: wake.descriptor)
            defer { consumer.finish() }
            try consumer.assignDirectly(
                low.enumerated().map { partition, offset in
                    (consumer.partitions.index(topic: real, partition: Int32(partition)), offset: offset)
                })
            var found: [ReadRecord] = []
            var ended: Set<PartitionIndex> = []
            let deadline = ContinuousClock.now + .seconds(60)
            while ended.count < low.count {
                guard ContinuousClock.now < deadline else {
                    throw Problem(description: "the end of \(topic) is not reached after 60 s: \(found.count) records")
                }
                var events: [ConsumerEvent] = []
                consumer.pollEvents(into: &events)
                var arrivals: [Arrival] = []
                _ = consumer.takeRecords(upTo: 1_000, into: &arrivals)
                if arrivals.isEmpty { usleep(5_000) }
                for arrival in events.compactMap(\.arrival) + arrivals {
                    switch arrival {
                    case .record(let record):
                        found.append(ReadRecord(record, of: consumer))
                        consumer.records.giveBack(record.slot)
                    case .endReached(let partition, _): ended.insert(partition)
                    case .failed(_, let error): throw error
                    }
                }
            }
            return found.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
        }
    }
}

extension ConsumerEvent {
    /// What came by the consumer queue in place of the message queue.
    fileprivate var arrival: Arrival? {
        switch self {
        case .record(let record): .record(record)
        case .endReached(let partition, let offset): .endReached(partition, offset: offset)
        case .failed(let partition, let error): .failed(partition, error)
        default: nil
        }
    }
}

extension ReadRecord {
    fileprivate init(_ record: Record, of consumer: Consumer) {
        let name = consumer.partitions.name(of: record.partition)
        (topic, partition, offset) = (name.topic, name.partition, record.offset)
        (key, value, timestamp, headers) = consumer.records.withFields(record.slot) { fields in
            let headers = (0..<fields.headerCount).map { position in
                let header = fields.header(at: position)
                return Header(name: String(decoding: header.name, as: UTF8.self), value: header.value.map { Array($0) })
            }
            return (fields.key.map { Array($0) }, fields.value.map { Array($0) }, fields.timestamp, headers)
        }
    }
}
