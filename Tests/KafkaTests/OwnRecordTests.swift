import DeliveryCore
import Kafka
import Testing

/// Records that no broker sent, in the store that holds those of the brokers.
@Suite struct OwnRecordTests {
    /// One for each shape that keys, values and headers can have.
    private static let shapes: [OwnRecord] = [
        OwnRecord(key: nil, value: nil),
        OwnRecord(key: [], value: [], timestamp: 0, timestampType: .append),
        OwnRecord(key: [0xFF, 0], value: [0xC0, 0], timestamp: 1_795_266_000_123, timestampType: .create),
        OwnRecord(key: nil, value: [1], headers: [([], nil), ([7], []), ([7], [1, 2]), ([0, 9], nil)]),
        OwnRecord(key: [1], value: nil, headers: (0..<300).map { ([UInt8($0 % 256)], [UInt8]("v\($0)".utf8)) }),
        OwnRecord(key: nil, value: [UInt8](repeating: 3, count: 1 << 20)),
    ]

    /// What the store tells of a record.
    private struct Told: Equatable {
        var key: [UInt8]?
        var value: [UInt8]?
        var names: [[UInt8]] = []
        var values: [[UInt8]?] = []
        var timestamp: Int64?
        var type: TimestampType

        init(_ record: OwnRecord) {
            (key, value, timestamp) = (record.key, record.value, record.timestamp)
            type = record.timestamp == nil ? .none : record.timestampType
            for header in record.headers {
                names.append(header.name)
                values.append(header.value)
            }
        }

        init(_ slot: RecordSlot, in store: RecordStore) {
            let fields = store.fields(slot)
            key = fields.key.map { Array($0) }
            value = fields.value.map { Array($0) }
            (timestamp, type) = (fields.timestamp, fields.timestampType)
            for place in 0..<fields.headerCount {
                let header = fields.header(at: place)
                names.append(Array(header.name))
                values.append(header.value.map { Array($0) })
            }
        }
    }

    /// What is told is the same as what was put.
    private func expectSame(_ slot: RecordSlot, _ record: OwnRecord, in store: RecordStore) {
        #expect(Told(slot, in: store) == Told(record))
    }

    @Test("null, empty, binary, repeated headers and timestamps come out as they were put, also when copied out")
    func roundTrip() throws {
        let store = RecordStore()
        let slots = try OwnRecordTests.shapes.map { try #require(store.put($0)).slot }
        #expect(Set(slots).count == slots.count && store.heldCount == slots.count)
        for (slot, record) in zip(slots, OwnRecordTests.shapes) { expectSame(slot, record, in: store) }
        for slot in slots { store.copyOut(slot) }
        for (slot, record) in zip(slots, OwnRecordTests.shapes) { expectSame(slot, record, in: store) }
        for slot in slots { store.giveBack(slot) }
        #expect(store.heldCount == 0)
    }

    @Test("a record counts with the bytes of key, value and headers, and what holding it costs")
    func sizes() throws {
        let store = RecordStore()
        let empty = try #require(store.put(OwnRecord(key: nil, value: nil))).size
        #expect(empty > 0)
        let full = OwnRecord(key: [1, 2], value: [3], headers: [([4], nil), ([5, 6], [7, 8, 9])])
        #expect(try #require(store.put(full)).size == empty + 9)
    }

    @Test("memory stays the same however many records pass through, and what is left of many is moved together")
    func memory() throws {
        let store = RecordStore()
        let record = OwnRecord(key: [1], value: [UInt8](repeating: 5, count: 2_000))
        var kept: [RecordSlot] = []
        for round in 0..<400 {
            store.compact()
            let slots = try (0..<100).map { _ in try #require(store.put(record)).slot }
            // One of each bunch stays: without being moved it would keep all of its block.
            kept.append(slots[0])
            for slot in slots.dropFirst() { store.giveBack(slot) }
            #expect(store.mappedBytes < 24 << 20, "round \(round)")
        }
        for slot in kept { expectSame(slot, record, in: store) }
    }
}
