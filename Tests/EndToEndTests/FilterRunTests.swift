import Foundation
import Kafka
import Testing

@Suite("--filter")
struct FilterRunTests {
    @Test(
        "Only records that fulfil it reach the handler; the offsets of the others are committed with theirs, and they are counted",
        .timeLimit(.minutes(30)), arguments: ["partition", "key", "none"])
    func othersAreSettledUnseen(order: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.write { write in
                for number in 0..<60 {
                    // The last ones are filtered: nothing comes behind them that would carry their offsets along.
                    let type = number % 3 == 0 ? "order" : "refund"
                    try write(
                        LoadRecord(
                            topic: "t", partition: 0, key: Array("k\(number % 4)".utf8), value: [0x31],
                            headers: [("type", Array(type.utf8))]))
                }
            }
            let ackpipe = try stage.run(
                [
                    "--filter", "header.type == \"order\"", "--filter", "key != \"k0\"", "--order", order,
                    "--exit-at-end",
                ], stage.scratch.python("ack.py", "serve(lambda record: None)"))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let wanted: [Int64] = (0..<60).filter { $0 % 3 == 0 && $0 % 4 != 0 }
            #expect(stage.journal.entries().map(\.offset).sorted() == wanted)
            #expect(ackpipe.log.contains("records.filtered=\(60 - wanted.count)"), "\(ackpipe.logTail)")
            #expect(try await stage.committed() == [60])
        }
    }

    @Test(
        "While the service runs, records that are filtered move the committed offset by themselves",
        .timeLimit(.minutes(30)))
    func offsetsPassWithoutAHandler() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 30)
            let ackpipe = try stage.run(
                ["--filter", "exists header.type", "--commit-interval", "50ms"],
                stage.scratch.python("ack.py", "serve(lambda record: None)"))
            try await stage.waitForCommitted([30], ackpipe)
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.journal.entries().isEmpty)
        }
    }

    @Test("A filter that is wrong is refused with 64; the message names the column", .timeLimit(.minutes(30)))
    func aWrongFilter() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let ackpipe = try AckpipeProcess(
                [
                    "run", "-b", "localhost:1", "-t", "t", "-g", "g", "--filter", "header.type = \"order\"", "--",
                    "true",
                ], in: scratch)
            #expect(try await ackpipe.waitForExit() == 64, "\(ackpipe.logTail)")
            let said = ackpipe.log + ackpipe.output
            #expect(said.contains("--filter") && said.contains("column 13: found '=', expected =="), "\(said)")
        }
    }
}
