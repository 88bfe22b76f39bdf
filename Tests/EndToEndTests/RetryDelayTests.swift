import Foundation
import Testing

@Suite("When a failed record comes again")
struct RetryDelayTests {
    /// What the handler saw of the record 2 of partition 0: attempt and redelivered, and when.
    private struct Seen: Equatable {
        var words: String
        var time: Double
    }

    private func seen(_ stage: Stage) -> [Seen] {
        stage.notes("seen").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 1)
            return words.count == 2 ? Double(words[0]).map { Seen(words: String(words[1]), time: $0) } : nil
        }
    }

    @Test(
        "delay_ms replaces the backoff, holds the partition for that long and no other, and attempts are counted",
        .timeLimit(.minutes(30)), arguments: ["retry", "release"])
    func theHandlersDelayHolds(action: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2)
            try await stage.cluster.fill("t", partitions: 2, each: 6)
            let ackpipe = try stage.run(
                ["--retry-backoff", "20s..30s", "--commit-interval", "50ms"],
                stage.scratch.python(
                    "delaying.py",
                    """
                    from listening import *
                    delays = [0, 1500, 0]
                    def handle(record):
                        if (record["partition"], record["offset"]) == (0, 2):
                            note("seen", "%r %d %s" % (time.time(), record["attempt"], record.get("redelivered", False)))
                            if delays:
                                return {"error": "not yet", "action": "\(action)", "delay_ms": delays.pop(0)}
                    serve(handle)
                    """))
            try await stage.waitForCommitted([6, 6], ackpipe)
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let attempts = action == "retry" ? [1, 2, 3, 4] : [1, 1, 1, 1]
            let seen = seen(stage)
            let words = zip(attempts, ["False", "True", "True", "True"]).map { "\($0) \($1)" }
            #expect(seen.map(\.words) == words)
            try #require(seen.count == 4)
            // Far below the backoff, and no bound for a busy machine.
            #expect(seen[1].time - seen[0].time < 10, "delay_ms 0")
            #expect((1.5...15).contains(seen[2].time - seen[1].time), "delay_ms 1500: \(seen[2].time - seen[1].time)")
            #expect(seen[3].time - seen[2].time < 10, "delay_ms 0")
            let entries = stage.journal.entries()
            let offsets = entries.filter { $0.partition == 0 }.map(\.offset)
            #expect(offsets == [0, 1, 2, 2, 2, 2, 3, 4, 5])
            // The other partition was done before the long wait was over.
            let last = entries.lastIndex { $0.partition == 1 } ?? .max
            let again = entries.lastIndex { $0.partition == 0 && $0.offset == 2 } ?? 0
            #expect(last < again)
        }
    }
}
