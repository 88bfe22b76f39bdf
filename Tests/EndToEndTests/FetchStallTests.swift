import Foundation
import Testing

/// With default settings the daemon never waits out the second that librdkafka sleeps when its queue is full
/// (docs/decisions/0010). What the consumer does about it is tested in KafkaTests; here the whole path, on each librdkafka.
@Suite("The fetch stall") struct FetchStallTests {
    private static let partitions = 24
    private static let each = 4_500

    @Test("While records wait, a handler of batches is never without one for long", .timeLimit(.minutes(30)))
    func noStall() async throws {
        try await Slots.shared.run(weight: 2) {
            let scratch = try Scratch()
            try await run(on: try Cluster(("t", FetchStallTests.partitions)), [:], in: scratch)
        }
    }

    @Test(
        "The same on a newer librdkafka",
        .enabled(if: NewerLibrary.isThere, Comment(rawValue: NewerLibrary.reason)), .timeLimit(.minutes(30)))
    func noStallOnNewer() async throws {
        try await Slots.shared.run(weight: 2) {
            let scratch = try Scratch()
            let (broker, cluster) = try await NewerLibrary.broker(partitions: FetchStallTests.partitions, in: scratch)
            try await run(on: cluster, NewerLibrary.environment, in: scratch)
            broker.signal(SIGTERM)
            _ = try await broker.waitForExit()
        }
    }

    private func run(on cluster: Cluster, _ environment: [String: String], in scratch: Scratch) async throws {
        try await cluster.fill(
            "t", partitions: FetchStallTests.partitions, each: FetchStallTests.each, size: 1_024)
        try await cluster.requireWholeLog("t")
        // Notes how long it waited for each batch after the first, in milliseconds, where that was long.
        let handler = try scratch.python(
            "gaps.py",
            """
            since = None
            gaps = open(os.environ["GAPS"], "a", buffering=1)
            while (frame := receive()) is not None:
                if frame["type"] == "hello":
                    send({"type": "ready", "protocol": 1, "name": "gaps"})
                elif frame["type"] == "batch":
                    if since is not None and time.monotonic() - since >= 0.25:
                        gaps.write("%d\\n" % ((time.monotonic() - since) * 1000))
                    send({"type": "ack", "id": frame["id"]})
                    since = time.monotonic()
            """)
        var seen: [[Substring]] = []
        // There would be a stall for every 16 MB of the 110, in every round; a busy machine's long gaps come now and then.
        for round in 1...3 {
            let gaps = scratch.path("gaps\(round).txt")
            let assigned = (0..<FetchStallTests.partitions).flatMap { ["--assign", "\(cluster.topic):\($0)"] }
            let ackpipe = try AckpipeProcess(
                ["run"] + cluster.address + assigned + ["--mode", "batch", "--exit-at-end", "--"] + handler,
                in: scratch,
                environment: environment.merging(["GAPS": gaps]) { $1 })
            #expect(try await ackpipe.waitForExit(within: 180) == 0, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("records.settled=\(FetchStallTests.partitions * FetchStallTests.each)"))
            seen.append(try String(contentsOfFile: gaps, encoding: .utf8).split(separator: "\n"))
            if seen[round - 1].count <= 1 { return }
        }
        let rounds = seen.map { $0.joined(separator: ", ") }
        Issue.record("no batch for \(rounds.joined(separator: "; then for ")) ms")
    }
}
