import Foundation
import Testing

/// Each handler writes down every delivery: "offset:attempt:redelivered" of its records, separated by blanks.
private let noting = """
    def note(frame):
        line = " ".join("%d:%d:%d" % (r["offset"], r["attempt"], 1 if r.get("redelivered") else 0) for r in records_of(frame))
        with open(os.environ["FOLDER"] + "/deliveries", "a") as file:
            file.write(line + "\\n")

    def deliveries():
        while (frame := receive()) is not None:
            if frame["type"] == "hello":
                send({"type": "ready", "protocol": 1, "name": "noting"})
            else:
                if frame["type"] in ("message", "batch"):
                    note(frame)
                yield frame


    """

@Suite("What each verdict does")
struct DeliveryVerdictTests {
    private let batches = ["--mode", "batch", "--batch-size", "10", "--batch-linger", "2s", "--exit-at-end"]

    private func records(_ offsets: Range<Int>, attempt: Int = 1, redelivered: Int = 0) -> [String] {
        offsets.map { "\($0):\(attempt):\(redelivered)" }
    }

    @Test(
        "A result in order: skip settles, everything from the failed record on comes again, only that one is charged",
        .timeLimit(.minutes(30)))
    func aPartialFailureIsDeliveredAgainFromTheFailedRecordOn() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 10)
            let ackpipe = try stage.run(
                batches,
                stage.scratch.python(
                    "partly.py",
                    noting + """
                        first = True
                        for frame in deliveries():
                            if frame["type"] == "batch" and first:
                                first = False
                                failed = [{"index": 6, "error": "not yet", "delay_ms": 0}, {"index": 3, "action": "skip"}]
                                send({"type": "result", "id": frame["id"], "failed": failed})
                            elif frame["type"] == "batch":
                                send({"type": "ack", "id": frame["id"]})
                        """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let again = records(6..<7, attempt: 2, redelivered: 1) + records(7..<10, redelivered: 1)
            #expect(
                stage.notes("deliveries") == [records(0..<10).joined(separator: " "), again.joined(separator: " ")])
            #expect(try await stage.committed() == [10])
            #expect(ackpipe.log.contains("records.skipped=1"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("not yet"), "\(ackpipe.logTail)")
        }
    }

    @Test("A result without order: only the failed records come again", .timeLimit(.minutes(30)))
    func withoutOrderOnlyTheFailedRecordsComeAgain() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 10)
            let ackpipe = try stage.run(
                batches + ["--order", "none"],
                stage.scratch.python(
                    "partly.py",
                    noting + """
                        first = True
                        for frame in deliveries():
                            if frame["type"] == "batch":
                                failed = [{"index": 2, "delay_ms": 0}, {"index": 5, "action": "release", "delay_ms": 0}]
                                send({"type": "result", "id": frame["id"], "failed": failed if first else []})
                                first = False
                        """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.notes("deliveries").first == records(0..<10).joined(separator: " "))
            let again = stage.notes("deliveries").dropFirst().flatMap { $0.split(separator: " ").map(String.init) }
            #expect(again.sorted() == ["2:2:1", "5:1:1"])
            #expect(try await stage.committed() == [10])
        }
    }

    @Test(
        "A released record comes again with its attempt unchanged, before everything behind it",
        .timeLimit(.minutes(30)))
    func aReleasedRecordComesAgainUncharged() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 5)
            let ackpipe = try stage.run(
                ["--exit-at-end"],
                stage.scratch.python(
                    "releasing.py",
                    noting + """
                        released = False
                        for frame in deliveries():
                            if frame["type"] == "message" and frame["offset"] == 2 and not released:
                                released = True
                                send({"type": "nack", "id": frame["id"], "action": "release", "delay_ms": 0})
                            elif frame["type"] == "message":
                                send({"type": "ack", "id": frame["id"]})
                        """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.notes("deliveries") == ["0:1:0", "1:1:0", "2:1:0", "2:1:1", "3:1:0", "4:1:0"])
            #expect(try await stage.committed() == [5])
        }
    }

    @Test(
        "A rejected record stops the service with 65 and is named; the offset stays at it", .timeLimit(.minutes(30)),
        arguments: ["message", "batch"])
    func aRejectedRecordStopsTheService(mode: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 10)
            let ackpipe = try stage.run(
                ["--mode", mode, "--exit-at-end"],
                stage.scratch.python(
                    "rejecting.py",
                    """
                    serve(lambda record: {"action": "reject", "error": "no such order"} if record["offset"] == 3 else None)
                    """))
            #expect(try await ackpipe.waitForExit() == 65, "\(ackpipe.logTail)")
            #expect(
                ackpipe.log.contains("\(stage.topic)/0 offset 3: the handler rejected the record"), "\(ackpipe.logTail)"
            )
            #expect(ackpipe.log.contains("no such order"), "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [3])
            #expect(stage.journal.entries().map(\.offset) == [0, 1, 2, 3])
        }
    }

    @Test("ack with ids settles exactly these", .timeLimit(.minutes(30)))
    func acknowledgingIdsSettlesExactlyThese() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 20)
            let ackpipe = try stage.run(
                ["--order", "none", "--commit-interval", "50ms"],
                stage.scratch.python(
                    "ids.py",
                    noting + """
                        ids = {}
                        for frame in deliveries():
                            if frame["type"] == "message":
                                ids[frame["offset"]] = frame["id"]
                                if len(ids) == 20:
                                    send({"type": "ack", "ids": [ids[offset] for offset in (3, 1, 0, 2, 5)]})
                            elif frame["type"] == "shutdown":
                                send({"type": "ack", "ids": [ids[offset] for offset in (4, *range(6, 20))]})
                        """))
            try await stage.waitForCommitted([4], ackpipe)
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [20])
        }
    }

    @Test("ack with through settles everything up to that id and nothing behind it", .timeLimit(.minutes(30)))
    func acknowledgingThroughSettlesEverythingUpToThatID() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 20)
            let ackpipe = try stage.run(
                ["--order", "none", "--commit-interval", "50ms"],
                stage.scratch.python(
                    "through.py",
                    noting + """
                        ids = []
                        for frame in deliveries():
                            if frame["type"] == "message":
                                ids.append(frame["id"])
                                if len(ids) == 20:
                                    send({"type": "ack", "through": ids[9]})
                            elif frame["type"] == "shutdown":
                                send({"type": "ack", "through": ids[19]})
                        """))
            try await stage.waitForCommitted([10], ackpipe)
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [20])
        }
    }
}
