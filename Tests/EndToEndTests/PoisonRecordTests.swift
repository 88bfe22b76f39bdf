import Foundation
import Testing

/// One record of 1,001 always fails, each time in the same way.
@Suite("A poison record among 1,000 neighbours")
struct PoisonRecordTests {
    enum Order: String, CaseIterable { case partition, key, none }

    /// How the poison record fails.
    enum Poison: String, CaseIterable {
        case crash, hang, hangUntilCancelled, nack

        /// The record's fate in the handler: `step(record)` is called for the poison record alone.
        var handler: String {
            switch self {
            case .crash:
                """
                def step(frame):
                    sys.stderr.write("about to step on it\\n")
                    sys.stderr.flush()
                    os.kill(os.getpid(), 9)
                """
            case .hang:
                """
                def step(frame):
                    time.sleep(1000)
                """
            case .hangUntilCancelled:
                """
                FEATURES = ["cancel"]
                def step(frame):
                    while True:
                        other = next_frame()
                        if other["type"] == "cancel" and frame["id"] in other["ids"]:
                            note("cancels", other["reason"])
                            answer(frame, "I have stopped")
                            return
                        waiting.append(other)
                """
            case .nack:
                """
                def step(frame):
                    answer(frame, "I never take this one")
                """
            }
        }

        /// Short where it is to run out; never so short that a neighbour meets it on a busy machine.
        var ackTimeout: String {
            switch self {
            case .hang, .hangUntilCancelled: "2s"
            case .crash, .nack: "1m"
            }
        }

        /// What its dead letter says.
        var words: String {
            switch self {
            case .crash: "SIGKILL"
            case .hang, .hangUntilCancelled: "--ack-timeout"
            case .nack: "I never take this one"
            }
        }
    }

    private func handler(_ poison: Poison) -> String {
        """
        from listening import *
        FEATURES = []
        waiting = []
        \(poison.handler)
        begin(features=FEATURES)
        while True:
            frame = waiting.pop(0) if waiting else next_frame()
            if frame["type"] == "message":
                journal(frame)
                if (frame["partition"], frame["offset"]) == (0, 137):
                    step(frame)
                else:
                    answer(frame)
            elif frame["type"] == "cancel":
                for identifier in frame["ids"]:
                    answer({"id": identifier}, action="release")
        """
    }

    @Test(
        "It alone is charged, and becomes the one dead letter; all others are handled at their first attempt",
        .timeLimit(.minutes(30)), arguments: Order.allCases, Poison.allCases)
    func onlyThePoisonRecordPays(order: Order, poison: Poison) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2, on: Cluster(("t", 2), ("d", 1)))
            try await stage.cluster.fill("t", partitions: 2, each: 501, keys: 50)
            let ackpipe = try stage.run(
                [
                    "--order", order.rawValue, "--workers", "3", "--max-in-flight", "64", "--max-attempts", "3",
                    "--dead-letter-topic", stage.cluster.topic("d"), "--retry-backoff", "20ms..50ms", "--ack-timeout",
                    poison.ackTimeout, "--exit-at-end",
                ], stage.scratch.python("poison.py", handler(poison)))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")

            let entries = stage.journal.entries()
            let (stepped, neighbours) = (
                entries.filter { $0.partition == 0 && $0.offset == 137 },
                entries.filter { $0.partition != 0 || $0.offset != 137 }
            )
            #expect(neighbours.allSatisfy { $0.attempt == 1 }, "\(neighbours.filter { $0.attempt > 1 }.prefix(5))")
            #expect(stage.journal.distinctCount() == 1_002)
            // In company it may have failed once uncharged.
            #expect([[1, 2, 3], [1, 1, 2, 3]].contains(stepped.map(\.attempt)), "\(stepped.map(\.attempt))")
            let letters = try await stage.cluster.read("d")
            #expect(letters.map(\.original) == [[0, 137]])
            #expect(letters.first?.text("ackpipe.cause") == "exhausted")
            #expect(letters.first?.text("ackpipe.attempts") == "3")
            let words = letters.first?.text("ackpipe.error") ?? ""
            #expect(words.contains(poison.words), "\(words)")
            #expect(try await stage.committed() == [501, 501])
            if poison == .crash {
                #expect(letters.first?.text("ackpipe.stderr")?.contains("about to step on it") == true)
            }
            if poison == .hangUntilCancelled {
                #expect(Set(stage.notes("cancels")) == ["timeout"])
                #expect(!ackpipe.log.contains("worker is replaced"), "\(ackpipe.logTail)")
            }
        }
    }
}
