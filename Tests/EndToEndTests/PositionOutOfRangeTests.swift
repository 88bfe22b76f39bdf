import Foundation
import Kafka
import KafkaTestSupport
import Testing

/// `--out-of-range`: the log no longer has the position that is to be read.
///
/// The mock cluster drops a partition's oldest record batches above 5 MB; a batch of a load has up to 1 MB.
@Suite struct PositionOutOfRangeTests {
    @Test(
        "A committed offset that the log has lost stops the service, which names what was lost",
        .embeddedBroker("its log forgets at 5 MB"), .timeLimit(.minutes(30))
    )
    func stopAtStart() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let (cluster, low, _) = try await lostPosition(scratch)
            let journal = Journal(scratch)
            let ackpipe = try run(cluster, ["--exit-at-end"], journal, scratch)
            #expect(try await ackpipe.waitForExit() == 65, "\(ackpipe.logTail)")
            let said = ackpipe.logTail
            for part in [
                "t/0", "position 10 ", "offsets 10 to \(low - 1) are lost", "--out-of-range earliest or latest",
            ] {
                #expect(said.contains(part), "'\(part)' is missing: \(said)")
            }
            #expect(journal.entries().isEmpty)
            #expect(try await cluster.committed("g", "t") == [10])
        }
    }

    @Test(
        "With --out-of-range earliest reading goes on at the oldest record, and the lost range is told",
        .embeddedBroker("its log forgets at 5 MB"), .timeLimit(.minutes(30)))
    func earliestAtStart() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let (cluster, low, high) = try await lostPosition(scratch)
            let journal = Journal(scratch)
            let ackpipe = try run(cluster, ["--out-of-range", "earliest", "--exit-at-end"], journal, scratch)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(journal.entries().map(\.offset) == Array(low..<high))
            #expect(ackpipe.log.contains("offsets 10 to \(low - 1) are lost"), "\(ackpipe.logTail)")
            #expect(try await cluster.committed("g", "t") == [high])
        }
    }

    @Test(
        "With --out-of-range latest reading goes on at the end, which is committed",
        .embeddedBroker("its log forgets at 5 MB"), .timeLimit(.minutes(30)))
    func latestAtStart() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let (cluster, low, high) = try await lostPosition(scratch)
            let journal = Journal(scratch)
            let ackpipe = try run(cluster, ["--out-of-range", "latest", "--exit-at-end"], journal, scratch)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(journal.entries().isEmpty)
            #expect(ackpipe.log.contains("offsets 10 to \(low - 1) are lost"), "\(ackpipe.logTail)")
            #expect(try await cluster.committed("g", "t") == [high])
        }
    }

    @Test("An offset beyond the end of the log stops the service too", .timeLimit(.minutes(30)))
    func beyondTheEnd() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("t", 1))
            try await cluster.fill("t", partitions: 1, each: 10)
            let ackpipe = try AckpipeProcess(
                ["run"] + cluster.address + ["--assign", "\(cluster.topic):0@11", "--"] + Repository.handler("ack.py"),
                in: scratch)
            #expect(try await ackpipe.waitForExit() == 65, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("\(cluster.topic)/0: the position 11 is not in the log"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("the log ends at 10"), "\(ackpipe.logTail)")
        }
    }

    @Test(
        "A position that is lost while the service runs stops it", .embeddedBroker("its log forgets at 5 MB"),
        .timeLimit(.minutes(30)))
    func stopWhileRunning() async throws {
        try await Slots.shared.run {
            let run = try await overtaken(["--out-of-range", "stop"])
            #expect(try await run.ackpipe.waitForExit() == 65, "\(run.ackpipe.logTail)")
            let taken = Int64(run.journal.entries().count)
            #expect(run.journal.entries().map(\.offset) == Array(0..<taken))
            #expect(run.ackpipe.log.contains("offsets \(taken) to \(run.low - 1) are lost"), "\(run.ackpipe.logTail)")
            #expect(try await run.cluster.committed("g", "t") == [taken])
        }
    }

    @Test(
        "With --out-of-range earliest a position lost while the service runs is left behind",
        .embeddedBroker("its log forgets at 5 MB"), .timeLimit(.minutes(30)))
    func earliestWhileRunning() async throws {
        try await Slots.shared.run {
            let run = try await overtaken(["--out-of-range", "earliest"])
            try await eventually("the newest record is handled", seen: { run.ackpipe.logTail }) {
                run.journal.entries().last?.offset == run.high - 1 ? () : nil
            }
            run.ackpipe.signal(SIGTERM)
            #expect(try await run.ackpipe.waitForExit() == 0, "\(run.ackpipe.logTail)")
            let offsets = run.journal.entries().map(\.offset)
            let before = offsets.prefix { $0 < run.low }
            #expect(Array(before) == Array(0..<Int64(before.count)))
            #expect(Array(offsets.dropFirst(before.count)) == Array(run.low..<run.high))
            #expect(
                run.ackpipe.log.contains("offsets \(before.count) to \(run.low - 1) are lost"), "\(run.ackpipe.logTail)"
            )
            #expect(try await run.cluster.committed("g", "t") == [run.high])
        }
    }

    /// A group that has committed 10 in a partition whose log begins later by now.
    private func lostPosition(_ scratch: Scratch) async throws -> (Cluster, low: Int64, high: Int64) {
        let cluster = try Cluster(("t", 1))
        try await cluster.fill("t", partitions: 1, each: 1_000, size: 1_000)
        let ackpipe = try run(cluster, ["--max-messages", "10"], Journal(scratch, "before"), scratch)
        #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
        try #require(try await cluster.committed("g", "t") == [10])
        try await cluster.fill("t", partitions: 1, each: 5_000, size: 1_000)
        let ends = try await cluster.watermarks("t")[0]
        try #require(ends.low > 10)
        return (cluster, ends.low, ends.high)
    }

    private struct Overtaken {
        let cluster: Cluster
        let ackpipe: AckpipeProcess
        let journal: Journal
        let scratch: Scratch
        let low: Int64
        let high: Int64
    }

    /// A run whose handler held its first record while the log went on beyond what the client has fetched: that is one
    /// response at a time, as its queue is full with a kilobyte.
    private func overtaken(_ options: [String]) async throws -> Overtaken {
        let scratch = try Scratch()
        let cluster = try Cluster(("t", 1))
        try await cluster.fill("t", partitions: 1, each: 4_000, size: 1_000)
        let journal = Journal(scratch)
        let handler = try scratch.python(
            "gate.py",
            """
            def handle(record):
                while not os.path.exists(os.environ["GATE"]):
                    time.sleep(0.01)
            serve(handle)
            """)
        let ackpipe = try AckpipeProcess(
            ["run"] + cluster.address + [
                "--assign", "\(cluster.topic):0", "-g", cluster.group, "-X", "queued.max.messages.kbytes=1",
            ]
                + ["--max-total-in-flight", "10"] + options + ["--"] + handler, in: scratch,
            environment: ["JOURNAL": journal.path, "GATE": scratch.path("gate")])
        try await eventually("the first record is delivered", seen: { ackpipe.logTail }) {
            journal.entries().isEmpty ? nil : ()
        }
        try await cluster.fill("t", partitions: 1, each: 5_000, size: 1_000)
        let ends = try await cluster.watermarks("t")[0]
        try #require(ends.low > 0)
        try scratch.write("gate", "open")
        return Overtaken(
            cluster: cluster, ackpipe: ackpipe, journal: journal, scratch: scratch, low: ends.low, high: ends.high)
    }

    private func run(
        _ cluster: Cluster, _ options: [String], _ journal: Journal, _ scratch: Scratch
    ) throws -> AckpipeProcess {
        try AckpipeProcess(
            ["run"] + cluster.address + ["--assign", "\(cluster.topic):0", "-g", cluster.group] + options + ["--"]
                + Repository.handler("ack.py"), in: scratch, environment: ["JOURNAL": journal.path])
    }
}
