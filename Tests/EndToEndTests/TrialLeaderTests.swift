import Foundation
import Kafka
import KafkaTestSupport
import Testing

/// What moves within a cluster while records flow: leaders, coordinators, brokers that go and come.
@Suite(
    "Trial: the cluster moves while records flow", .embeddedBroker("moves leaders and coordinators, takes brokers down")
)
struct TrialLeaderTests {
    @Test("Leaders change ten times: every record is handled, in order, once", .timeLimit(.minutes(30)))
    func leadersChange() async throws {
        try await Slots.shared.run {
            var random = TestRandom()
            let trial = try await Trial(partitions: 6, each: 600, brokers: 3)
            let one = try trial.start("one", ["--workers", "2"], sessionSeconds: 60)
            try await trial.waitForWork(of: one)
            for _ in 1...10 {
                let partition = Int.random(in: 0..<6, using: &random)
                let leader = Int32.random(in: 1...3, using: &random)
                try trial.cluster.broker.setLeader(trial.topic, partition: Int32(partition), broker: leader)
                try await trial.waitForProgress(of: [partition])
                trial.requireFlow()
            }
            #expect(try await trial.finish() == 0, "a change of leaders repeats nothing. \(trial.seen)")
        }
    }

    @Test(
        "A partition without a leader waits, the others go on, and it goes on with the next leader",
        .timeLimit(.minutes(30)))
    func aPartitionHasNoLeaderForAWhile() async throws {
        try await Slots.shared.run {
            let trial = try await Trial(partitions: 4, each: 400, brokers: 2)
            // Small fetches, so that nothing of the partition is left in the client when its leader goes.
            let one = try trial.start(
                "one", ["-X", "queued.min.messages=1", "-X", "fetch.message.max.bytes=1000"], sessionSeconds: 60)
            try await trial.waitForWork(of: one, records: 20)
            try trial.cluster.broker.setLeader(trial.topic, partition: 0, broker: nil)
            try await trial.waitForProgress(of: [1, 2, 3], records: 50)
            trial.requireFlow()
            try trial.cluster.broker.setLeader(trial.topic, partition: 0, broker: 2)
            #expect(try await trial.finish() == 0, "\(trial.seen)")
        }
    }

    @Test(
        "A partition that has no leader at the start is read when it has one; --exit-at-end waits for it",
        .timeLimit(.minutes(30)))
    func aPartitionHasNoLeaderAtTheStart() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 3)
            try await stage.cluster.fill("t", partitions: 3, each: 20)
            try stage.cluster.broker.setLeader("t", partition: 2, broker: nil)
            let ackpipe = try stage.join(
                ["--exit-at-end"], stage.scratch.python("ack.py", "serve(lambda record: None)"))
            _ = try await eventually("the others are handled", seen: { ackpipe.logTail }) {
                stage.journal.entries().count >= 40 ? true : nil
            }
            // Twice more it is looked up in vain.
            _ = try await eventually("the log tells of it", seen: { ackpipe.logTail }) {
                ackpipe.log.contains("no leader") ? true : nil
            }
            #expect(ackpipe.isRunning, "\(ackpipe.logTail)")
            try stage.cluster.broker.setLeader("t", partition: 2, broker: 1)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.journal.entries().count == 60)
            #expect(try await stage.committed() == [20, 20, 20])
        }
    }

    @Test("The group's coordinator changes five times: commits go on at the new one", .timeLimit(.minutes(30)))
    func coordinatorsChange() async throws {
        try await Slots.shared.run {
            let trial = try await Trial(each: 4_000, brokers: 3)
            let one = try trial.start(
                "one", ["--workers", "2", "--commit-interval", "200ms", "-X", "reconnect.backoff.max.ms=500"],
                sessionSeconds: 60)
            try await trial.waitForWork(of: one)
            for turn in 0..<5 {
                try trial.cluster.broker.setCoordinator(group: trial.group, broker: Int32(1 + turn % 3))
                try await trial.waitForCommits()
                trial.requireFlow()
            }
            #expect(try await trial.finish() == 0, "a change of coordinators repeats nothing. \(trial.seen)")
        }
    }

    @Test(
        "Brokers go for a while and come back: handled records are not lost, and the group goes on",
        .timeLimit(.minutes(30)),
        arguments: [(1, 2_000...3_000), (1, 8_000...9_000), (3, 2_000...3_000)])
    func brokersGoAndComeBack(brokers: Int, milliseconds: ClosedRange<Int>) async throws {
        try await Slots.shared.run {
            var random = TestRandom("brokersGoAndComeBack(\(brokers), \(milliseconds))")
            let trial = try await Trial(each: 2_500, brokers: brokers)
            let one = try trial.start("one", ["--workers", "2", "-X", "reconnect.backoff.max.ms=500"])
            try await trial.waitForWork(of: one, records: 50)
            let broker = Int32.random(in: 1...Int32(brokers), using: &random)
            try trial.cluster.broker.setDown(broker: broker)
            try await random.pause(milliseconds: milliseconds)
            try trial.cluster.broker.setUp(broker: broker)
            try await trial.waitForCommits()
            trial.requireFlow()
            let duplicates = try await trial.finish()
            print("\(brokers) brokers, one away for \(milliseconds) ms: \(duplicates) executions repeated")
        }
    }
}
