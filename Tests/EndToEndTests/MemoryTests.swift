import Foundation
import Testing

/// RSS of the daemon stays far below what lies in the log, whatever the handler does (promise 5).
@Suite struct MemoryTests {
    private static let partitions = 64
    private static let recordsEach = 4_100
    /// Of the issue: 200 MB.
    private static let bound = 200_000_000

    /// 64 partitions with 4,100 records of 1 KiB each, 268 MB in all; written once for all tests of this suite.
    private static let filled = Task { () async throws -> Cluster in
        let cluster = try Cluster(("big", partitions))
        try await cluster.fill("big", partitions: partitions, each: recordsEach, size: 1024)
        try await cluster.requireWholeLog("big")
        #expect(partitions * recordsEach * 1024 > 250_000_000)
        return cluster
    }

    @Test("A handler that never acks leaves memory bounded and nothing committed", .timeLimit(.minutes(30)))
    func neverAcks() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let handler = try scratch.python(
                "never.py",
                """
                while (frame := receive()) is not None:
                    if frame["type"] == "hello":
                        send({"type": "ready", "protocol": 1, "name": "never acks"})
                    elif frame["type"] == "message":
                        journal(frame)
                """)
            let cluster = try await MemoryTests.filled.value
            try await holdAll(
                cluster, group: "never-acks", [], handler, in: scratch, deliveredFrom: MemoryTests.partitions)
        }
    }

    @Test("64 partitions that all wait for a retry leave memory bounded", .timeLimit(.minutes(30)))
    func allWaitForRetry() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let handler = try scratch.python("nack.py", #"serve(lambda record: {"action": "retry"})"#)
            let cluster = try await MemoryTests.filled.value
            try await holdAll(
                cluster, group: "all-nacked", ["--retry-backoff", "1h..1h"], handler, in: scratch,
                deliveredFrom: MemoryTests.partitions)
        }
    }

    @Test("A handler that never reads its stdin leaves memory bounded", .timeLimit(.minutes(30)))
    func neverReads() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let handler = try scratch.python(
                "deaf.py",
                """
                send({"type": "ready", "protocol": 1, "name": "never reads"})
                while True:
                    time.sleep(60)
                """)
            let cluster = try await MemoryTests.filled.value
            try await holdAll(
                cluster, group: "never-reads", ["--stall-timeout", "5s"], handler, in: scratch, deliveredFrom: nil)
        }
    }

    /// Runs until records of so many partitions were delivered (or, for a handler that cannot tell, until partitions are told
    /// to stand still: whether one is paused depends on whose records fill the window first), then five seconds longer, and looks at the memory all the time.
    private func holdAll(
        _ cluster: Cluster, group: String, _ options: [String], _ handler: [String], in scratch: Scratch,
        deliveredFrom partitions: Int?
    ) async throws {
        let journal = Journal(scratch)
        let ackpipe = try AckpipeProcess(
            ["run"] + cluster.address + ["-t", cluster.topic, "-g", cluster.group(group)] + options + ["--"] + handler,
            in: scratch,
            environment: ["JOURNAL": journal.path])
        let probe = MemoryProbe(ackpipe)
        let seen = { "\(journal.offsets().count) partitions delivered; \(probe.report); \(ackpipe.logTail)" }
        try await eventually("everything is held back", within: 240, seen: seen) {
            probe.look()
            guard let partitions else { return ackpipe.log.contains("partition makes no progress") ? () : nil }
            return journal.offsets().count == partitions ? () : nil
        }
        let end = ContinuousClock.now + .seconds(5)
        try await eventually("five seconds of looking") {
            probe.look()
            return ContinuousClock.now >= end ? () : nil
        }
        #expect(ackpipe.isRunning, "\(ackpipe.logTail)")
        #expect(probe.peak < MemoryTests.bound, "\(probe.report)")
        #expect(probe.peak > 20_000_000, "the daemon took hardly anything: \(probe.report)")
        #expect(try await cluster.committed(group, "big").allSatisfy { $0 == nil })
        print("memory, \(group): \(probe.report)")
    }

    @Test(
        "A partition that is nacked for ever keeps no other from finishing, however small the window",
        .timeLimit(.minutes(30)))
    func othersFinish() async throws {
        try await Slots.shared.run(weight: 2) {
            let scratch = try Scratch()
            let cluster = try Cluster(("t", 8))
            try await cluster.fill("t", partitions: 8, each: 3_000, size: 100)
            let handler = try scratch.python(
                "stuck.py",
                #"serve(lambda record: {"action": "retry"} if (record["partition"], record["offset"]) == (2, 10) else None)"#
            )
            let ackpipe = try AckpipeProcess(
                ["run"] + cluster.address + ["-g", cluster.group]
                    + (0..<8).flatMap { ["--assign", "\(cluster.topic):\($0)"] }
                    + ["--mode", "batch", "--max-total-in-flight", "1000", "--"] + handler, in: scratch)
            var committed: [Int64?] = []
            let others = (0..<8).map { $0 == 2 ? Int64(10) : 3_000 }
            let deadline = ContinuousClock.now + .seconds(120)
            while committed != others {
                committed = try await cluster.committed("g", "t")
                try #require(ContinuousClock.now < deadline, "committed \(committed): \(ackpipe.logTail)")
            }
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try await cluster.committed("g", "t") == others)
        }
    }
}
