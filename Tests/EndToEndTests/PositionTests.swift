import Foundation
import Kafka
import KafkaTestSupport
import Testing

/// Where reading begins and ends: `--from`, committed offsets, `--assign`, `--exit-at-end`, `--topic-pattern`.
@Suite struct PositionTests {
    @Test(
        "Without a committed offset reading begins where --from says", .timeLimit(.minutes(30)),
        arguments: ["earliest", "latest"])
    func from(position: String) async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("t", 2))
            try await cluster.fill("t", partitions: 2, each: 10)
            let journal = Journal(scratch)
            let ackpipe = try run(
                cluster,
                [
                    "--assign", "\(cluster.topic):0", "--assign", "\(cluster.topic):1", "--from", position,
                    "--exit-at-end",
                ], journal, scratch)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(journal.entries().count == (position == "earliest" ? 20 : 0))
        }
    }

    /// The mock cluster models no timestamps and answers every question about one with "no record is that young", so that
    /// what can be shown here is that the question is asked and its answer followed: reading begins at the end.
    @Test(
        "A time as --from is looked up; where no record is that young reading begins at the end",
        .embeddedBroker("it answers every look-up by time with the end"), .timeLimit(.minutes(30)),
        arguments: ["2020-01-01T00:00:00Z", "1577836800000"])
    func fromTime(time: String) async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("t", 1))
            try await cluster.fill("t", partitions: 1, each: 10)
            let journal = Journal(scratch)
            let ackpipe = try run(
                cluster, ["--assign", "\(cluster.topic):0", "--from", time, "--exit-at-end"], journal, scratch)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(journal.entries().isEmpty)
            #expect(ackpipe.log.contains("high=10") && ackpipe.log.contains("position=10"), "\(ackpipe.logTail)")
        }
    }

    @Test("A group goes on at its committed offsets, whatever --from says", .timeLimit(.minutes(30)))
    func committed() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("t", 1))
            try await cluster.fill("t", partitions: 1, each: 20)
            let first = Journal(scratch, "first")
            let member = ["-t", cluster.topic, "-g", cluster.group, "--exit-at-end"]
            let one = try run(cluster, member + ["--max-messages", "7"], first, scratch)
            #expect(try await one.waitForExit() == 0, "\(one.logTail)")
            #expect(first.entries().map(\.offset) == Array(0..<7))
            #expect(try await cluster.committed("g", "t") == [7])
            let second = Journal(scratch, "second")
            let two = try run(cluster, member + ["--from", "latest"], second, scratch)
            #expect(try await two.waitForExit() == 0, "\(two.logTail)")
            #expect(second.entries().map(\.offset) == Array(7..<20))
            #expect(try await cluster.committed("g", "t") == [20])
        }
    }

    @Test(
        "--from latest commits where it began, so that records written while the service is down are delivered",
        .timeLimit(.minutes(30)))
    func latestIsCommitted() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("t", 1))
            try await cluster.fill("t", partitions: 1, each: 10)
            let journal = Journal(scratch)
            let one = try run(
                cluster, ["-t", cluster.topic, "-g", cluster.group, "--from", "latest"], journal, scratch)
            try await one.waitForLog("position=10")
            one.signal(SIGTERM)
            #expect(try await one.waitForExit() == 0, "\(one.logTail)")
            #expect(try await cluster.committed("g", "t") == [10])
            try await cluster.fill("t", partitions: 1, each: 5)
            let two = try run(
                cluster, ["-t", cluster.topic, "-g", cluster.group, "--from", "latest", "--exit-at-end"], journal,
                scratch)
            #expect(try await two.waitForExit() == 0, "\(two.logTail)")
            #expect(journal.entries().map(\.offset) == Array(10..<15))
        }
    }

    @Test(
        "--assign with an offset reads from there, and without a group nothing is committed", .timeLimit(.minutes(30)))
    func assignWithoutGroup() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("t", 3))
            try await cluster.fill("t", partitions: 3, each: 10)
            for run in ["first", "second"] {
                let journal = Journal(scratch, run)
                let ackpipe = try self.run(
                    cluster, ["--assign", "\(cluster.topic):1@7", "--assign", "\(cluster.topic):2", "--exit-at-end"],
                    journal, scratch)
                #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
                #expect(journal.offsets() == [1: [7, 8, 9], 2: Set(0..<10)])
                #expect(ackpipe.log.contains("commits=0"), "\(ackpipe.logTail)")
            }
        }
    }

    @Test(
        "--assign with a group goes on at the committed offset, and takes the offset given where there is none",
        .timeLimit(.minutes(30)))
    func assignWithGroup() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("t", 2))
            try await cluster.fill("t", partitions: 2, each: 10)
            let first = Journal(scratch, "first")
            let one = try run(
                cluster,
                ["--assign", "\(cluster.topic):0@3", "-g", cluster.group, "--exit-at-end", "--max-messages", "4"],
                first, scratch)
            #expect(try await one.waitForExit() == 0, "\(one.logTail)")
            #expect(first.offsets() == [0: [3, 4, 5, 6]])
            #expect(try await cluster.committed("g", "t") == [7, nil])
            let second = Journal(scratch, "second")
            let two = try run(
                cluster,
                [
                    "--assign", "\(cluster.topic):0@3", "--assign", "\(cluster.topic):1@8", "-g", cluster.group,
                    "--exit-at-end",
                ], second, scratch)
            #expect(try await two.waitForExit() == 0, "\(two.logTail)")
            #expect(second.offsets() == [0: [7, 8, 9], 1: [8, 9]])
            #expect(try await cluster.committed("g", "t") == [10, 10])
        }
    }

    @Test("--exit-at-end ends where the log ended at the assignment, not where it ends now", .timeLimit(.minutes(30)))
    func exitAtEnd() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("t", 1))
            try await cluster.fill("t", partitions: 1, each: 10)
            let journal = Journal(scratch)
            let handler = try scratch.python(
                "gate.py",
                """
                def handle(record):
                    while not os.path.exists(os.environ["GATE"]):
                        time.sleep(0.01)
                serve(handle)
                """)
            let gate = scratch.path("gate")
            let ackpipe = try AckpipeProcess(
                ["run"] + cluster.address + [
                    "--assign", "\(cluster.topic):0", "-g", cluster.group, "--exit-at-end", "--",
                ] + handler,
                in: scratch, environment: ["JOURNAL": journal.path, "GATE": gate])
            try await eventually("the first record is delivered", seen: { ackpipe.logTail }) {
                journal.entries().isEmpty ? nil : ()
            }
            try await cluster.fill("t", partitions: 1, each: 10)
            try scratch.write("gate", "open")
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(journal.entries().map(\.offset) == Array(0..<10))
            #expect(try await cluster.committed("g", "t") == [10])
        }
    }

    @Test(
        "--topic-pattern reads every topic whose name matches and no other", .embeddedBroker("topics of given names"),
        .timeLimit(.minutes(30)))
    func topicPattern() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("orders-eu", 2), ("orders-us", 1), ("payments", 1))
            for (topic, count) in [("orders-eu", 2), ("orders-us", 1), ("payments", 1)] {
                try await cluster.fill(topic, partitions: count, each: 5)
            }
            let journal = Journal(scratch)
            let ackpipe = try run(
                cluster, ["--topic-pattern", "orders-.*", "-g", cluster.group, "--exit-at-end"], journal, scratch)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(Set(journal.entries().map(\.topic)) == ["orders-eu", "orders-us"])
            #expect(journal.entries().count == 15)
            #expect(try await cluster.committed("g", "orders-eu") == [5, 5])
            #expect(try await cluster.committed("g", "payments") == [nil])
        }
    }

    private func run(
        _ cluster: Cluster, _ options: [String], _ journal: Journal, _ scratch: Scratch
    ) throws -> AckpipeProcess {
        try AckpipeProcess(
            ["run"] + cluster.address + options + ["--"] + Repository.handler("ack.py"), in: scratch,
            environment: ["JOURNAL": journal.path])
    }
}
