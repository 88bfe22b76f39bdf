import Foundation
import Kafka
import Testing

@Suite("Records that are given up without a dead-letter topic")
struct ExhaustedTests {
    private static let failing = """
        serve(lambda record: {"error": "too old"} if record["offset"] == 3 else None)
        """

    @Test(
        "--max-attempts with stop, the default, ends the service with 65 and names the record", .timeLimit(.minutes(30))
    )
    func stop() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 10)
            let ackpipe = try stage.run(
                ["--max-attempts", "2", "--retry-backoff", "10ms..20ms", "--exit-at-end"],
                stage.scratch.python("failing.py", Self.failing))
            #expect(try await ackpipe.waitForExit() == 65, "\(ackpipe.logTail)")
            #expect(
                ackpipe.log.contains("\(stage.topic)/0 offset 3: 2 attempts have failed (--max-attempts)"),
                "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("too old"), "\(ackpipe.logTail)")
            #expect(stage.journal.entries().map(\.attempt) == [1, 1, 1, 1, 2])
            #expect(try await stage.committed() == [3])
        }
    }

    @Test("skip counts it as done, says so, and goes on", .timeLimit(.minutes(30)), arguments: ["nack", "reject"])
    func skip(how: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 10)
            let failing =
                how == "nack"
                ? Self.failing
                : "serve(lambda r: {\"error\": \"too old\", \"action\": \"reject\"} if r[\"offset\"] == 3 else None)"
            let ackpipe = try stage.run(
                ["--max-attempts", "2", "--on-exhausted", "skip", "--retry-backoff", "10ms..20ms", "--exit-at-end"],
                stage.scratch.python("failing.py", failing))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let again: [Int64] = how == "nack" ? [3] : []
            #expect(stage.journal.entries().map(\.offset) == [0, 1, 2, 3] + again + [4, 5, 6, 7, 8, 9])
            #expect(ackpipe.log.contains("record given up and skipped (--on-exhausted skip)"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("kafka.offset=3"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("records.skipped=1"), "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [10])
        }
    }

    @Test("skip passes a record that has no encoding in the form asked for", .timeLimit(.minutes(30)))
    func skipWhatCannotBeHandedOver() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.write { write in
                for value in ["1", "no JSON", "3"] {
                    try write(LoadRecord(topic: "t", partition: 0, value: Array(value.utf8)))
                }
            }
            let ackpipe = try stage.run(
                ["--value-format", "json", "--on-exhausted", "skip", "--exit-at-end"],
                stage.scratch.python("ack.py", "serve(lambda record: None)"))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.journal.entries().map(\.offset) == [0, 2])
            #expect(ackpipe.log.contains("record cannot be handed over"), "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [3])
        }
    }
}
