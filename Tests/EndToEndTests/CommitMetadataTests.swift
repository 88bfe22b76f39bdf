import DeliveryCore
import Foundation
import Testing

/// The first record is never answered, all others are acknowledged.
@Suite("What was settled above the committed offset")
struct CommitMetadataTests {
    private static let count = 20

    /// A topic of 20 records; the daemon has committed 0 with a text that says that 1 to 19 are settled, and is gone.
    private struct Interrupted {
        let stage: Stage
        let committed: GroupCommit

        init(order: String, ending signal: Int32) async throws {
            stage = try Stage(partitions: 1, on: Cluster(("t", 1), ("u", 1)))
            try await stage.cluster.fill("t", partitions: 1, each: count, keys: count)
            try await stage.cluster.fill("u", partitions: 1, each: count, keys: count)
            let ackpipe = try stage.run(
                ["--order", order, "--commit-interval", "50ms", "--drain-timeout", "2s"],
                stage.scratch.python(
                    "first.py",
                    """
                    from listening import *
                    begin()
                    while True:
                        frame = next_frame()
                        if frame["type"] == "message":
                            journal(frame)
                            if frame["offset"] > 0:
                                answer(frame)
                    """))
            let (stage, count) = (stage, CommitMetadataTests.count)
            let journal = stage.journal
            try await eventually("all are handed over", seen: { ackpipe.logTail }) {
                journal.distinctCount() == count ? () : nil
            }
            // The text is sent as soon as it has changed, though the offset has not moved. What was settled between two
            // commits makes the first text shorter: until it has its last form.
            let identity = CommitMetadata.identity([stage.cluster.group, stage.topic, "read_committed"])
            var found: GroupCommit?
            let deadline = ContinuousClock.now + .seconds(60)
            while CommitMetadata.decode(found?.metadata ?? [], base: 0, identity: identity).runs != [
                1...Int64(count - 1)
            ] {
                found = try await stage.cluster.groupCommit("g", "t", 0)
                guard ContinuousClock.now < deadline else {
                    throw Timeout(description: "no text is committed: \(String(describing: found)). \(ackpipe.logTail)")
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            committed = try #require(found)
            ackpipe.signal(signal)
            let code = try await ackpipe.waitForExit()
            if signal == SIGTERM { #expect(code == 75, "a delivery had no verdict: \(ackpipe.logTail)") }
            try await stage.marked.requireNone()
            #expect(committed.offset == 0)
            #expect(committed.metadata?.starts(with: "ackpipe1:".utf8) == true)
        }

        /// The offsets that a daemon hands over which acknowledges all; it ends at the end of the topic.
        func offsetsOfNextRun(
            _ options: [String] = [], group: String = "g", topic: String = "t"
        ) async throws -> (offsets: [Int64], log: String) {
            let journal = Journal(stage.scratch, "journal-\(group)-\(topic)-next")
            let ackpipe = try AckpipeProcess(
                ["run"] + stage.cluster.address + [
                    "--assign", "\(stage.cluster.topic(topic)):0", "-g", stage.cluster.group(group), "--exit-at-end",
                ] + options
                    + ["--"] + Repository.handler("ack.py"), in: stage.scratch, environment: ["JOURNAL": journal.path])
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try await stage.cluster.committed(group, topic) == [Int64(CommitMetadataTests.count)])
            return (journal.entries().map(\.offset).sorted(), ackpipe.log)
        }
    }

    @Test(
        "It is not delivered again after a restart, whether the daemon drained or was killed", .timeLimit(.minutes(30)),
        arguments: [("none", SIGTERM), ("none", SIGKILL), ("key", SIGKILL)])
    func settledRecordsAreSpared(order: String, signal: Int32) async throws {
        try await Slots.shared.run {
            let run = try await Interrupted(order: order, ending: signal)
            let next = try await run.offsetsOfNextRun(["--order", order])
            #expect(next.offsets == [0])
            #expect(next.log.contains("records.spared=19"), "\(next.log)")
        }
    }

    @Test("--ignore-commit-metadata delivers all of it again", .timeLimit(.minutes(30)))
    func theTextCanBeIgnored() async throws {
        try await Slots.shared.run {
            let run = try await Interrupted(order: "none", ending: SIGKILL)
            #expect(try await run.offsetsOfNextRun(["--ignore-commit-metadata"]).offsets == Array(0..<20))
        }
    }

    @Test("After an operator's rewind everything is delivered from there on", .timeLimit(.minutes(30)))
    func anOperatorsRewindWins() async throws {
        try await Slots.shared.run {
            let run = try await Interrupted(order: "none", ending: SIGKILL)
            try await run.stage.cluster.commit("g", "t", 0, GroupCommit(offset: 0))
            #expect(try await run.offsetsOfNextRun().offsets == Array(0..<20))
        }
    }

    @Test("A text that was written for another offset is not believed", .timeLimit(.minutes(30)))
    func aTextForAnotherOffset() async throws {
        try await Slots.shared.run {
            let run = try await Interrupted(order: "none", ending: SIGKILL)
            try await run.stage.cluster.commit(
                "g", "t", 0, GroupCommit(offset: 5, metadata: run.committed.metadata))
            let next = try await run.offsetsOfNextRun()
            #expect(next.offsets == Array(5..<20))
            #expect(next.log.contains("commit metadata is not used"), "\(next.log)")
        }
    }

    @Test("The text of another group or of another topic is not believed", .timeLimit(.minutes(30)))
    func aTextOfAnotherGroupOrTopic() async throws {
        try await Slots.shared.run {
            let run = try await Interrupted(order: "none", ending: SIGKILL)
            for (group, topic) in [("other", "t"), ("g", "u")] {
                try await run.stage.cluster.commit(group, topic, 0, run.committed)
                let next = try await run.offsetsOfNextRun(group: group, topic: topic)
                #expect(next.offsets == Array(0..<20))
                #expect(next.log.contains("commit metadata is not used"), "\(next.log)")
            }
        }
    }
}
