import DeliveryCore
import Kafka
import KafkaTestSupport
import Testing

@Suite struct ConsumerFlowTests {
    /// A member that reads partition 0 of a filled topic from the start.
    func reading(_ count: Int, size: Int = 10) throws -> (TestTopic, TestMember) {
        let topic = try TestTopic()
        try topic.fill(count: count, size: size)
        let member = try TestMember(topic)
        try member.consumer.assignDirectly([(member.partition(0), offset: 0)])
        return (topic, member)
    }

    @Test("Detaching and attaching a partition keeps order, leaves no gap and delivers nothing twice")
    func detachAndAttach() throws {
        let count = 20_000
        let (_, member) = try reading(count)
        member.batchSize = 100
        var rounds = 0
        let done = try member.turn(forUpTo: 20) {
            member.consumer.detach(member.partition(0))
            member.consumer.detach(member.partition(0))
            rounds += 1
            member.consumer.attach(member.partition(0))
            return member.seen.count >= count
        }
        #expect(done, "\(member.seen.count) of \(count) after \(rounds) rounds")
        #expect(member.firstStray(of: 0, in: 0..<Int64(count)) == nil)
        try member.close()
    }

    @Test("A detached partition delivers nothing, and attaching it wakes the reader")
    func detachedIsSilent() throws {
        let (topic, member) = try reading(10)
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 10 })
        member.consumer.detach(member.partition(0))
        try topic.fill(count: 5)
        // The other way round this would be a race: here the records wait visibly in the log first.
        #expect(try topic.producer.watermarks(topic: topic.name, partition: 0).high == 15)
        _ = try member.turn(forUpTo: 1) { member.seen.count > 10 }
        #expect(member.seen.count == 10)
        member.consumer.attach(member.partition(0))
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 15 }, "\(member.seen.count) of 15 seen")
        #expect(member.firstStray(of: 0, in: 0..<15) == nil)
        try member.close()
    }

    @Test("Pausing and resuming delivers each record once, in order; resuming what is not paused changes nothing")
    func pauseAndResume() throws {
        let count = 20_000
        let (_, member) = try reading(count)
        member.batchSize = 500
        member.takesRecords = false
        var arrivals = 0
        let done = try member.turn(forUpTo: 30) {
            // One batch between a resume and a pause: most of what is fetched is thrown away and fetched again.
            member.takesRecords = true
            arrivals += 1
            if arrivals < 20 {
                member.consumer.pause(member.partition(0))
                member.consumer.pause(member.partition(0))
                member.consumer.resume(member.partition(0))
            }
            member.consumer.resume(member.partition(0))
            return member.seen.count >= count
        }
        #expect(done, "\(member.seen.count) of \(count)")
        #expect(member.firstStray(of: 0, in: 0..<Int64(count)) == nil)
        try member.close()
    }

    @Test("A paused partition delivers nothing until it is resumed")
    func pausedIsSilent() throws {
        let (topic, member) = try reading(10)
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 10 })
        member.consumer.pause(member.partition(0))
        try topic.fill(count: 5)
        _ = try member.turn(forUpTo: 1) { member.seen.count > 10 }
        #expect(member.seen.count == 10)
        member.consumer.resume(member.partition(0))
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 15 }, "\(member.seen.count) of 15 seen")
        #expect(member.firstStray(of: 0, in: 0..<15) == nil)
        try member.close()
    }

    @Test("A seek reads on at the offset, and what waited in the queue is dropped")
    func seek() throws {
        let (_, member) = try reading(1000)
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 1000 })
        member.forgetSeen()
        try member.consumer.seek(member.partition(0), to: 400)
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 600 }, "\(member.seen.count) of 600 seen")
        #expect(member.firstStray(of: 0, in: 400..<1000) == nil)
        try member.close()
    }

    @Test("A seek in a partition that is not assigned throws, naming the reason")
    func seekElsewhere() throws {
        let (_, member) = try reading(1)
        #expect(throws: KafkaError.self) { try member.consumer.seek(member.partition(7, of: "elsewhere"), to: 0) }
        try member.close()
    }

    @Test(
        "A commit with metadata, up to the 3,500 bytes that settled offsets may take, can be looked up again",
        arguments: [
            Array("1:3-5 \u{FC}".utf8), (0..<3_500).map { UInt8(33 + $0 % 94) },
        ])
    func commit(metadata: [UInt8]) throws {
        let (_, member) = try reading(10)
        try member.consumer.commit(
            [CommitEntry(partition: member.partition(0), offset: 7, metadata: metadata)], token: 0xFFFF_FFFF_FFFF_FFFF)
        let answered = try member.turn(forUpTo: 10) {
            member.events.contains { if case .commitFinished = $0 { true } else { false } }
        }
        #expect(answered)
        let result = CommitResult(partition: member.partition(0), error: nil)
        #expect(member.events.contains(.commitFinished(token: 0xFFFF_FFFF_FFFF_FFFF, [result], nil)))
        let lookup = try LookupThread(consumer: member.consumer, wake: member.wakeWriting)
        lookup.startPositions([member.partition(0)], from: .latest, useCommitted: true, token: 3)
        var results: [LookupResult] = []
        #expect(
            try member.turn(forUpTo: 10) {
                lookup.takeResults(into: &results)
                return !results.isEmpty
            })
        let position = StartPosition(
            partition: member.partition(0), committed: 7, metadata: metadata, low: 0, high: 10, start: 7)
        #expect(results.first?.positions == [position])
        lookup.stop()
        try member.close()
    }

    @Test(
        "Metadata that the broker finds too large is told as such, for each partition",
        .embeddedBroker("injects errors"))
    func metadataTooLarge() throws {
        let (topic, member) = try reading(10)
        // The mock cluster takes any length: the broker's refusal is injected.
        try topic.broker.pushErrors(api: 8, [12])
        let entry = Kafka.CommitEntry(partition: member.partition(0), offset: 7, metadata: [0x31])
        var answer: (results: [CommitResult], error: KafkaError?)?
        func commit(_ entry: Kafka.CommitEntry) throws {
            let seen = member.events.count
            try member.consumer.commit([entry], token: 1)
            let answered = try member.turn(forUpTo: 10) {
                for case .commitFinished(_, let results, let error) in member.events[seen...] {
                    answer = (results, error)
                    return true
                }
                return false
            }
            #expect(answered, "no answer after 10 s; events: \(member.events)")
        }
        try commit(entry)
        #expect(answer?.results.map { $0.error?.isMetadataTooLarge } == [true], "\(String(describing: answer))")
        #expect(answer?.results.first?.error?.name == "OFFSET_METADATA_TOO_LARGE")
        try commit(CommitEntry(partition: entry.partition, offset: 7))
        #expect(answer?.results.map { $0.error } == [nil], "\(String(describing: answer))")
        try member.close()
    }

    @Test("A commit of nothing is refused")
    func emptyCommit() throws {
        let (_, member) = try reading(1)
        #expect(throws: KafkaError.self) { try member.consumer.commit([], token: 1) }
        try member.close()
    }

    @Test("The end of the partition is told with the offset past its last record")
    func endReached() throws {
        let (topic, member) = try reading(10)
        #expect(try member.turn(forUpTo: 10) { member.ends[member.partition(0)] == 10 }, "ends: \(member.ends)")
        try topic.fill(count: 2)
        #expect(try member.turn(forUpTo: 10) { member.ends[member.partition(0)] == 12 }, "ends: \(member.ends)")
        try member.close()
    }

    @Test("takeRecords says that more may wait exactly when it filled the batch")
    func mayHaveMore() throws {
        let (_, member) = try reading(10)
        member.takesRecords = false
        // A detached queue would hide them: wait until the fetch has arrived, without taking any.
        var first: [Arrival] = []
        #expect(
            try member.turn(forUpTo: 10) {
                _ = member.consumer.takeRecords(upTo: 1, into: &first)
                return !first.isEmpty
            })
        var second: [Arrival] = []
        #expect(member.consumer.takeRecords(upTo: 4, into: &second))
        #expect(second.count == 4)
        var rest: [Arrival] = []
        #expect(!member.consumer.takeRecords(upTo: 1000, into: &rest))
        #expect(rest.count >= 5)
        try member.close()
    }
}
