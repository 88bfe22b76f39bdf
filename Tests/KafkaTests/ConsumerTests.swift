import Kafka
import Testing

@Suite struct ConsumerTests {
    @Test("An unknown property is refused by name")
    func unknownProperty() {
        let error = #expect(throws: KafkaError.self) {
            _ = try Consumer(properties: [("group.id", "g"), ("no.such.property", "1")], wake: -1)
        }
        #expect(error?.message.contains("\"no.such.property\"") == true)
    }

    @Test(
        "A value that does not fit a property is refused by the property's name",
        arguments: [
            ("session.timeout.ms", "soon"), ("fetch.min.bytes", "-1"), ("security.protocol", "carrier-pigeon"),
        ])
    func badValue(name: String, value: String) {
        let error = #expect(throws: KafkaError.self) {
            _ = try Consumer(properties: [("group.id", "g"), (name, value)], wake: -1)
        }
        #expect(error?.message.contains("\"\(name)\"") == true)
    }

    @Test("Properties that contradict each other are refused when the client is created")
    func contradiction() {
        let error = #expect(throws: KafkaError.self) {
            _ = try Consumer(
                properties: [("group.id", "g"), ("max.poll.interval.ms", "1000"), ("session.timeout.ms", "6000")],
                wake: -1)
        }
        #expect(error?.message.contains("max.poll.interval.ms") == true)
    }

    @Test("A consumer without a group id is refused, naming the property")
    func noGroup() {
        let error = #expect(throws: KafkaError.self) { _ = try Consumer(properties: [], wake: -1) }
        #expect(error?.message.contains("group.id") == true)
    }

    @Test("Before the first join there is neither member id nor rebalance protocol")
    func beforeJoin() throws {
        let member = try TestMember("127.0.0.1:1")
        #expect(member.consumer.memberID == nil)
        #expect(member.consumer.rebalanceProtocol == "NONE")
        #expect(member.consumer.records.heldCount == 0)
        try member.close()
    }

    @Test("librdkafka's log lines come as events, not on stderr")
    func logsAreEvents() throws {
        let member = try TestMember("127.0.0.1:1", nil, [("debug", "cgrp")])
        #expect(
            try member.turn(forUpTo: 10) {
                member.events.contains { if case .log(level: 7, _, _) = $0 { true } else { false } }
            })
        try member.close()
    }
}
