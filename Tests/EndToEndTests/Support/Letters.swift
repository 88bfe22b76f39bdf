import DeliveryCore
import Foundation
import Kafka
import Reactor

/// A record as a test compares it.
struct FoundRecord: Equatable {
    var partition: Int32
    var offset: Int64
    var timestamp: Int64?
    var key: String?
    var value: String?
    /// `name=value`, in order; `name` alone for a null value.
    var headers: [String]

    /// The value of the last header with this name.
    func header(_ name: String) -> String? {
        headers.last { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }
}

extension Cluster {
    /// All records of the topic, by partition and offset.
    func records(_ topic: String) async throws -> [FoundRecord] {
        let ends = try await watermarks(topic)
        return try await blocking { [brokers] in
            let wake = try WakeUp()
            let consumer = try Consumer(
                properties: [
                    ("bootstrap.servers", brokers), ("group.id", "reader"), ("auto.offset.reset", "error"),
                    ("fetch.wait.max.ms", "50"),
                ], wake: wake.descriptor)
            defer { consumer.finish() }
            let wanted = ends.reduce(0) { $0 + $1.high - $1.low }
            try consumer.assignDirectly(
                ends.indices.map {
                    (consumer.partitions.index(topic: topic, partition: Int32($0)), offset: ends[$0].low)
                })
            var found: [FoundRecord] = []
            let deadline = ContinuousClock.now + .seconds(20)
            while found.count < wanted {
                guard ContinuousClock.now < deadline else {
                    throw Problem(description: "\(found.count) of \(wanted) records of \(topic) read in 20 s")
                }
                var events: [ConsumerEvent] = []
                consumer.pollEvents(into: &events)
                var arrivals: [Arrival] = []
                consumer.takeRecords(upTo: 1_000, into: &arrivals)
                for case .record(let record) in arrivals + events.compactMap(\.arrival) {
                    found.append(FoundRecord(record, of: consumer))
                    consumer.records.giveBack(record.slot)
                }
                if arrivals.isEmpty { Thread.sleep(forTimeInterval: 0.005) }
            }
            return found.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
        }
    }
}

extension ConsumerEvent {
    /// A record that came by the consumer queue.
    fileprivate var arrival: Arrival? {
        guard case .record(let record) = self else { return nil }
        return .record(record)
    }
}

extension FoundRecord {
    fileprivate init(_ record: Record, of consumer: Consumer) {
        partition = consumer.partitions.name(of: record.partition).partition
        offset = record.offset
        (timestamp, key, value, headers) = consumer.records.withFields(record.slot) { fields in
            (
                fields.timestamp, fields.key.map { String(decoding: $0, as: UTF8.self) },
                fields.value.map { String(decoding: $0, as: UTF8.self) },
                (0..<fields.headerCount).map { position in
                    let header = fields.header(at: position)
                    let name = String(decoding: header.name, as: UTF8.self)
                    return header.value.map { "\(name)=\(String(decoding: $0, as: UTF8.self))" } ?? name
                }
            )
        }
    }
}
