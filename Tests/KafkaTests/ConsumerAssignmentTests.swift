import DeliveryCore
import Glibc
import Kafka
import KafkaTestSupport
import Testing

@Suite struct ConsumerAssignmentTests {
    @Test(
        "A second member takes half of the partitions over, and no record is lost",
        arguments: [
            "cooperative-sticky", "range",
        ])
    func rebalance(strategy: String) throws {
        let topic = try TestTopic(partitions: 4)
        try topic.fill(0...3, count: 100)
        let properties = [
            (name: "partition.assignment.strategy", value: strategy), (name: "heartbeat.interval.ms", value: "200"),
        ]
        let first = try TestMember(topic, group: "g", properties)
        try first.consumer.subscribe([topic.name])
        #expect(try first.turn(forUpTo: 20) { first.seen.count == 400 }, "\(first.seen.count); \(first.events)")
        #expect(first.assigned.count == 4)
        #expect(first.consumer.memberID != nil)
        #expect(first.consumer.rebalanceProtocol == (strategy == "range" ? "EAGER" : "COOPERATIVE"))
        #expect(!first.consumer.assignmentLost)

        let second = try TestMember(topic, group: "g", properties)
        try second.consumer.subscribe([topic.name])
        let shared = try first.turn(forUpTo: 30) {
            try? second.turn(waiting: 10)
            return first.assigned.count == 2 && second.assigned.count == 2
        }
        #expect(shared, "first \(first.assigned), second \(second.assigned), \(first.events), \(second.events)")
        first.forgetSeen()
        second.forgetSeen()
        try topic.fill(0...3, count: 10)
        let all = try first.turn(forUpTo: 20) {
            try? second.turn(waiting: 10)
            return (0..<4).allSatisfy { partition in
                Set(first.offsets(of: partition) + second.offsets(of: partition)).isSuperset(of: 100..<110)
            }
        }
        #expect(all, "first \(first.seen.count), second \(second.seen.count)")
        try first.close()
        try second.close()
    }

    @Test("A regular expression subscribes to every topic that it matches", .embeddedBroker("topics of given names"))
    func pattern() throws {
        let broker = try EmbeddedBroker(topics: [("a-1", 1), ("a-2", 1), ("b-1", 1)])
        let member = try TestMember(broker.bootstrapServers)
        try member.consumer.subscribe(["^a-.*"])
        #expect(try member.turn(forUpTo: 20) { member.assigned.count == 2 }, "\(member.events)")
        let topics = member.assigned.map { member.consumer.partitions.name(of: $0).topic }
        #expect(topics.sorted() == ["a-1", "a-2"])
        try member.close()
    }

    @Test("Partitions that were unassigned and come back at once are read on, by the message queue")
    func reassignAtOnce() throws {
        let count: Int32 = 40
        let topic = try TestTopic(partitions: Int(count))
        try topic.fill(0...(count - 1), count: 20)
        let member = try TestMember(topic)
        let all = (0..<count).map { member.partition($0) }
        for round in 0..<30 {
            member.forgetSeen()
            try member.consumer.assignDirectly(all.map { ($0, offset: 0) })
            if round % 3 == 1 { member.consumer.pause(all[0]) }
            if round % 3 == 2 {
                let seen = try member.turn(forUpTo: 10) { member.seen.count == 800 }
                #expect(seen, "round \(round): \(member.seen.count) of 800")
            }
            try member.consumer.unassign(all)
        }
        member.forgetSeen()
        try member.consumer.assignDirectly(all.map { ($0, offset: 0) })
        #expect(try member.turn(forUpTo: 20) { member.seen.count == 800 }, "\(member.seen.count) of 800")
        for partition in 0..<count { #expect(member.firstStray(of: partition, in: 0..<20) == nil) }
        let strays = member.events.filter { if case .record = $0 { true } else { false } }
        #expect(strays.isEmpty, "records in the consumer queue: \(strays)")
        try member.close()
    }

    @Test("A position outside of the log is an arrival of kind outOfRange with the position in it; restart reads on")
    func outOfRange() throws {
        let topic = try TestTopic(partitions: 2)
        try topic.fill(0...1, count: 100)
        let member = try TestMember(topic)
        try member.consumer.assignDirectly([(member.partition(0), offset: 5000), (member.partition(1), offset: 0)])
        #expect(
            try member.turn(forUpTo: 10) { !member.failures.isEmpty && member.seen.count == 100 },
            "\(member.failures), \(member.seen.count)")
        let failure = try #require(member.failures.first)
        #expect(failure.place == "arrival")
        #expect(failure.partition == member.partition(0))
        #expect(failure.error.kind == .outOfRange)
        #expect(failure.error.name == "_AUTO_OFFSET_RESET")
        #expect(failure.error.offset == 5000)
        // librdkafka has stopped the partition: a seek is refused, as the comment at `restart` says.
        #expect(throws: KafkaError.self) { try member.consumer.seek(member.partition(0), to: 40) }
        try member.consumer.restart(member.partition(0), at: 40)
        #expect(try member.turn(forUpTo: 10) { member.offsets(of: 0).count == 60 }, "\(member.offsets(of: 0))")
        #expect(member.firstStray(of: 0, in: 40..<100) == nil)
        #expect(member.firstStray(of: 1, in: 0..<100) == nil)
        try member.close()
    }

    @Test("A seek beyond the end is out of range in the same way")
    func seekOutOfRange() throws {
        let topic = try TestTopic()
        try topic.fill(count: 10)
        let member = try TestMember(topic)
        try member.consumer.assignDirectly([(member.partition(0), offset: 0)])
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 10 })
        try member.consumer.seek(member.partition(0), to: 77)
        #expect(try member.turn(forUpTo: 10) { !member.failures.isEmpty })
        #expect(member.failures.first?.error.kind == .outOfRange)
        #expect(member.failures.first?.error.offset == 77)
        try member.close()
    }

    @Test("An idle member that only polls every two seconds outlives twice max.poll.interval.ms")
    func idleMembership() throws {
        let topic = try TestTopic()
        let member = try TestMember(
            topic,
            [("max.poll.interval.ms", "6000"), ("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "500")])
        try member.consumer.subscribe([topic.name])
        #expect(try member.turn(forUpTo: 20) { member.assigned.count == 1 }, "\(member.events)")
        let start = ContinuousClock.now
        var polls: [ContinuousClock.Instant] = []
        while ContinuousClock.now - start < .seconds(13) {
            var wait = timespec(tv_sec: 2, tv_nsec: 0)
            nanosleep(&wait, nil)
            try member.turn(waiting: 0)
            polls.append(ContinuousClock.now)
        }
        #expect(polls.count >= 6)
        #expect(member.failures.isEmpty, "\(member.failures)")
        #expect(member.assigned.count == 1)
        try topic.fill(count: 1)
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 1 })
        try member.close()
    }

    @Test("A member that nobody polls is told maxPollExceeded and loses its assignment")
    func notPolled() throws {
        let topic = try TestTopic()
        let member = try TestMember(
            topic,
            [
                ("max.poll.interval.ms", "4000"), ("session.timeout.ms", "4000"), ("heartbeat.interval.ms", "200"),
                ("enable.partition.eof", "false"),
            ])
        try member.consumer.subscribe([topic.name])
        #expect(try member.turn(forUpTo: 20) { member.assigned.count == 1 }, "\(member.events)")
        // The wake-up is the sign that librdkafka noticed: nothing else is under way.
        var wait = pollfd(fd: member.wakeReading, events: Int16(POLLIN), revents: 0)
        while poll(&wait, 1, 0) > 0 {
            var bytes = [UInt8](repeating: 0, count: 64)
            _ = read(member.wakeReading, &bytes, 64)
        }
        #expect(poll(&wait, 1, 10_000) > 0)
        #expect(
            try member.turn(forUpTo: 10) {
                member.events.contains { if case .revoked(_, lost: true) = $0 { true } else { false } }
            }, "\(member.events)")
        #expect(member.failures.contains { $0.error.kind == .maxPollExceeded })
        try member.close()
    }
}
