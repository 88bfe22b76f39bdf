import Foundation
import Testing

@Suite("Order within a partition")
struct DeliveryOrderTests {
    @Test(
        "In each partition a record is handled only after the one before it was acknowledged, whatever fails",
        .timeLimit(.minutes(30)), arguments: ["message", "batch"])
    func recordsOfAPartitionAreHandledInOrder(mode: String) async throws {
        try await Slots.shared.run {
            let random = TestRandom()
            let stage = try Stage(partitions: 4)
            try await stage.cluster.fill("t", partitions: 4, each: 400)
            let ackpipe = try stage.run(
                ["--mode", mode, "--batch-size", "20", "--workers", "3", "--exit-at-end"],
                stage.scratch.python(
                    "flaky.py",
                    """
                    import random
                    random.seed(\(random.seed) + os.getpid())
                    def handle(record):
                        time.sleep(0.001)
                        if random.random() < 0.05:
                            return {"error": "flaky", "delay_ms": random.choice([0, 1, 20])}
                    serve(handle)
                    """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let entries = stage.journal.entries()
            for partition in 0..<4 {
                var last: Journal.Entry?
                for entry in entries where entry.partition == partition {
                    let isNext = entry.offset == (last?.offset ?? -1) + 1
                    let isAgain = entry.offset == last?.offset && entry.attempt == (last?.attempt ?? 0) + 1
                    #expect(isNext || isAgain, "partition \(partition): \(entry) after \(String(describing: last))")
                    last = entry
                }
                #expect(last?.offset == 399)
            }
            #expect(entries.count > 1_600, "something failed")
            #expect(Set(entries.map(\.pid)).count == 3, "the partitions were spread over the workers")
            #expect(try await stage.committed() == [400, 400, 400, 400])
        }
    }

    @Test(
        "With --order none the records of one partition are spread over the workers, and a failed one holds nothing up",
        .timeLimit(.minutes(30)))
    func withoutOrderOnePartitionKeepsAllWorkersBusy() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 600)
            let ackpipe = try stage.run(
                ["--order", "none", "--workers", "3", "--max-in-flight", "2", "--exit-at-end"],
                stage.scratch.python(
                    "slow.py",
                    """
                    def handle(record):
                        time.sleep(0.004)
                        if record["offset"] == 5 and record["attempt"] < 3:
                            return {"error": "not yet", "delay_ms": 500}
                    serve(handle)
                    """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let entries = stage.journal.entries()
            #expect(entries.count == 602)
            #expect(Set(entries.map(\.pid)).count == 3)
            let failed = entries.indices.filter { entries[$0].offset == 5 }
            #expect(failed.map { entries[$0].attempt } == [1, 2, 3])
            if failed.count == 3 {
                let between = entries[failed[0]..<failed[1]]
                // Six may be under way in three workers; more than that shows that the others went on.
                #expect(between.count > 20, "\(between.map(\.offset))")
            }
            #expect(try await stage.committed() == [600])
        }
    }
}
