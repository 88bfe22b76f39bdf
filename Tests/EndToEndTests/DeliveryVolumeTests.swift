import Foundation
import Testing

@Suite("Delivery of many records")
struct DeliveryVolumeTests {
    @Test(
        "100,000 records over 4 partitions in batches of 100 for 3 workers: all handled once, committed to the ends, exit 0",
        .timeLimit(.minutes(30)))
    func everyRecordIsHandledAndCommitted() async throws {
        try await Slots.shared.run(weight: 3) {
            let stage = try Stage(partitions: 4)
            try await stage.cluster.fill("t", partitions: 4, each: 25_000)
            try await stage.cluster.requireWholeLog("t")
            let began = ContinuousClock.now
            let ackpipe = try stage.join(
                ["--workers", "3", "--mode", "batch", "--batch-size", "100", "--exit-at-end"],
                Repository.handler("ack.py"))
            #expect(try await ackpipe.waitForExit(within: 240) == 0, "\(ackpipe.logTail)")
            print("100,000 records: \(ContinuousClock.now - began)")
            let entries = stage.journal.entries()
            #expect(entries.count == 100_000)
            #expect(entries.allSatisfy { !$0.redelivered && $0.attempt == 1 })
            #expect(stage.journal.offsets() == Dictionary(uniqueKeysWithValues: (0..<4).map { ($0, Set(0..<25_000)) }))
            #expect(Set(entries.map(\.pid)).count == 3, "each worker got some")
            #expect(try await stage.committed() == [25_000, 25_000, 25_000, 25_000])
        }
    }
}
