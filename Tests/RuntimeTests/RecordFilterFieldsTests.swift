import Configuration
import DeliveryCore
import Foundation
import Kafka
import Reactor
import Testing

@testable import Runtime

/// The filter's view of records as Kafka's client hands them over, and as they are copied out.
@Suite struct RecordFilterFieldsTests {
    private let records = [
        LoadRecord(topic: "orders", partition: 0, key: Array("k1".utf8), value: nil),
        LoadRecord(topic: "orders", partition: 0, key: nil, value: [1], headers: [("type", Array("order".utf8))]),
        LoadRecord(
            topic: "orders", partition: 0, key: [], value: [2],
            headers: [("type", Array("order".utf8)), ("typ", [1]), ("type", nil), ("types", []), ("", [0xFF])]),
    ]
    /// Filters, and the offsets that fulfil them.
    private let expectations: [(filter: String, offsets: [Int64])] = [
        (#"topic == "orders" and partition == 0"#, [0, 1, 2]), ("offset in (1, 2)", [1, 2]), ("partition == 1", []),
        (#"key starts_with "k""#, [0]), ("key == null", [1]), (#"key == """#, [2]), ("exists header.type", [1, 2]),
        (#"header.type == "order""#, [1]), ("header.type == null", [2]), (#"header.types == """#, [2]),
        (#"header.typ == "\u0001""#, [2]), (#"header.type != "order""#, [0, 2]),
    ]

    @Test func seesARecordsBytesWhereTheyLie() throws {
        let broker = try EmbeddedBroker(topics: [("orders", 1)])
        let producer = try LoadProducer(bootstrapServers: broker.bootstrapServers)
        for record in records { try producer.produce(record) }
        #expect(producer.flush(timeoutMilliseconds: 20_000), "records not confirmed after 20 s")
        let wake = try WakeUp()
        let consumer = try Consumer(
            properties: [
                ("bootstrap.servers", broker.bootstrapServers), ("group.id", "g"), ("enable.auto.commit", "false"),
                ("fetch.wait.max.ms", "50"),
            ], wake: wake.descriptor)
        defer { consumer.finish() }
        try consumer.assignDirectly([(consumer.partitions.index(topic: "orders", partition: 0), offset: 0)])
        let held = take(records.count, from: consumer)
        try #require(held.count == records.count, "\(held.count) records after 20 s")

        try check(held, of: consumer)
        for record in held { consumer.records.copyOut(record.slot) }
        try check(held, of: consumer)
        for record in held { consumer.records.giveBack(record.slot) }
    }

    private func check(_ held: [Record], of consumer: Consumer) throws {
        for (text, offsets) in expectations {
            let filter = try RecordFilter.parse(text)
            let fulfilling = held.filter { record in
                consumer.records.withFields(record.slot) { fields in
                    filter.matches(fields, of: consumer.partitions.name(of: record.partition), offset: record.offset)
                }
            }
            #expect(fulfilling.map(\.offset) == offsets, "\(text)")
        }
    }

    private func take(_ count: Int, from consumer: Consumer) -> [Record] {
        var held: [Record] = []
        let start = ContinuousClock.now
        while held.count < count, ContinuousClock.now - start < .seconds(20) {
            var events: [ConsumerEvent] = []
            consumer.pollEvents(into: &events)
            var arrivals: [Arrival] = []
            consumer.takeRecords(upTo: 100, into: &arrivals)
            for case .record(let record) in arrivals { held.append(record) }
            if arrivals.isEmpty { usleep(10_000) }
        }
        return held
    }
}
