import Foundation
import Testing

@Suite("--lane-window")
struct LaneWindowTests {
    @Test(
        "4 deliveries of a partition are under way at once, never more, and may be answered in any order",
        .timeLimit(.minutes(30)))
    func fourAtOnce() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 50)
            let ackpipe = try stage.run(
                ["--lane-window", "4", "--exit-at-end"],
                stage.scratch.python(
                    "four.py",
                    """
                    from listening import *
                    begin(concurrency=8)
                    open_ones = []
                    while True:
                        frame = next_frame(0.3)
                        if frame["type"] == "message":
                            journal(frame)
                            open_ones.append(frame)
                            note("open", str(len(open_ones)))
                        if len(open_ones) == 4 or frame["type"] == "silence":
                            while open_ones:
                                answer(open_ones.pop())
                    """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.notes("open").compactMap { Int($0) }.max() == 4)
            #expect(stage.journal.entries().map(\.offset) == Array(0..<50), "each once, delivered in order")
            #expect(try await stage.committed() == [50])
        }
    }

    @Test(
        "A record that is rejected ahead of an unanswered one becomes a dead letter when that one has succeeded, and not before",
        .timeLimit(.minutes(30)))
    func aVerdictAheadWaitsForTheOnesBeforeIt() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1, on: Cluster(("t", 1), ("d", 1)))
            try await stage.cluster.fill("t", partitions: 1, each: 12)
            let ackpipe = try stage.run(
                [
                    "--lane-window", "4", "--dead-letter-topic", stage.cluster.topic("d"), "--commit-interval", "50ms",
                    "--exit-at-end",
                ],
                stage.scratch.python(
                    "ahead.py",
                    """
                    from listening import *
                    begin(concurrency=4)
                    first = None
                    while True:
                        frame = next_frame(0.05)
                        if frame["type"] == "message":
                            journal(frame)
                            if frame["offset"] == 4 and not exists("go"):
                                first = frame
                            elif frame["offset"] == 6:
                                answer(frame, "never", action="reject")
                            else:
                                answer(frame)
                        elif first and exists("go"):
                            answer(first)
                            first = None
                    """))
            // 5 is acknowledged and 6 rejected, with 4 unanswered before them.
            try await eventually("6 is handed over", seen: { ackpipe.logTail }) {
                stage.journal.offsets()[0]?.contains(6) == true ? () : nil
            }
            try await stage.waitForCommitted([4], ackpipe)
            #expect(try await stage.cluster.read("d").isEmpty)
            try stage.scratch.write("go", "")
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try await stage.cluster.read("d").map(\.original) == [[0, 6]])
            #expect(stage.journal.entries().map(\.offset) == Array(0..<12))
            #expect(try await stage.committed() == [12])
        }
    }

    @Test("Batches fill a window too; after a failure their last runs are in order", .timeLimit(.minutes(30)))
    func batchesInAWindow() async throws {
        try await Slots.shared.run {
            let random = TestRandom()
            let stage = try Stage(partitions: 2)
            try await stage.cluster.fill("t", partitions: 2, each: 300)
            let ackpipe = try stage.run(
                [
                    "--lane-window", "3", "--mode", "batch", "--batch-size", "10", "--workers", "2", "--retry-backoff",
                    "5ms..20ms", "--exit-at-end",
                ],
                stage.scratch.python(
                    "flaky.py",
                    """
                    import random
                    random.seed(\(random.seed) + os.getpid())
                    def handle(record):
                        if random.random() < 0.03:
                            return {"error": "flaky", "delay_ms": random.choice([0, 5])}
                    serve(handle)
                    """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let entries = stage.journal.entries()
            #expect(entries.count > 620, "something failed: \(entries.count)")
            for partition in 0..<2 {
                var lastRun: [Int64: Int] = [:]
                for (place, entry) in entries.enumerated() where entry.partition == partition {
                    lastRun[entry.offset] = place
                }
                let places = (0..<Int64(300)).compactMap { lastRun[$0] }
                #expect(places.count == 300 && places == places.sorted())
            }
            #expect(try await stage.committed() == [300, 300])
        }
    }

    /// Fails at random; `$0` is what the handler can do. Whatever it does it notes: "did OFFSET" or "failed OFFSET".
    private func flaky(_ seed: UInt64, features: String) -> String {
        """
        from listening import *
        import random
        random.seed(\(seed))
        begin(features=\(features), concurrency=4)
        cancelled = set()
        held = []
        def take(frame):
            if frame["type"] == "cancel":
                note("cancels", frame["reason"])
                cancelled.update(frame["ids"])
            elif frame["type"] == "message":
                held.append(frame)
        while True:
            take(next_frame())
            while not inbox.empty():
                take(next_frame())
            while held:
                frame = held.pop(0)
                if frame["id"] in cancelled:
                    answer(frame, action="release")
                    continue
                journal(frame)
                if random.random() < 0.1:
                    note("deeds", "failed %d" % frame["offset"])
                    answer(frame, "flaky", delay_ms=random.choice([0, 5, 30]))
                else:
                    note("deeds", "did %d" % frame["offset"])
                    answer(frame)
        """
    }

    @Test(
        "When a record fails what was behind it is done again after it, so that the last runs are in order; none of them is charged",
        .timeLimit(.minutes(30)), arguments: ["[\"cancel\"]", "[]"])
    func afterAFailureTheOrderHolds(features: String) async throws {
        try await Slots.shared.run {
            let random = TestRandom()
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 200)
            let ackpipe = try stage.run(
                ["--lane-window", "4", "--exit-at-end"],
                stage.scratch.python("flaky.py", flaky(random.seed, features: features)))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let deeds = stage.notes("deeds").map { $0.split(separator: " ") }
            let failures = deeds.filter { $0[0] == "failed" }.count
            #expect(failures > 5)
            var lastRun: [Int: Int] = [:]
            for (place, deed) in deeds.enumerated() { lastRun[Int(deed[1]) ?? -1] = place }
            let places = (0..<200).compactMap { lastRun[$0] }
            #expect(places.count == 200 && zip(places, places.dropFirst()).allSatisfy { $0 < $1 }, "\(places)")
            #expect(lastRun.values.allSatisfy { deeds[$0][0] == "did" })
            #expect(deeds.count > 200 + failures, "something behind a failure was done twice")
            // Failures that were themselves set back by an earlier one are not charged.
            var attempts: [Int64: Int] = [:]
            for entry in stage.journal.entries() {
                attempts[entry.offset] = max(attempts[entry.offset] ?? 0, entry.attempt)
            }
            let charged = attempts.values.reduce(0, +) - attempts.count
            #expect(charged <= failures, "\(charged) attempts charged, \(failures) failures")
            #expect(!ackpipe.log.contains("worker is replaced"), "\(ackpipe.logTail)")
            #expect(Set(stage.notes("cancels")) == (features == "[]" ? [] : ["rewind"]))
            #expect(try await stage.committed() == [200])
        }
    }
}
