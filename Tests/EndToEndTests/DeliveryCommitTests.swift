import Foundation
import Testing

@Suite("Only what is acknowledged is committed")
struct DeliveryCommitTests {
    @Test(
        "A handler that acknowledges nothing: nothing is committed, also not by a shutdown", .timeLimit(.minutes(30)),
        arguments: ["partition", "none"])
    func nothingIsCommittedWithoutAVerdict(order: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 4)
            try await stage.cluster.fill("t", partitions: 4, each: 10)
            let ackpipe = try stage.run(
                ["--order", order, "--drain-timeout", "1s", "--commit-interval", "50ms"],
                stage.scratch.python(
                    "silent.py",
                    """
                    while (frame := receive()) is not None:
                        if frame["type"] == "hello":
                            send({"type": "ready", "protocol": 1, "name": "silent"})
                        elif frame["type"] == "message":
                            journal(frame)
                    """))
            // In order, each partition waits for the verdict on its first record.
            let expected = order == "partition" ? 4 : 40
            try await eventually("\(expected) records are delivered", seen: { ackpipe.logTail }) {
                stage.journal.entries().count == expected ? () : nil
            }
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 75, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("had no verdict when the drain ended"), "\(ackpipe.logTail)")
            #expect(stage.journal.entries().count == expected, "\(stage.journal.entries())")
            #expect(try await stage.committed() == [nil, nil, nil, nil])
        }
    }

    @Test(
        "A record that fails for ever: its partition's offset stays at it, nothing behind it is delivered, the others finish",
        .timeLimit(.minutes(30)), arguments: ["message", "batch"])
    func aRecordThatFailsForEverHoldsItsPartitionAlone(mode: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 4)
            try await stage.cluster.fill("t", partitions: 4, each: 100)
            let ackpipe = try stage.run(
                ["--mode", mode, "--workers", "2", "--retry-backoff", "20ms..50ms", "--commit-interval", "50ms"],
                stage.scratch.python(
                    "failing.py",
                    """
                    def handle(record):
                        if (record["partition"], record["offset"]) == (1, 30):
                            return {"error": "this record never works"}
                    serve(handle)
                    """))
            let held: [Int64?] = [100, 30, 100, 100]
            try await stage.waitForCommitted(held, ackpipe)
            try await eventually("the record is tried again and again", seen: { ackpipe.logTail }) {
                stage.journal.entries().contains { $0.attempt > 5 } ? () : nil
            }
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try await stage.committed() == held)
            let entries = stage.journal.entries()
            #expect(
                entries.allSatisfy { $0.partition != 1 || $0.offset <= 30 }, "nothing behind the record was handled")
            let attempts = entries.filter { $0.partition == 1 && $0.offset == 30 }.map(\.attempt)
            #expect(attempts == Array(1...attempts.count), "attempts count up: \(attempts)")
            #expect(entries.count == 330 + attempts.count, "everything else was handled once")
            #expect(ackpipe.log.contains("this record never works"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("kafka.offset=30"), "\(ackpipe.logTail)")
        }
    }

    @Test(
        "With --order none a record that fails for ever holds the offset, but nothing else", .timeLimit(.minutes(30)))
    func withoutOrderOneFailureHoldsOnlyTheOffset() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 100)
            let ackpipe = try stage.run(
                [
                    "--order", "none", "--workers", "2", "--max-in-flight", "4", "--retry-backoff", "20ms..50ms",
                    "--commit-interval", "50ms",
                ],
                stage.scratch.python(
                    "failing.py",
                    """
                    serve(lambda record: {"error": "never"} if record["offset"] == 30 else None)
                    """))
            try await eventually("all the others are handled", seen: { ackpipe.logTail }) {
                stage.journal.distinctCount() == 100 && stage.journal.entries().contains { $0.attempt > 3 } ? () : nil
            }
            try await stage.waitForCommitted([30], ackpipe)
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [30])
            #expect(stage.journal.entries().filter { $0.offset != 30 }.count == 99, "the others were handled once")
        }
    }
}
