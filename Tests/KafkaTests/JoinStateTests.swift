import Testing

@testable import Kafka

@Suite struct JoinStateTests {
    @Test(
        "The group is being joined from the first request to the last answer",
        arguments: [
            ("steady -> init", true), ("init -> wait-join", true), ("wait-join -> wait-metadata", true),
            ("wait-metadata -> wait-sync", true), ("wait-sync -> wait-assign-call", false),
            ("wait-sync -> wait-unassign-call", false), ("wait-assign-call -> steady", false),
        ])
    func states(change: String, isJoining: Bool) {
        var state = JoinState()
        let text = "[thrd:main]: Group \"a -- b\" changed join state \(change) (state up)"
        state.read(facility: "CGRPJOINSTATE", text: text)
        #expect(state.isJoining == isJoining)
        state.read(facility: "CGRPSTATE", text: "[thrd:main]: Group \"g\" changed state up -> init (join-state steady)")
        state.read(facility: "CGRPJOINSTATE", text: "of another shape")
        #expect(state.isJoining == isJoining)
    }

    @Test("A member is joining until it is assigned, and again when another one comes")
    func member() throws {
        let topic = try TestTopic(partitions: 2)
        let properties = [
            ("partition.assignment.strategy", "cooperative-sticky"), ("session.timeout.ms", "6000"),
            ("heartbeat.interval.ms", "200"),
        ]
        let first = try TestMember(topic, group: "g", properties)
        #expect(!first.consumer.isJoining)
        try first.consumer.subscribe([topic.name])
        #expect(try first.turn(forUpTo: 20) { first.consumer.isJoining }, "\(first.events)")
        #expect(try first.turn(forUpTo: 20) { first.assigned.count == 2 && !first.consumer.isJoining })
        let second = try TestMember(topic, group: "g", properties)
        try second.consumer.subscribe([topic.name])
        #expect(try first.turn(forUpTo: 20) { first.consumer.isJoining }, "\(first.events)")
        #expect(first.assigned.count == 2, "a cooperative member keeps what it has meanwhile")
        let hasLog = first.events.contains { if case .log(level: 7, _, _) = $0 { true } else { false } }
        #expect(!hasLog, "nobody asked for librdkafka's debug lines")
        try first.close()
        try second.close()
    }
}
