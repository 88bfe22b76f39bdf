import DeliveryCore
import Kafka
import KafkaTestSupport
import Testing

@Suite struct RecordStoreTests {
    /// One record for each shape that keys, values and headers can have.
    static let shapes: [LoadRecord] = [
        LoadRecord(topic: "t", partition: 0, key: nil, value: nil),
        LoadRecord(topic: "t", partition: 0, key: [], value: []),
        LoadRecord(topic: "t", partition: 0, key: [0xFF, 0x00, 0xC0], value: [0xED, 0xA0, 0x80, 0x00]),
        LoadRecord(
            topic: "t", partition: 0, key: [1], value: nil,
            headers: (0..<100).map { ("h\($0)", Array("v\($0)".utf8)) }),
        LoadRecord(
            topic: "t", partition: 0, value: [2], headers: [("a", [1]), ("a", [2]), ("b", nil), ("", []), ("a", nil)]),
        LoadRecord(topic: "t", partition: 0, value: [UInt8](repeating: 7, count: 1 << 20)),
    ]

    /// What `Seen` should be for a record that was produced.
    static func expected(_ record: LoadRecord, offset: Int64) -> (
        key: [UInt8]?, value: [UInt8]?, headers: [Seen.Header]
    ) {
        (record.key, record.value, record.headers.map { Seen.Header(name: $0.name, value: $0.value) })
    }

    func loaded() throws -> (TestTopic, TestMember) {
        let topic = try TestTopic()
        for var record in RecordStoreTests.shapes {
            record.topic = topic.name
            try topic.producer.produce(record)
        }
        try topic.flush()
        let member = try TestMember(topic)
        member.holdsRecords = true
        try member.consumer.assignDirectly([(member.partition(0), offset: 0)])
        let count = RecordStoreTests.shapes.count
        #expect(
            try member.turn(forUpTo: 10) { member.seen.count == count }, "only \(member.seen.count) of \(count) seen")
        return (topic, member)
    }

    @Test("Null, empty, invalid UTF-8, a hundred, repeated and null headers come out as they went in")
    func roundTrip() throws {
        let (_, member) = try loaded()
        for (seen, record) in zip(member.seen, RecordStoreTests.shapes) {
            #expect(seen.key == record.key)
            #expect(seen.value == record.value)
            #expect(seen.headers == RecordStoreTests.expected(record, offset: seen.offset).headers)
        }
        try member.close()
    }

    @Test("A copied-out record has the same fields as the message it replaces")
    func copyOut() throws {
        let (_, member) = try loaded()
        let before = member.held.map { Seen($0, of: member.consumer) }
        for record in member.held { member.consumer.records.copyOut(record.slot) }
        for record in member.held { member.consumer.records.copyOut(record.slot) }
        #expect(member.held.map { Seen($0, of: member.consumer) } == before)
        let times = member.held.map { record in
            member.consumer.records.withFields(record.slot) {
                ($0.timestampType, $0.timestamp ?? 0 > 1_600_000_000_000)
            }
        }
        #expect(times.allSatisfy { $0 == .create && $1 })
        try member.close()
    }

    @Test(
        "Headers that cannot be parsed are told as damaged, and the rest of the record is there",
        .embeddedBroker("takes any bytes for a batch"),
        arguments: [
            RawProduce.varint(3) + RawProduce.varint(1) + [0x61] + RawProduce.varint(1) + [0x31],
            RawProduce.varint(1) + RawProduce.varint(-5) + [0x61], RawProduce.varint(1 << 20),
            RawProduce.varint(1) + RawProduce.varint(1) + [0x61] + RawProduce.varint(1 << 30),
        ])
    func damagedHeaders(headers: [UInt8]) throws {
        let topic = try TestTopic()
        let raw = RawProduce(broker: topic.brokers)
        try raw.write(topic: topic.name, value: [1, 2], headers: headers)
        try raw.write(topic: topic.name, value: [3], headers: RawProduce.varint(0), hasLogTime: true)
        let member = try TestMember(topic)
        member.holdsRecords = true
        try member.consumer.assignDirectly([(member.partition(0), offset: 0)])
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 2 }, "\(member.seen) \(member.failures)")
        try #require(member.held.count == 2)
        let store = member.consumer.records
        for isMoved in [false, true] {
            if isMoved { store.copyOut(member.held[0].slot) }
            #expect(
                store.withFields(member.held[0].slot) {
                    $0.headersAreDamaged && $0.headerCount == 0 && $0.value?.elementsEqual([1, 2]) == true
                        && $0.timestampType == .create && $0.timestamp == 1_700_000_000_000
                }, "moved: \(isMoved)")
        }
        #expect(
            store.withFields(member.held[1].slot) {
                !$0.headersAreDamaged && $0.headerCount == 0 && $0.timestampType == .append
                    && $0.timestamp == 1_700_000_000_001
            })
        try member.close()
    }

    @Test("A record's size counts key, value, headers and the cost of holding it")
    func size() throws {
        let (_, member) = try loaded()
        try #require(member.held.count == 6)
        #expect(member.held[0].size == 192)
        #expect(member.held[2].size == 192 + 3 + 4)
        #expect(member.held[4].size == 192 + 1 + 4 + 2)
        #expect(member.held[5].size == 192 + (1 << 20))
        try member.close()
    }

    @Test("Slots given back are used again, and giving back twice changes nothing")
    func slotsAreReused() throws {
        let (_, member) = try loaded()
        let store = member.consumer.records
        try #require(store.heldCount == 6)
        let first = member.held[0].slot
        store.giveBack(first)
        store.giveBack(first)
        #expect(store.heldCount == member.held.count - 1)
        #expect(store.withFields(first) { $0.key == nil && $0.value == nil && $0.headerCount == 0 })
        try member.consumer.seek(member.partition(0), to: 0)
        member.forgetSeen()
        #expect(try member.turn(forUpTo: 10) { member.seen.count >= 6 })
        let again = try #require(member.held.dropFirst(6).first)
        #expect(again.slot == first)
        member.giveBackHeld()
        #expect(store.heldCount == 0)
        try member.close()
    }

    @Test("What is held when the client is freed is given back, so that nothing hangs")
    func finishWithHeldRecords() throws {
        let (_, member) = try loaded()
        #expect(member.consumer.records.heldCount > 0)
        member.consumer.finish()
        #expect(member.consumer.records.heldCount == 0)
        #expect(member.consumer.isClosed)
    }
}
