import DeliveryCore
import Kafka
import KafkaTestSupport
import Testing

/// What records take from the system, however they are given back.
@Suite struct RecordMemoryTests {
    private static let partitions: Int32 = 6
    private static let each = 3_600
    private static let count = Int(partitions) * each
    /// Blocks without records are kept up to 4 MiB, and one is being filled.
    private static let keptBytes = 5 << 20

    /// A member that holds 21,600 records of 1 kB from 6 partitions.
    private func holding() throws -> TestMember {
        let topic = try TestTopic(partitions: Int(Self.partitions))
        try topic.fill(0...Self.partitions - 1, count: Self.each, size: 1_000)
        let member = try TestMember(topic)
        member.takesRecords = false
        try member.consumer.assignDirectly((0..<Self.partitions).map { (member.partition($0), offset: 0) })
        return member
    }

    private func take(_ member: TestMember, _ count: Int = count, giveBack: Bool = false) throws -> [Record] {
        var all: [Record] = []
        var arrivals = Arrivals()
        let done = try member.turn(forUpTo: 20) {
            while member.consumer.takeRecords(upTo: 500, bytes: .max, into: &arrivals) || !arrivals.records.isEmpty {
                all += arrivals.records
                if giveBack { giveBackAtOnce(arrivals.records[...], of: member) }
            }
            return all.count >= count
        }
        try #require(done, "\(all.count) of \(count)")
        return all
    }

    private func giveBackAtOnce(_ records: ArraySlice<Record>, of member: TestMember) {
        // A variable of its own: the compiler fails on the span of an unnamed array.
        let slots = records.map(\.slot)
        member.consumer.records.giveBack(slots.span)
    }

    private func value(_ record: Record, of member: TestMember) -> String {
        member.consumer.records.withFields(record.slot) { fields in
            String(decoding: fields.value ?? UnsafeRawBufferPointer(start: nil, count: 0), as: UTF8.self)
        }
    }

    private func isIntact(_ record: Record, of member: TestMember) -> Bool {
        let value = value(record, of: member)
        return value.utf8.count == 1_000 && value.split(separator: " ") == ["\(record.offset)"]
    }

    @Test("After a burst its memory goes back to the system, in whatever order the records are given back")
    func burst() throws {
        let member = try holding()
        let store = member.consumer.records
        var records = try take(member)
        #expect(store.mappedBytes >= Self.count * 1_000)
        #expect(store.mappedBytes < Self.count * 1_000 * 5 / 4)
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(state: seed)
        records.shuffle(using: &generator)
        for record in records.prefix(Self.count / 2) { store.giveBack(record.slot) }
        #expect(records.dropFirst(Self.count / 2).allSatisfy { isIntact($0, of: member) }, "seed \(seed)")
        giveBackAtOnce(records.dropFirst(Self.count / 2), of: member)
        #expect(store.heldCount == 0)
        #expect(store.mappedBytes <= Self.keptBytes, "seed \(seed)")
        try member.close()
    }

    @Test("A few records that stay do not keep all the memory that they came in: they are moved together")
    func compaction() throws {
        let member = try holding()
        let store = member.consumer.records
        let records = try take(member)
        // One of forty: every block of 256 KiB keeps some.
        let staying = records.enumerated().filter { $0.offset % 40 == 0 }.map(\.element)
        for record in records.enumerated().filter({ $0.offset % 40 != 0 }).map(\.element) {
            store.giveBack(record.slot)
        }
        let before = store.mappedBytes
        #expect(before >= Self.count * 1_000, "the blocks were not pinned to begin with")
        var arrivals = Arrivals()
        for _ in 0..<10 { member.consumer.takeRecords(upTo: 1, bytes: 1, into: &arrivals) }
        #expect(store.mappedBytes <= 8 << 20 + Self.keptBytes, "\(before) bytes before")
        #expect(staying.allSatisfy { isIntact($0, of: member) })
        #expect(store.heldCount == staying.count)
        for record in staying { store.giveBack(record.slot) }
        #expect(store.mappedBytes <= Self.keptBytes)
        try member.close()
    }

    @Test("What was copied out keeps no block, and is read and given back like the others")
    func copyOut() throws {
        let member = try holding()
        let store = member.consumer.records
        let records = try take(member)
        for (place, record) in records.enumerated() {
            if place % 1_000 == 0 { store.copyOut(record.slot) } else { store.giveBack(record.slot) }
        }
        #expect(store.mappedBytes <= Self.keptBytes)
        let copied = stride(from: 0, to: records.count, by: 1_000).map { records[$0] }
        #expect(store.heldCount == copied.count)
        #expect(copied.allSatisfy { isIntact($0, of: member) })
        giveBackAtOnce(copied[...], of: member)
        #expect(store.heldCount == 0)
        try member.close()
    }

    @Test("Taking and giving back for ever uses the same memory again and again")
    func steadyState() throws {
        let member = try holding()
        _ = try take(member, giveBack: true)
        let mapped = member.consumer.records.mappedBytes
        #expect(mapped <= 2 << 20, "\(mapped)")
        for partition in 0..<Self.partitions { try member.consumer.seek(member.partition(partition), to: 0) }
        _ = try take(member, giveBack: true)
        #expect(member.consumer.records.mappedBytes == mapped)
        try member.close()
    }
}

/// SplitMix64, so that an order can be had again.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
