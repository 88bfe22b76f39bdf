import Foundation
import Kafka
import Testing

/// Each handler of `examples/` does the whole job, in message and in batch mode.
@Suite struct ExamplesTests {
    private static let modes = ["message", "batch"]
    private let partitions = 4

    @Test("The Python example handles every record", .timeLimit(.minutes(30)), arguments: modes)
    func python(mode: String) async throws {
        try await handlesAll(mode, each: 100, "python", ["python3", example("python/handler.py")])
        try await handlesAll(
            mode, each: 100, "python, protocol on descriptors 3 and 4", ["python3", example("python/handler.py")],
            ["--protocol-fd", "3"])
    }

    @Test(
        "The Node.js example handles every record", .enabled(if: Tool("node").isThere, "node is not installed"),
        .timeLimit(.minutes(30)), arguments: modes)
    func node(mode: String) async throws {
        try await handlesAll(mode, each: 100, "node", ["node", example("node/handler.js")])
    }

    @Test(
        "The Perl example handles every record", .enabled(if: Tool("perl").isThere, "perl is not installed"),
        .timeLimit(.minutes(30)), arguments: modes)
    func perl(mode: String) async throws {
        try await handlesAll(mode, each: 100, "perl", ["perl", example("perl/handler.pl")])
    }

    @Test(
        "The C example handles every record", .enabled(if: Tool("gcc").isThere, "gcc is not installed"),
        .timeLimit(.minutes(30)), arguments: modes)
    func c(mode: String) async throws {
        let scratch = try Scratch()
        let handler = try await CompiledHandler.build(in: scratch)
        try await handlesAll(mode, each: 100, "c", handler)
    }

    @Test(
        "The shell example handles every record", .enabled(if: Tool("jq").isThere, "jq is not installed"),
        .timeLimit(.minutes(30)), arguments: modes)
    func shell(mode: String) async throws {
        // It starts several processes for each record.
        try await handlesAll(mode, each: 25, "shell", ["sh", example("shell/handler.sh")], ["--framing", "lines"])
    }

    private func example(_ path: String) -> String {
        Repository.root.appendingPathComponent("examples/\(path)").path
    }

    /// Texts, keys, a tombstone and bytes that are no UTF-8: everything is acknowledged and committed, nothing failed on
    /// the way, and the example told of each record in the log.
    private func handlesAll(
        _ mode: String, each count: Int, _ name: String, _ handler: [String], _ options: [String] = []
    ) async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("t", partitions))
            try await cluster.fill("t", partitions: partitions, each: count - 3)
            try await cluster.write { [partitions] write in
                for partition in 0..<Int32(partitions) {
                    try write(.init(topic: "t", partition: partition, key: Array("k".utf8), value: nil))
                    try write(.init(topic: "t", partition: partition, value: [0xff, 0xfe, 0x00]))
                    try write(.init(topic: "t", partition: partition, value: Array("\"grüße\"\n\\".utf8)))
                }
            }
            let assigned = (0..<partitions).flatMap { ["--assign", "\(cluster.topic):\($0)"] }
            let ackpipe = try AckpipeProcess(
                ["run"] + cluster.address + assigned + [
                    "-g", cluster.group, "--exit-at-end", "--mode", mode, "--batch-size", "20",
                ]
                    + options + ["--"] + handler, in: scratch)
            #expect(try await ackpipe.waitForExit(within: 300) == 0, "\(name): \(ackpipe.logTail)")
            let committed = try await cluster.committed("g", "t")
            #expect(committed == Array(repeating: Int64(count), count: partitions), "\(name): \(ackpipe.logTail)")
            #expect(ackpipe.log.contains("attempts.failed=0"), "\(name): \(ackpipe.logTail)")
            #expect(ackpipe.log.contains("records.settled=\(partitions * count)"), "\(name): \(ackpipe.logTail)")
            #expect(ackpipe.log.contains("worker.failures=0"), "\(name): \(ackpipe.logTail)")
            let told = ackpipe.log.split(separator: "\n").count { $0.contains("handler: ") }
            #expect(told >= partitions * count, "\(name) told of \(told) records: \(ackpipe.logTail)")
        }
    }
}
