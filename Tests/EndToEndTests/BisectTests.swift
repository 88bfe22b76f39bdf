import Foundation
import Testing

@Suite("--bisect")
struct BisectTests {
    @Test(
        "A batch that can only fail as a whole is halved until its culprit is alone, which alone is charged",
        .timeLimit(.minutes(30)), arguments: ["partition", "key", "none"])
    func theCulpritIsFound(order: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1, on: Cluster(("t", 1), ("d", 1)))
            try await stage.cluster.fill("t", partitions: 1, each: 64, keys: 8)
            let ackpipe = try stage.run(
                [
                    "--mode", "batch", "--batch-size", "64", "--batch-linger", "2s", "--bisect", "--order", order,
                    "--max-attempts", "2", "--dead-letter-topic", stage.cluster.topic("d"), "--retry-backoff",
                    "10ms..20ms", "--exit-at-end",
                ],
                stage.scratch.python(
                    "whole.py",
                    """
                    from listening import *
                    begin()
                    while True:
                        frame = next_frame()
                        if frame["type"] != "batch":
                            continue
                        records = records_of(frame)
                        for record in records:
                            journal(record)
                        note("batches", str(len(records)))
                        if any(r["offset"] == 37 for r in records):
                            answer(frame, "constraint violated")
                        else:
                            answer(frame)
                    """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let batches = stage.notes("batches").compactMap { Int($0) }
            #expect(batches.first == 64)
            #expect(batches.count - 1 <= 2 * 6 + 2, "\(batches)")
            let entries = stage.journal.entries()
            #expect(entries.filter { $0.offset != 37 }.allSatisfy { $0.attempt == 1 })
            #expect(entries.filter { $0.offset == 37 }.map(\.attempt).max() == 2)
            let letters = try await stage.cluster.read("d")
            #expect(letters.map(\.original) == [[0, 37]])
            #expect(letters.first?.text("ackpipe.error") == "constraint violated")
            #expect(stage.journal.distinctCount() == 64)
            #expect(ackpipe.log.contains("batch failed as a whole and is halved (--bisect)"), "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [64])
        }
    }
}
