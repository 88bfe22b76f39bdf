import DeliveryCore
import Glibc
import Kafka
import KafkaTestSupport
import Testing

/// What one take from the message queue brings, and what it leaves.
@Suite struct TakeTests {
    /// A member that reads all partitions of a topic from the start and takes nothing by itself.
    private func reading(_ topic: TestTopic, partitions: Range<Int32> = 0..<1) throws -> TestMember {
        let member = try TestMember(topic)
        member.takesRecords = false
        try member.consumer.assignDirectly(partitions.map { (member.partition($0), offset: 0) })
        return member
    }

    /// Takes with these bounds until `condition` holds, up to 20 seconds; false where it does not.
    private func take(
        _ member: TestMember, upTo count: Int = 1000, bytes: Int = .max, until condition: (Arrivals) throws -> Bool
    ) throws -> Bool {
        var arrivals = Arrivals()
        return try member.turn(forUpTo: 20) {
            var mayHaveMore = true
            while mayHaveMore {
                mayHaveMore = member.consumer.takeRecords(upTo: count, bytes: bytes, into: &arrivals)
                if (try? condition(arrivals)) == true { return true }
            }
            return false
        }
    }

    @Test("However small the takes are, each record comes once and in order", arguments: [1, 2, 7, 1000])
    func yielding(batch: Int) throws {
        let (count, partitions) = (2_000, Int32(4))
        let topic = try TestTopic(partitions: Int(partitions))
        try topic.fill(0...partitions - 1, count: count)
        let member = try reading(topic, partitions: 0..<partitions)
        var offsets: [PartitionIndex: [Int64]] = [:]
        var tooLarge: [Int] = []
        let done = try take(member, upTo: batch) { arrivals in
            if arrivals.records.count + arrivals.others.count > batch { tooLarge.append(arrivals.records.count) }
            for record in arrivals.records {
                offsets[record.partition, default: []].append(record.offset)
                member.consumer.records.giveBack(record.slot)
            }
            return offsets.values.reduce(0) { $0 + $1.count } >= Int(partitions) * count
        }
        #expect(done, "\(offsets.mapValues(\.count))")
        #expect(tooLarge.isEmpty)
        for partition in 0..<partitions {
            #expect(offsets[member.partition(partition)] == Array(0..<Int64(count)), "partition \(partition)")
        }
        #expect(member.consumer.records.heldCount == 0)
        try member.close()
    }

    @Test("The end of a partition stands between the records before and after it")
    func endAmongRecords() throws {
        let topic = try TestTopic()
        try topic.fill(count: 10)
        let member = try reading(topic)
        var seen: [Int64] = []
        var ends: [(offset: Int64, after: Int)] = []
        func note(_ arrivals: Arrivals) {
            for other in arrivals.others {
                guard case .endReached(member.partition(0), let offset) = other.arrival else { continue }
                ends.append((offset, seen.count + other.position))
            }
            seen += arrivals.records.map(\.offset)
        }
        #expect(
            try take(member) {
                note($0); return !ends.isEmpty
            }, "\(seen)")
        try topic.fill(count: 5)
        #expect(
            try take(member) {
                note($0); return ends.count == 2
            }, "\(seen) \(ends)")
        #expect(ends.map(\.offset) == [10, 15])
        #expect(ends.map(\.after) == [10, 15])
        #expect(seen == Array(0..<15))
        try member.close()
    }

    @Test("A take ends when its bytes are full, brings at least one record, and leaves the rest")
    func byteBudget() throws {
        let topic = try TestTopic()
        try topic.fill(count: 100, size: 10_000)
        let member = try reading(topic)
        var counts: [Int] = []
        var total = 0
        let done = try take(member, bytes: 25_000) { arrivals in
            if !arrivals.records.isEmpty { counts.append(arrivals.records.count) }
            total += arrivals.records.count
            for record in arrivals.records { member.consumer.records.giveBack(record.slot) }
            return total == 100
        }
        #expect(done, "\(total)")
        #expect(counts.max() == 3, "\(counts)")
        try member.consumer.seek(member.partition(0), to: 0)
        #expect(try take(member, bytes: 0) { $0.records.count == 1 })
        try member.close()
    }

    @Test("A position that the log does not have is told among the arrivals, with the offset asked for")
    func outOfRange() throws {
        let topic = try TestTopic()
        try topic.fill(count: 10)
        let member = try TestMember(topic)
        member.takesRecords = false
        try member.consumer.assignDirectly([(member.partition(0), offset: 1_000)])
        var found: OtherArrival?
        #expect(
            try take(member) { arrivals in
                found = arrivals.others.first?.arrival ?? found
                return found != nil
            })
        guard case .failed(member.partition(0), let error)? = found else {
            Issue.record("\(String(describing: found))")
            return
        }
        #expect(error.kind == .outOfRange)
        #expect(error.offset == 1_000)
        #expect(!error.message.isEmpty)
        try member.close()
    }

    @Test("A record of 4 MB comes out as it went in, between small ones")
    func largeRecord() throws {
        let topic = try TestTopic()
        let large = (0..<4_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        for value in [[1], large, [2]] as [[UInt8]] {
            try topic.producer.produce(LoadRecord(topic: topic.name, partition: 0, value: value))
        }
        try topic.flush()
        try #require(try topic.producer.watermarks(topic: topic.name, partition: 0).low == 0)
        let member = try reading(topic)
        var values: [[UInt8]?] = []
        #expect(
            try take(member) { arrivals in
                values += arrivals.records.map { record in
                    member.consumer.records.withFields(record.slot) { $0.value.map { Array($0) } }
                }
                return values.count == 3
            })
        #expect(values == [[1], large, [2]])
        try member.close()
    }

    @Test("What arrives while a take is half done comes after what waited")
    func arrivingMeanwhile() throws {
        let topic = try TestTopic()
        try topic.fill(count: 500)
        let member = try reading(topic)
        var offsets: [Int64] = []
        var refills = 0
        let done = try take(member, upTo: 3) { arrivals in
            offsets += arrivals.records.map(\.offset)
            if offsets.count / 100 > refills, refills < 5 {
                refills += 1
                try topic.fill(count: 100)
            }
            return offsets.count == 1_000
        }
        #expect(done, "\(offsets.count)")
        #expect(offsets == Array(0..<1_000))
        try member.close()
    }

    @Test("A pause, a seek or a revoke between two takes drops what waits, although it was put back into the queue")
    func droppedInTheQueue() throws {
        let topic = try TestTopic()
        try topic.fill(count: 1_000)
        let member = try reading(topic)
        var offsets: [Int64] = []
        func some(_ count: Int) throws -> Bool {
            let wanted = offsets.count + count
            return try take(member, upTo: 10) { arrivals in
                offsets += arrivals.records.map(\.offset)
                return offsets.count >= wanted
            }
        }
        #expect(try some(10))
        member.consumer.pause(member.partition(0))
        member.consumer.resume(member.partition(0))
        #expect(try some(10))
        #expect(offsets == Array(0..<20))
        try member.consumer.seek(member.partition(0), to: 500)
        #expect(try some(10))
        #expect(offsets.suffix(10) == Array(500..<510))
        try member.consumer.unassign([member.partition(0)])
        var late = Arrivals()
        _ = try member.turn(forUpTo: 0.3) { false }
        member.consumer.takeRecords(upTo: 1_000, bytes: .max, into: &late)
        #expect(late.records.isEmpty)
        try member.consumer.assign([(member.partition(0), offset: 700)])
        #expect(try some(10))
        #expect(offsets.suffix(10) == Array(700..<710))
        try member.close()
    }

    @Test("Events and records lie in the order of the queue")
    func inOrder() {
        let records = (0..<3).map { Record(partition: PartitionIndex(0), offset: $0, size: 1, slot: RecordSlot(0)) }
        var arrivals = Arrivals()
        #expect(arrivals.inOrder == [])
        arrivals.records = records
        arrivals.others = [
            (0, .endReached(PartitionIndex(1), offset: 5)), (2, .failed(nil, KafkaError(code: -195))),
            (3, .endReached(PartitionIndex(0), offset: 3)),
        ]
        #expect(
            arrivals.inOrder == [
                .endReached(PartitionIndex(1), offset: 5), .record(records[0]), .record(records[1]),
                .failed(nil, KafkaError(code: -195)), .record(records[2]), .endReached(PartitionIndex(0), offset: 3),
            ])
    }
}
