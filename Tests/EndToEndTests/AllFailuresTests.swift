import Foundation
import Testing

/// Crashes, hangs, retries, rejections, skips and releases, all at random, in every order and form of delivery.
@Suite("All failures at once")
struct AllFailuresTests {
    struct Form: CustomTestStringConvertible {
        var order: String
        var options: [String]
        var features = "[]"

        var testDescription: String { ([order] + options).joined(separator: " ") + " " + features }
    }

    private static let batches = ["--mode", "batch", "--batch-size", "8"]
    static let forms = [
        Form(order: "partition", options: []),
        Form(order: "partition", options: ["--lane-window", "3"], features: "[\"cancel\"]"),
        Form(order: "partition", options: batches + ["--lane-window", "2"]),
        Form(order: "key", options: ["--lane-window", "3"]),
        Form(order: "key", options: batches, features: "[\"cancel\"]"),
        Form(order: "key", options: batches + ["--bisect"]),
        Form(order: "none", options: ["--max-in-flight", "5"], features: "[\"cancel\"]"),
        Form(order: "none", options: batches + ["--bisect", "--rate", "400/s"]),
    ]

    /// Notes each verdict before it is given: "ack 0/12", "reject 1/5". `wild` says when it is time to behave.
    private func handler(_ seed: UInt64, _ form: Form) -> String {
        """
        from listening import *
        import random
        random.seed(\(seed) + os.getpid())
        FEATURES = \(form.features)
        begin(features=FEATURES)
        waiting = []

        def say(verdict, record):
            note("verdicts", "%s %d/%d" % (verdict, record["partition"], record["offset"]))

        def hang(frame):
            while "cancel" not in FEATURES:
                time.sleep(1000)
            while True:
                other = next_frame()
                if other["type"] == "cancel" and frame["id"] in other["ids"]:
                    return
                waiting.append(other)

        def fate(record, frame):
            journal(record)
            number = random.random()
            if number < 0.006: os._exit(5)
            if number < 0.009: return hang(frame) or "cancelled"
            if number < 0.06: return {"error": "flaky", "delay_ms": random.choice([0, 0, 10])}
            if number < 0.08: return {"error": "never", "action": "reject"}
            if number < 0.10: return {"action": "skip"}
            if number < 0.12: return {"action": "release", "delay_ms": 0}

        def handle(frame):
            failed = []
            if frame["type"] == "batch" and random.random() < 0.05:
                return answer(frame, "all of it", delay_ms=0)
            records = records_of(frame)
            for index, record in enumerate(records):
                verdict = fate(record, frame)
                if verdict == "cancelled":
                    return answer(frame, action="release")
                say(verdict.get("action", "retry") if verdict else "ack", record)
                if verdict:
                    failed.append({"index": index, **verdict})
                    if verdict.get("action") not in ("reject", "skip"):
                        # What is not listed would count as done.
                        untried = range(index + 1, len(records))
                        failed += [{"index": n, "action": "release", "delay_ms": 0} for n in untried]
                        break
            if frame["type"] == "batch":
                send({"type": "result", "id": frame["id"], "failed": failed})
            elif failed:
                del failed[0]["index"]
                send({"type": "nack", "id": frame["id"], **failed[0]})
            else:
                answer(frame)

        while True:
            frame = waiting.pop(0) if waiting else next_frame()
            if frame["type"] in ("message", "batch"):
                handle(frame)
            elif frame["type"] == "cancel":
                for identifier in frame["ids"]:
                    answer({"id": identifier}, action="release")
        """
    }

    @Test(
        "Every record is acknowledged, skipped or a dead letter in the end; order holds; offsets are at the ends",
        .timeLimit(.minutes(30)), arguments: forms)
    func nothingIsLost(form: Form) async throws {
        try await Slots.shared.run {
            let random = TestRandom(form.testDescription)
            let (partitions, each, keys) = (3, 150, 10)
            let stage = try Stage(partitions: partitions, on: Cluster(("t", partitions), ("d", 1)))
            try await stage.cluster.fill("t", partitions: partitions, each: each, keys: keys)
            let ackpipe = try stage.run(
                [
                    "--order", form.order, "--workers", "3", "--max-attempts", "3", "--dead-letter-topic",
                    stage.cluster.topic("d"),
                    "--retry-backoff", "5ms..20ms", "--ack-timeout", "1s", "--exit-at-end",
                ] + form.options, stage.scratch.python("wild.py", handler(random.seed, form)))
            #expect(try await ackpipe.waitForExit(within: 240) == 0, "\(ackpipe.logTail)")
            #expect(try await stage.committed() == Array(repeating: Int64(each), count: partitions))

            let letters = try await stage.cluster.read("d")
            let lettered = Set(letters.map { "\($0.original[0])/\($0.original[1])" })
            #expect(lettered.count == letters.count, "a record has two letters")
            let verdicts = Set(stage.notes("verdicts"))
            for letter in letters {
                let place = "\(letter.original[0])/\(letter.original[1])"
                if letter.text("ackpipe.cause") == "rejected" {
                    #expect(verdicts.contains("reject \(place)"))
                } else {
                    #expect(letter.text("ackpipe.cause") == "exhausted" && letter.text("ackpipe.attempts") == "3")
                }
            }
            for partition in 0..<partitions {
                for offset in 0..<each {
                    let place = "\(partition)/\(offset)"
                    let isDone = ["ack", "skip"].contains { verdicts.contains("\($0) \(place)") }
                    #expect(isDone || lettered.contains(place), "\(place) is lost")
                }
            }
            if form.order != "none" { requireOrder(stage, keys: form.order == "key" ? keys : 1) }
        }
    }

    /// The last runs of the records of each lane are in the order of their offsets.
    private func requireOrder(_ stage: Stage, keys: Int) {
        var lastRun: [[Int]: [Int64: Int]] = [:]
        for (place, entry) in stage.journal.entries().enumerated() {
            lastRun[[entry.partition, Int(entry.offset) % keys], default: [:]][entry.offset] = place
        }
        #expect(lastRun.count == stage.partitions * keys)
        for (lane, runs) in lastRun {
            let places = runs.sorted { $0.key < $1.key }.map(\.value)
            #expect(places == places.sorted(), "lane \(lane): \(places)")
        }
    }
}
