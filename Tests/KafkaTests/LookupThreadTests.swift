import DeliveryCore
import Kafka
import KafkaTestSupport
import Testing

@Suite struct LookupThreadTests {
    /// Asks and waits for the answer.
    func ask(
        _ member: TestMember, _ partitions: [PartitionIndex], from policy: StartPolicy, useCommitted: Bool = false
    ) throws -> LookupResult {
        let lookup = try LookupThread(consumer: member.consumer, wake: member.wakeWriting)
        lookup.startPositions(partitions, from: policy, useCommitted: useCommitted, token: 42)
        var results: [LookupResult] = []
        let answered = try member.turn(forUpTo: 20) {
            lookup.takeResults(into: &results)
            return !results.isEmpty
        }
        lookup.stop()
        #expect(answered, "no answer after 20 s; events: \(member.events)")
        let result = try #require(results.first)
        #expect(result.token == 42)
        return result
    }

    @Test(
        "Where nothing was committed, the policy decides; a time after the last record means the end",
        arguments: [
            (StartPolicy.earliest, Int64(0), Int64(0)), (.latest, 10, 20), (.timestamp(4_000_000_000_000), 10, 20),
        ])
    func policies(policy: StartPolicy, first: Int64, second: Int64) throws {
        let topic = try TestTopic(partitions: 2, brokers: 2)
        try topic.fill(0...0, count: 10)
        try topic.fill(1...1, count: 20)
        let member = try TestMember(topic)
        let both = [member.partition(1), member.partition(0)]
        let result = try ask(member, both, from: policy, useCommitted: true)
        #expect(result.error == nil)
        #expect(result.positions.map(\.partition) == both)
        #expect(result.positions.map(\.start) == [second, first])
        #expect(result.positions.map(\.high) == [20, 10])
        #expect(result.positions.map(\.low) == [0, 0])
        #expect(result.positions.allSatisfy { $0.committed == nil && $0.metadata == nil })
        try member.close()
    }

    @Test("An answer writes the wake-up descriptor")
    func wakes() throws {
        let topic = try TestTopic()
        let member = try TestMember(topic)
        let before = member.wakeUps
        _ = try ask(member, [member.partition(0)], from: .earliest)
        #expect(member.wakeUps > before)
        try member.close()
    }

    @Test("No partitions is a question with an empty answer")
    func nothing() throws {
        let topic = try TestTopic()
        let member = try TestMember(topic)
        #expect(try ask(member, [], from: .earliest).positions.isEmpty)
        try member.close()
    }

    @Test("A partition that does not exist is an error that names it")
    func unknownPartition() throws {
        let topic = try TestTopic()
        let member = try TestMember(topic)
        let result = try ask(member, [member.partition(9)], from: .earliest)
        #expect(result.positions.isEmpty)
        #expect(result.error?.kind == .unknownTopic)
        #expect(result.error?.message == "topic \"\(topic.name)\" has 1 partitions (0 to 0), not 9")
        try member.close()
    }

    @Test(
        "A topic that does not exist, or may not be seen, is an error that says so and names it",
        .embeddedBroker("injects errors"),
        arguments: [
            (Int32(3), KafkaError.Kind.unknownTopic), (29, .authorization),
        ])
    func topicError(code: Int32, kind: KafkaError.Kind) throws {
        let topic = try TestTopic()
        try topic.broker.setTopicError("t", code: code)
        let member = try TestMember(topic)
        let result = try ask(member, [member.partition(0)], from: .earliest)
        #expect(result.error?.kind == kind)
        #expect(result.error?.message.contains("topic \"t\"") == true, "\(String(describing: result.error))")
        try member.close()
    }

    @Test("A partition without a leader, or whose leader is down, is named and does not hold up the others")
    func partialAnswer() throws {
        let topic = try TestTopic(partitions: 3, brokers: 2)
        for partition in 0...2 { try topic.broker.setLeader("t", partition: Int32(partition), broker: 1) }
        try topic.fill(0...2, count: 10)
        try topic.broker.setLeader("t", partition: 1, broker: nil)
        try topic.broker.setLeader("t", partition: 2, broker: 2)
        try topic.broker.setCoordinator(group: "lookup", broker: 1)
        try topic.broker.setDown(broker: 2)
        let member = try TestMember(topic, group: "lookup")
        let all = [member.partition(2), member.partition(0), member.partition(1)]
        let start = ContinuousClock.now
        let result = try ask(member, all, from: .earliest, useCommitted: true)
        #expect(ContinuousClock.now - start < .seconds(9))
        #expect(result.error == nil)
        #expect(result.positions.map(\.partition) == [member.partition(0)], "\(result)")
        #expect(result.positions.map(\.high) == [10])
        #expect(result.failed.map(\.partition) == [member.partition(2), member.partition(1)])
        #expect(result.failed.last?.error.message == "t [1] has no leader")
        try topic.broker.setUp(broker: 2)
        try topic.broker.setLeader("t", partition: 1, broker: 1)
        let again = try ask(member, result.failed.map(\.partition), from: .earliest, useCommitted: true)
        #expect(again.positions.map(\.partition) == [member.partition(2), member.partition(1)], "\(again)")
        try member.close()
    }

    @Test("A stop in the middle of a question waits for one call only")
    func stopsInTheMiddle() throws {
        let topic = try TestTopic(brokers: 2)
        try topic.broker.setLeader("t", partition: 0, broker: nil)
        let member = try TestMember(topic)
        let lookup = try LookupThread(consumer: member.consumer, wake: member.wakeWriting)
        lookup.startPositions([member.partition(0)], from: .earliest, useCommitted: true, token: 1)
        _ = try member.turn(forUpTo: 0.3) { false }
        let start = ContinuousClock.now
        lookup.stop()
        #expect(ContinuousClock.now - start < .seconds(3))
        try member.close()
    }

    @Test("Without a broker the answer is an error after ten seconds, and a stop does not wait for it")
    func stopsSoon() throws {
        let member = try TestMember("127.0.0.1:1")
        let lookup = try LookupThread(consumer: member.consumer, wake: member.wakeWriting)
        lookup.startPositions([member.partition(0)], from: .earliest, useCommitted: true, token: 1)
        let start = ContinuousClock.now
        lookup.stop()
        lookup.stop()
        #expect(ContinuousClock.now - start < .seconds(6))
        try member.close()
    }
}
