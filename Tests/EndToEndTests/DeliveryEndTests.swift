import Foundation
import Testing

@Suite("Ending by itself")
struct DeliveryEndTests {
    @Test("--exit-at-end with an empty topic ends at once with 0", .timeLimit(.minutes(30)), arguments: [true, false])
    func anEmptyTopicIsAtItsEnd(inGroup: Bool) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 3)
            let handler = Repository.handler("ack.py")
            let ackpipe = try inGroup ? stage.join(["--exit-at-end"], handler) : stage.run(["--exit-at-end"], handler)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.journal.entries().isEmpty)
            #expect(try await stage.committed() == [nil, nil, nil])
        }
    }

    @Test(
        "--exit-at-end a second time has nothing to do; what was written meanwhile is handled", .timeLimit(.minutes(30))
    )
    func aSecondRunBeginsWhereTheFirstEnded() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2)
            try await stage.cluster.fill("t", partitions: 2, each: 10)
            for expected in [20, 20, 30] {
                if expected == 30 { try await stage.cluster.fill("t", partitions: 2, each: 5) }
                let ackpipe = try stage.run(["--exit-at-end"], Repository.handler("ack.py"))
                #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
                #expect(stage.journal.entries().count == expected)
            }
            #expect(try await stage.committed() == [15, 15])
        }
    }

    @Test(
        "--max-messages handles exactly that many and commits exactly these", .timeLimit(.minutes(30)),
        arguments: ["message", "batch"])
    func maxMessagesIsExact(mode: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 4)
            try await stage.cluster.fill("t", partitions: 4, each: 100)
            let ackpipe = try stage.run(
                ["--max-messages", "137", "--mode", mode, "--batch-size", "20", "--workers", "2"],
                Repository.handler("ack.py"))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.journal.entries().count == 137)
            #expect(try await stage.committed().reduce(0) { $0 + ($1 ?? 0) } == 137)
        }
    }
}
