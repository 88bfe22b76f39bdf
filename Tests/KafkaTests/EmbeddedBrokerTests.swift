import Kafka
import KafkaTestSupport
import Testing

/// What a consumer is told when the broker refuses something: the injections here are those that the end-to-end tests
/// use. ApiKeys: 1 Fetch, 8 OffsetCommit, 10 FindCoordinator, 11 JoinGroup, 18 ApiVersions. The mock cluster of 2.0.2
/// injects nothing into Metadata (3) by `pushErrors`; `setTopicError` does that for one topic.
@Suite(.embeddedBroker("injects errors")) struct EmbeddedBrokerTests {
    /// Subscribes a member to the topic and turns its loop until it was told an error.
    func firstFailure(
        api: Int16, code: Int32
    ) throws -> (place: String, kind: KafkaError.Kind, name: String, hasPartition: Bool, message: String) {
        let topic = try TestTopic()
        try topic.fill(count: 3)
        try topic.broker.pushErrors(api: api, Array(repeating: code, count: 100))
        let member = try TestMember(topic)
        try member.consumer.subscribe(["t"])
        #expect(try member.turn(forUpTo: 15) { !member.failures.isEmpty }, "no error was told: \(member.events)")
        #expect(member.seen.isEmpty)
        let failure = try #require(member.failures.first)
        member.consumer.finish()
        return (failure.place, failure.error.kind, failure.error.name, failure.partition != nil, failure.error.message)
    }

    @Test(
        "GROUP_AUTHORIZATION_FAILED on FindCoordinator or JoinGroup is an event without a partition",
        arguments: [
            Int16(10), 11,
        ])
    func groupAuthorization(api: Int16) throws {
        let failure = try firstFailure(api: api, code: 30)
        #expect(failure.place == "event")
        #expect(failure.kind == .authorization)
        #expect(failure.name == "GROUP_AUTHORIZATION_FAILED")
        #expect(!failure.hasPartition)
    }

    @Test(
        "SASL_AUTHENTICATION_FAILED on FindCoordinator or JoinGroup is an event without a partition",
        arguments: [
            Int16(10), 11,
        ])
    func authentication(api: Int16) throws {
        let failure = try firstFailure(api: api, code: 58)
        #expect(failure.place == "event")
        #expect(failure.kind == .authentication)
        #expect(failure.name == "SASL_AUTHENTICATION_FAILED")
    }

    /// What the broker said is in the text of 2.0.2 and only in the log lines of later versions.
    @Test("An error on ApiVersions makes the broker unreachable")
    func apiVersions() throws {
        let failure = try firstFailure(api: 18, code: 31)
        #expect(failure.place == "event")
        #expect(failure.kind == .brokerUnreachable)
    }

    @Test("TOPIC_AUTHORIZATION_FAILED on Fetch is an arrival with the partition")
    func fetchAuthorization() throws {
        let failure = try firstFailure(api: 1, code: 29)
        #expect(failure.place == "arrival")
        #expect(failure.kind == .authorization)
        #expect(failure.hasPartition)
    }

    @Test("OFFSET_OUT_OF_RANGE on Fetch is an arrival of kind outOfRange with the partition")
    func fetchOutOfRange() throws {
        let failure = try firstFailure(api: 1, code: 1)
        #expect(failure.place == "arrival")
        #expect(failure.kind == .outOfRange)
        #expect(failure.hasPartition)
    }

    @Test(
        "A topic error in the metadata is an event that names the topic",
        arguments: [
            (Int32(3), KafkaError.Kind.unknownTopic), (29, .authorization),
        ])
    func topicError(code: Int32, kind: KafkaError.Kind) throws {
        let topic = try TestTopic()
        try topic.broker.setTopicError("t", code: code)
        let member = try TestMember(topic)
        try member.consumer.subscribe(["t"])
        #expect(try member.turn(forUpTo: 15) { !member.failures.isEmpty }, "\(member.events)")
        let failure = try #require(member.failures.first)
        #expect(failure.place == "event")
        #expect(failure.error.kind == kind)
        #expect(failure.error.message.contains("Subscribed topic not available: t"))
        try member.close()
    }

    @Test(
        "An error on OffsetCommit is told with the commit's token, for the request and for the partition",
        arguments: [
            Int32(29), 30,
        ])
    func commitRefused(code: Int32) throws {
        let topic = try TestTopic()
        let member = try TestMember(topic)
        try member.consumer.assignDirectly([(member.partition(0), offset: 0)])
        try topic.broker.pushErrors(api: 8, [code])
        try member.consumer.commit([CommitEntry(partition: member.partition(0), offset: 1)], token: 5)
        var answer: ([CommitResult], KafkaError?)?
        #expect(
            try member.turn(forUpTo: 15) {
                for case .commitFinished(token: 5, let results, let error) in member.events {
                    answer = (results, error)
                }
                return answer != nil
            }, "\(member.events)")
        #expect(answer?.1?.kind == .authorization)
        #expect(answer?.0.first?.error?.code == code)
        try member.close()
    }

    @Test("A broker that goes down is told as unreachable, and reading goes on when it is back")
    func downAndUp() throws {
        let topic = try TestTopic()
        try topic.fill(count: 3)
        let member = try TestMember(topic, [("reconnect.backoff.max.ms", "200")])
        try member.consumer.assignDirectly([(member.partition(0), offset: 0)])
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 3 })
        try topic.broker.setDown(broker: 1)
        #expect(
            try member.turn(forUpTo: 15) { member.failures.contains { $0.error.kind == .brokerUnreachable } },
            "\(member.events)")
        try topic.broker.setUp(broker: 1)
        try topic.fill(count: 2)
        #expect(try member.turn(forUpTo: 15) { member.seen.count == 5 }, "\(member.seen.count) of 5 seen")
        try member.close()
    }

    @Test("A topic that cannot be created is refused, naming it")
    func badTopics() throws {
        let twice = #expect(throws: KafkaError.self) { _ = try EmbeddedBroker(topics: [("dup", 1), ("dup", 1)]) }
        #expect(twice?.message.contains("\"dup\"") == true)
    }

    @Test("A stopped broker refuses to be controlled and can be stopped again")
    func stopped() throws {
        let broker = try EmbeddedBroker(topics: [("t", 1)])
        broker.stop()
        broker.stop()
        broker.pushErrors(api: 1, [1])
        #expect(throws: KafkaError.self) { try broker.setDown(broker: 1) }
    }
}
