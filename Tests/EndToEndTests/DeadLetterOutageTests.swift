import Foundation
import Kafka
import KafkaTestSupport
import Testing

@Suite("Dead letters that cannot be written")
struct DeadLetterOutageTests {
    /// Rejects the record 2 of partition 0.
    private static let rejecting = """
        serve(lambda r: {"action": "reject", "error": "bad"} if (r["partition"], r["offset"]) == (0, 2) else None)
        """

    /// Codes of Kafka's protocol that a Produce request may be refused with.
    private static let notAuthorized: Int32 = 29
    private static let tooLarge: Int32 = 10
    private static let outOfOrder: Int32 = 45
    private static let produce: Int16 = 0

    private func refuseWrites(_ cluster: Cluster) throws {
        try cluster.broker.pushErrors(api: Self.produce, Array(repeating: Self.notAuthorized, count: 5_000))
    }

    @Test(
        "While the brokers refuse them their partition waits and the others go on; then they go through",
        .embeddedBroker("injects errors"), .timeLimit(.minutes(30)))
    func aRefusedLetterHoldsItsPartitionOnly() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2, on: Cluster(("t", 2), ("d", 1)))
            try await stage.cluster.fill("t", partitions: 2, each: 10)
            try refuseWrites(stage.cluster)
            let ackpipe = try stage.run(
                ["--dead-letter-topic", stage.cluster.topic("d"), "--commit-interval", "50ms", "--exit-at-end"],
                stage.scratch.python("rejecting.py", Self.rejecting))
            try await ackpipe.waitForLog("dead letter could not be written: its partition waits")
            try await stage.waitForCommitted([2, 10], ackpipe)
            #expect(stage.journal.offsets() == [0: [0, 1, 2], 1: Set(0..<10)])
            let line = ackpipe.log.split(separator: "\n").first { $0.contains("could not be written") } ?? ""
            #expect(line.contains("kafka.offset=2 kafka.partition=0 kafka.topic=t "), "\(line)")
            #expect(line.contains("dead.letter.topic=d "), "\(line)")
            #expect(ackpipe.isRunning)
            try stage.cluster.broker.clearErrors(api: Self.produce)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try await stage.cluster.read("d").map(\.original) == [[0, 2]])
            #expect(stage.journal.entries().count == 20, "nothing was handed over twice")
            #expect(try await stage.committed() == [10, 10])
        }
    }

    @Test(
        "A record is not settled before its letter is confirmed: after kill -9 of the daemon it comes again",
        .embeddedBroker("injects errors"), .timeLimit(.minutes(30)))
    func aLetterThatIsNotConfirmedSettlesNothing() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1, on: Cluster(("t", 1), ("d", 1)))
            try await stage.cluster.fill("t", partitions: 1, each: 10)
            try refuseWrites(stage.cluster)
            // With order none everything else is settled meanwhile, above the record.
            let options = [
                "--dead-letter-topic", stage.cluster.topic("d"), "--order", "none", "--commit-interval", "50ms",
                "--exit-at-end",
            ]
            let handler = try stage.scratch.python("rejecting.py", Self.rejecting)
            let killed = try stage.run(options, handler)
            try await killed.waitForLog("dead letter could not be written: its partition waits")
            try await stage.waitForCommitted([2], killed)
            killed.killNow()
            _ = try await killed.waitForExit()
            try await stage.marked.requireNone()
            #expect(try await stage.cluster.read("d").isEmpty)
            let before = stage.journal.entries().count
            try stage.cluster.broker.clearErrors(api: Self.produce)
            let again = try stage.run(options, handler)
            #expect(try await again.waitForExit() == 0, "\(again.logTail)")
            #expect(stage.journal.entries().dropFirst(before).map(\.offset).contains(2))
            #expect(try await stage.cluster.read("d").map(\.original) == [[0, 2]])
            #expect(try await stage.committed() == [10])
        }
    }

    @Test(
        "A topic that does not exist is named, and used as soon as it does", .embeddedBroker("injects errors"),
        .timeLimit(.minutes(30)))
    func aMissingTopicIsNamed() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1, on: Cluster(("t", 1), ("missing", 1)))
            try await stage.cluster.fill("t", partitions: 1, each: 5)
            try stage.cluster.broker.setTopicError("missing", code: 3)
            let ackpipe = try stage.run(
                [
                    "--dead-letter-topic", "missing", "--dead-letter-producer", "message.timeout.ms=1000",
                    "--dead-letter-producer", "topic.metadata.propagation.max.ms=500", "--dead-letter-producer",
                    "topic.metadata.refresh.fast.interval.ms=100", "--exit-at-end",
                ], stage.scratch.python("rejecting.py", Self.rejecting))
            try await ackpipe.waitForLog("dead letter could not be written: its partition waits")
            #expect(ackpipe.log.contains("missing"), "\(ackpipe.logTail)")
            try stage.cluster.broker.setTopicError("missing", code: 0)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try await stage.cluster.read("missing").map(\.original) == [[0, 2]])
            #expect(try await stage.committed() == [5])
        }
    }

    @Test(
        "SIGTERM does not wait for a letter that cannot be written: its record is left, and comes again",
        .embeddedBroker("injects errors"), .timeLimit(.minutes(30)))
    func aStopLeavesWhatIsNotConfirmed() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1, on: Cluster(("t", 1), ("d", 1)))
            try await stage.cluster.fill("t", partitions: 1, each: 5)
            try refuseWrites(stage.cluster)
            let handler = try stage.scratch.python("rejecting.py", Self.rejecting)
            let stopped = try stage.run(
                ["--dead-letter-topic", stage.cluster.topic("d"), "--drain-timeout", "4s"], handler)
            try await stopped.waitForLog("dead letter could not be written: its partition waits")
            stopped.signal(SIGTERM)
            #expect(try await stopped.waitForExit() == 0, "every delivery was answered: \(stopped.logTail)")
            #expect(try stopped.loggedSeconds(since: " stopping ") < 7, "\(stopped.logTail)")
            #expect(try await stage.committed() == [2])
            try stage.cluster.broker.clearErrors(api: Self.produce)
            let again = try stage.run(["--dead-letter-topic", stage.cluster.topic("d"), "--exit-at-end"], handler)
            #expect(try await again.waitForExit() == 0, "\(again.logTail)")
            #expect(stage.journal.entries().map(\.offset) == [0, 1, 2, 2, 3, 4])
            #expect(try await stage.cluster.read("d").map(\.original) == [[0, 2]])
            #expect(try await stage.committed() == [5])
        }
    }

    @Test(
        "A letter that is too large for its topic is written without the lines of stderr",
        .embeddedBroker("injects errors"), .timeLimit(.minutes(30)))
    func aLetterThatIsTooLargeIsCut() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1, on: Cluster(("t", 1), ("d", 1)))
            try await stage.cluster.fill("t", partitions: 1, each: 3)
            try stage.cluster.broker.pushErrors(api: Self.produce, [Self.tooLarge])
            let ackpipe = try stage.run(
                ["--dead-letter-topic", stage.cluster.topic("d"), "--max-attempts", "1", "--exit-at-end"],
                stage.scratch.python(
                    "dying.py",
                    """
                    def handle(record):
                        if record["offset"] == 1:
                            sys.stderr.write("many words\\n")
                            sys.stderr.flush()
                            os._exit(9)
                    serve(handle)
                    """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let letters = try await stage.cluster.read("d")
            #expect(letters.map(\.original) == [[0, 1]])
            #expect(letters.first?.header("ackpipe.stderr") == nil)
            #expect(letters.first?.text("ackpipe.error")?.contains("9") == true)
            #expect(try await stage.committed() == [3])
        }
    }

    @Test(
        "A client that lost its place for good is replaced, and the letter goes through",
        .embeddedBroker("injects errors"), .timeLimit(.minutes(30)))
    func aFatalErrorIsSurvived() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1, on: Cluster(("t", 1), ("d", 1)))
            try await stage.cluster.fill("t", partitions: 1, each: 5)
            try stage.cluster.broker.pushErrors(api: Self.produce, [Self.outOfOrder])
            let ackpipe = try stage.run(
                ["--dead-letter-topic", stage.cluster.topic("d"), "--exit-at-end"],
                stage.scratch.python("rejecting.py", Self.rejecting))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("the client that writes dead letters is replaced"), "\(ackpipe.logTail)")
            #expect(try await stage.cluster.read("d").map(\.original) == [[0, 2]])
            #expect(try await stage.committed() == [5])
        }
    }

    @Test(
        "While a database is down, --dead-letter-max-rate lets a few records go and keeps the rest",
        .timeLimit(.minutes(30)), arguments: ["partition", "key", "none"])
    func aDatabaseThatIsDownDoesNotDrainTheTopic(order: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2, on: Cluster(("t", 2), ("d", 1)))
            try await stage.cluster.fill("t", partitions: 2, each: 300, keys: 30)
            let ackpipe = try stage.run(
                [
                    "--order", order, "--workers", "2", "--max-in-flight", "8", "--max-attempts", "2",
                    "--retry-backoff", "10ms..20ms", "--dead-letter-topic", stage.cluster.topic("d"),
                    "--dead-letter-max-rate", "5/s:5",
                    "--exit-at-end",
                ],
                stage.scratch.python(
                    "database.py",
                    """
                    def is_up(): return os.path.exists(os.environ["FOLDER"] + "/up")
                    serve(lambda record: None if is_up() else {"error": "database is down"})
                    """))
            try await ackpipe.waitForLog("dead letters wait for --dead-letter-max-rate, and their partition with them")
            try await eventually("some letters more are written", seen: { ackpipe.logTail }) {
                ackpipe.log.components(separatedBy: "record is a dead letter").count > 12 ? () : nil
            }
            try stage.scratch.write("up", "")
            let up = Date().timeIntervalSince1970
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let letters = try await stage.cluster.read("d")
            let times = letters.compactMap { $0.timestamp.map { Double($0) / 1_000 } }.sorted()
            try #require(times.count == letters.count)
            // Five at once and five a second, wherever one begins to count; a busy machine writes some late.
            for (first, start) in times.enumerated() {
                for (last, end) in times.enumerated().dropFirst(first) {
                    #expect(Double(last - first + 1) <= 5 + 5 * (end - start) + 3, "\(first)...\(last): \(times)")
                }
            }
            // And of each partition what was under way when it met the ceiling: with an order by partition one record.
            let waiting = order == "partition" ? 2 : 2 * 2 * 8
            #expect(Double(letters.count) <= 5 + 5 * (up - times[0]) + Double(waiting), "\(letters.count) letters")
            #expect(letters.allSatisfy { $0.text("ackpipe.error") == "database is down" })
            #expect(Set(letters.map(\.original)).count == letters.count, "none was written twice")
            #expect(stage.journal.distinctCount() == 600)
            #expect(try await stage.committed() == [300, 300])
        }
    }
}
