import Foundation
import Testing

@Suite("A record that kills its handler")
struct DeliverySuspectTests {
    @Test(
        "In a batch it ends alone: it alone is charged, its neighbours lose no attempt", .timeLimit(.minutes(30)),
        arguments: ["partition", "none"])
    func aPoisonRecordIsFoundAmongItsNeighbours(order: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2)
            try await stage.cluster.fill("t", partitions: 2, each: 60)
            let ackpipe = try stage.run(
                [
                    "--mode", "batch", "--batch-size", "30", "--batch-linger", "500ms", "--order", order, "--workers",
                    "2",
                    "--retry-backoff", "20ms..50ms", "--exit-at-end",
                ],
                stage.scratch.python(
                    "dying.py",
                    """
                    def handle(record):
                        if (record["partition"], record["offset"]) == (0, 20) and record["attempt"] < 3:
                            sys.stderr.write("segmentation fault, say\\n")
                            sys.stderr.flush()
                            os._exit(11)
                    serve(handle)
                    """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let entries = stage.journal.entries()
            let poison = entries.filter { $0.partition == 0 && $0.offset == 20 }
            #expect(poison.map(\.attempt) == [1, 1, 2, 3], "in company, alone, alone, alone")
            let others = entries.filter { $0.partition != 0 || $0.offset != 20 }
            #expect(others.allSatisfy { $0.attempt == 1 }, "\(others.filter { $0.attempt > 1 })")
            #expect(stage.journal.distinctCount() == 120)
            #expect(try await stage.committed() == [60, 60])
            #expect(ackpipe.log.contains("each is delivered alone, none is charged"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("segmentation fault, say"), "\(ackpipe.logTail)")
        }
    }
}
