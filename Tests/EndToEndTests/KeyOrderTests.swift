import Foundation
import Testing

@Suite("Order of keys")
struct KeyOrderTests {
    @Test("A key whose record takes long holds up its own records and no others", .timeLimit(.minutes(30)))
    func aSlowKeyHoldsUpItselfAlone() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 200, keys: 10)
            let ackpipe = try stage.run(
                [
                    "--order", "key", "--workers", "4", "--max-in-flight", "1", "--commit-interval", "50ms",
                    "--exit-at-end",
                ],
                stage.scratch.python(
                    "slow.py",
                    """
                    from listening import *
                    def handle(record):
                        while record["offset"] == 3 and not exists("go"):
                            time.sleep(0.02)
                    serve(handle)
                    """))
            // 20 records have the slow key; the first is being handled.
            try await eventually(
                "181 records are handled", seen: { "\(stage.journal.distinctCount()); \(ackpipe.logTail)" }
            ) { stage.journal.distinctCount() == 181 ? () : nil }
            try await stage.waitForCommitted([3], ackpipe)
            #expect(stage.journal.distinctCount() == 181)
            try stage.scratch.write("go", "")
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let slow = stage.journal.entries().map(\.offset).filter { $0 % 10 == 3 }
            #expect(slow == Array(stride(from: Int64(3), to: 200, by: 10)))
            #expect(stage.journal.entries().count == 200)
            #expect(try await stage.committed() == [200])
        }
    }

    @Test(
        "The records of each key are handled one after the other, whatever fails and whichever worker dies",
        .timeLimit(.minutes(30)))
    func recordsOfAKeyAreHandledInOrder() async throws {
        try await Slots.shared.run {
            let random = TestRandom()
            let (each, keys) = (300, 12)
            let stage = try Stage(partitions: 2)
            try await stage.cluster.fill("t", partitions: 2, each: each, keys: keys)
            let ackpipe = try stage.run(
                ["--order", "key", "--workers", "4", "--retry-backoff", "5ms..20ms", "--exit-at-end"],
                stage.scratch.python(
                    "flaky.py",
                    """
                    import random
                    random.seed(\(random.seed) + os.getpid())
                    def handle(record):
                        time.sleep(0.001)
                        if random.random() < 0.01:
                            os._exit(3)
                        if random.random() < 0.05:
                            return {"error": "flaky", "delay_ms": random.choice([0, 1, 20])}
                    serve(handle)
                    """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let entries = stage.journal.entries()
            var last: [[Int]: Journal.Entry] = [:]
            for entry in entries {
                let lane = [entry.partition, Int(entry.offset) % keys]
                let expected = last[lane].map { $0.offset + Int64(keys) } ?? Int64(lane[1])
                let isAgain = entry.offset == last[lane]?.offset && entry.redelivered
                #expect(entry.offset == expected || isAgain, "\(entry) after \(String(describing: last[lane]))")
                last[lane] = entry
            }
            #expect(last.count == 2 * keys && last.values.allSatisfy { $0.offset >= Int64(each - keys) })
            #expect(entries.count > 2 * each, "something failed")
            #expect(Set(entries.map(\.pid)).count >= 4)
            #expect(try await stage.committed() == [300, 300])
        }
    }

    @Test("Records without a key are one lane, beside those of the keys", .timeLimit(.minutes(30)))
    func recordsWithoutAKeyAreOneLane() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 40)
            try await stage.cluster.fill("t", partitions: 1, each: 40, keys: 40)
            let ackpipe = try stage.run(
                ["--order", "key", "--workers", "4", "--exit-at-end"],
                stage.scratch.python("slow.py", "serve(lambda record: time.sleep(0.005))"))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let offsets = stage.journal.entries().map(\.offset)
            #expect(offsets.filter { $0 < 40 } == Array(0..<40))
            #expect(offsets != offsets.sorted(), "the keys did not wait for them")
            #expect(stage.journal.entries().count == 80)
            #expect(try await stage.committed() == [80])
        }
    }

    @Test(
        "A batch holds runs of several keys; where one fails, only what follows of its key comes again, in order",
        .timeLimit(.minutes(30)))
    func aBatchOfSeveralKeys() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 12, keys: 3)
            let ackpipe = try stage.run(
                ["--order", "key", "--mode", "batch", "--batch-size", "12", "--batch-linger", "2s", "--exit-at-end"],
                stage.scratch.python(
                    "partly.py",
                    """
                    from listening import *
                    begin()
                    first = True
                    while True:
                        frame = next_frame()
                        if frame["type"] != "batch":
                            continue
                        records = records_of(frame)
                        note("batches", " ".join("%d:%d" % (r["offset"], r["attempt"]) for r in records))
                        index = [r["offset"] for r in records].index(4) if first else None
                        failed = [{"index": index, "error": "later", "delay_ms": 0}] if first else []
                        first = False
                        send({"type": "result", "id": frame["id"], "failed": failed})
                    """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let batches = stage.notes("batches")
            #expect(batches == ["0:1 3:1 6:1 9:1 1:1 4:1 7:1 10:1 2:1 5:1 8:1 11:1", "4:2 7:1 10:1"])
            #expect(try await stage.committed() == [12])
        }
    }
}
