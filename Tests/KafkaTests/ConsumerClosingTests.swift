import Foundation
import Kafka
import KafkaTestSupport
import Synchronization
import Testing

@Suite struct ConsumerClosingTests {
    @Test("Closing a member answers its last revoke and leaves the group, so that a successor joins at once")
    func close() throws {
        let topic = try TestTopic(partitions: 2)
        try topic.fill(0...1, count: 1000)
        let member = try TestMember(topic, group: "g")
        member.holdsRecords = true
        try member.consumer.subscribe([topic.name])
        #expect(try member.turn(forUpTo: 20) { member.seen.count == 2000 }, "\(member.events)")
        try member.close()
        #expect(
            member.events.contains { if case .revoked(let all, lost: false) = $0 { all.count == 2 } else { false } })

        let successor = try TestMember(topic, group: "g")
        try successor.consumer.subscribe([topic.name])
        #expect(try successor.turn(forUpTo: 20) { successor.seen.count == 2000 }, "\(successor.events)")
        try successor.close()
    }

    @Test("A consumer that never had an assignment, nor reached a broker, closes and is freed")
    func closeWithoutBroker() throws {
        let member = try TestMember("127.0.0.1:1")
        try member.consumer.subscribe(["t"])
        #expect(try member.turn(forUpTo: 10) { member.failures.contains { $0.error.kind == .brokerUnreachable } })
        try member.close()
    }

    @Test("Stopping in the middle of the first join neither hangs nor aborts the process", arguments: [10, 500, 2000])
    func closeWhileJoining(milliseconds: Int) throws {
        let topic = try TestTopic()
        let member = try TestMember(topic)
        try member.consumer.subscribe([topic.name])
        _ = try member.turn(forUpTo: Double(milliseconds) / 1000) { false }
        try member.close()
    }

    @Test(
        "Freeing a consumer that joined and was denied its assignment does not abort the process",
        .embeddedBroker("injects errors"))
    func deniedAssignment() throws {
        let topic = try TestTopic()
        // ApiKey 14 is SyncGroup, 30 is GROUP_AUTHORIZATION_FAILED.
        try topic.broker.pushErrors(api: 14, Array(repeating: 30, count: 100))
        let member = try TestMember(topic)
        try member.consumer.subscribe([topic.name])
        _ = try member.turn(forUpTo: 5) { !member.failures.isEmpty }
        member.consumer.finish()
        #expect(member.assigned.isEmpty)
    }

    @Test(
        "Freeing a consumer whose last revoke was not answered does not hang",
        arguments: ["cooperative-sticky", "range"])
    func unansweredRevoke(assignor: String) throws {
        let topic = try TestTopic(partitions: 2)
        try topic.fill(0...1, count: 10)
        let member = try TestMember(topic, [("partition.assignment.strategy", assignor)])
        try member.consumer.subscribe([topic.name])
        #expect(try member.turn(forUpTo: 20) { member.seen.count == 20 }, "\(member.events)")
        member.consumer.beginClose()
        var events: [ConsumerEvent] = []
        let isRevoked = eventually(within: 10) {
            member.consumer.pollEvents(into: &events)
            return events.contains { if case .revoked = $0 { true } else { false } }
        }
        #expect(isRevoked, "\(events)")
        let hasEnded = Flag()
        // Where it hangs it is never given up: its end would free the client a second time.
        nonisolated(unsafe) let hanging = Unmanaged.passRetained(member)
        Thread.detachNewThread {
            hanging.takeUnretainedValue().consumer.finish()
            hasEnded.isSet.withLock { $0 = true }
        }
        try #require(eventually(within: 10) { hasEnded.isSet.withLock { $0 } }, "it hangs")
        hanging.release()
    }

    private final class Flag: Sendable {
        let isSet = Mutex(false)
    }

    private func eventually(within seconds: Double, _ condition: () -> Bool) -> Bool {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(seconds) {
            if condition() { return true }
            usleep(10_000)
        }
        return condition()
    }

    @Test("Finishing twice, and using a finished consumer, does nothing")
    func finishTwice() throws {
        let member = try TestMember("127.0.0.1:1")
        member.consumer.finish()
        member.consumer.finish()
        member.consumer.beginClose()
        #expect(member.consumer.isClosed)
        #expect(member.consumer.memberID == nil)
        var arrivals: [Arrival] = []
        #expect(!member.consumer.takeRecords(upTo: 10, into: &arrivals))
        #expect(throws: KafkaError.self) { try member.consumer.subscribe(["t"]) }
    }
}
