import Foundation
import Kafka
import KafkaTestSupport
import Testing

/// Requests that brokers refuse for a while, by the Kafka protocol's numbers.
@Suite("Trial: requests fail while records flow", .embeddedBroker("injects errors"))
struct TrialRefusalTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        var request: String
        var api: Int16
        var error: String
        var code: Int32
        var testDescription: String { "\(request): \(error)" }

        init(_ request: String, _ api: Int16, _ error: String, _ code: Int32) {
            (self.request, self.api, self.error, self.code) = (request, api, error, code)
        }
    }

    static let passing = [
        Refusal("OffsetCommit", 8, "NOT_COORDINATOR", 16),
        Refusal("OffsetCommit", 8, "COORDINATOR_NOT_AVAILABLE", 15),
        Refusal("OffsetCommit", 8, "COORDINATOR_LOAD_IN_PROGRESS", 14),
        Refusal("OffsetCommit", 8, "REBALANCE_IN_PROGRESS", 27),
        Refusal("OffsetCommit", 8, "REQUEST_TIMED_OUT", 7),
        Refusal("OffsetCommit", 8, "the connection closes", -195),
        Refusal("Heartbeat", 12, "NOT_COORDINATOR", 16),
        Refusal("Heartbeat", 12, "the connection closes", -195),
        Refusal("Fetch", 1, "NOT_LEADER_OR_FOLLOWER", 6),
        Refusal("Fetch", 1, "KAFKA_STORAGE_ERROR", 56),
        Refusal("Fetch", 1, "UNKNOWN_TOPIC_OR_PARTITION", 3),
        Refusal("Fetch", 1, "the connection closes", -195),
    ]

    @Test(
        "A refusal while records flow repeats nothing and loses nothing", .timeLimit(.minutes(30)), arguments: passing)
    func refusedForAWhile(_ refusal: Refusal) async throws {
        try await Slots.shared.run {
            let trial = try await Trial(partitions: 2, each: 3_000)
            // Each of the five costs a look for the coordinator and a new connection, the wait before which doubles.
            let one = try trial.start(
                "one",
                [
                    "--commit-interval", "100ms", "-X", "heartbeat.interval.ms=200", "-X",
                    "reconnect.backoff.max.ms=500",
                ], sessionSeconds: 60)
            try await trial.waitForWork(of: one)
            try trial.cluster.broker.pushErrors(api: refusal.api, Array(repeating: refusal.code, count: 5))
            try await trial.waitForProgress(records: 100)
            try await trial.waitForCommits()
            trial.requireFlow()
            #expect(try await trial.finish() == 0, "something was handled twice. \(trial.seen)")
        }
    }

    static let expelling = [
        Refusal("OffsetCommit", 8, "ILLEGAL_GENERATION", 22),
        Refusal("OffsetCommit", 8, "UNKNOWN_MEMBER_ID", 25),
        Refusal("Heartbeat", 12, "REBALANCE_IN_PROGRESS", 27),
        Refusal("Heartbeat", 12, "ILLEGAL_GENERATION", 22),
        Refusal("Heartbeat", 12, "UNKNOWN_MEMBER_ID", 25),
    ]

    @Test(
        "A refusal that costs the membership: the group is joined again and nothing is lost", .timeLimit(.minutes(30)),
        arguments: expelling)
    func expelled(_ refusal: Refusal) async throws {
        try await Slots.shared.run {
            let trial = try await Trial(partitions: 2, each: 4_000)
            let one = try trial.start("one", ["--commit-interval", "100ms", "-X", "heartbeat.interval.ms=200"])
            try await trial.waitForWork(of: one)
            try trial.cluster.broker.pushErrors(api: refusal.api, [refusal.code])
            try await trial.waitForProgress(records: 100)
            try await trial.waitForCommits()
            trial.requireFlow()
            let duplicates = try await trial.finish()
            print("\(refusal.testDescription): \(duplicates) executions repeated")
        }
    }

    static let joining = [
        Refusal("FindCoordinator", 10, "COORDINATOR_NOT_AVAILABLE", 15),
        Refusal("JoinGroup", 11, "COORDINATOR_LOAD_IN_PROGRESS", 14),
        Refusal("JoinGroup", 11, "NOT_COORDINATOR", 16),
        Refusal("JoinGroup", 11, "UNKNOWN_MEMBER_ID", 25),
        Refusal("SyncGroup", 14, "REBALANCE_IN_PROGRESS", 27),
        Refusal("SyncGroup", 14, "NOT_COORDINATOR", 16),
        Refusal("OffsetFetch", 9, "COORDINATOR_LOAD_IN_PROGRESS", 14),
        Refusal("OffsetFetch", 9, "NOT_COORDINATOR", 16),
        Refusal("ListOffsets", 2, "NOT_LEADER_OR_FOLLOWER", 6),
    ]

    @Test(
        "A refusal during the join is got over, and reading begins where it was left", .timeLimit(.minutes(30)),
        arguments: joining)
    func refusedAtTheJoin(_ refusal: Refusal) async throws {
        try await Slots.shared.run {
            let trial = try await Trial(partitions: 2, each: 300)
            let one = try trial.start()
            try await trial.waitForWork(of: one, records: 20)
            one.process.signal(SIGTERM)
            #expect(try await one.process.waitForExit() == 0, "\(one.process.logTail)")
            try trial.cluster.broker.pushErrors(api: refusal.api, [refusal.code, refusal.code])
            let again = try trial.start()
            try await trial.waitForWork(of: again)
            trial.requireFlow()
            #expect(try await trial.finish() == 0, "something was handled twice. \(trial.seen)")
        }
    }

    @Test("Brokers that answer too late are asked again: nothing is lost", .timeLimit(.minutes(30)))
    func answersComeTooLate() async throws {
        try await Slots.shared.run {
            let trial = try await Trial(partitions: 2, each: 3_000)
            let one = try trial.start(
                "one",
                [
                    "--commit-interval", "100ms", "-X", "socket.timeout.ms=1000", "-X", "fetch.wait.max.ms=100", "-X",
                    "reconnect.backoff.max.ms=200",
                ])
            try await trial.waitForWork(of: one)
            var random = TestRandom()
            try trial.cluster.broker.setRoundTripTime(broker: 1, milliseconds: 1_500)
            try await random.pause(milliseconds: 3_000...4_000)
            try trial.cluster.broker.setRoundTripTime(broker: 1, milliseconds: 0)
            try await trial.waitForCommits()
            trial.requireFlow()
            let duplicates = try await trial.finish()
            print("answers 1.5 s late for 3 s: \(duplicates) executions repeated")
        }
    }
}
