import Foundation
import Kafka
import Testing

/// `ackpipe broker --load FILE`, seen from outside.
@Suite struct BrokerLoadTests {
    /// Debian and Ubuntu have kcat in a package of that name.
    static let kcat: String? = ["/usr/bin/kcat", "/usr/local/bin/kcat", "/usr/bin/kafkacat"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// What kcat read, by topic, partition and offset.
    private struct Printed: Decodable, Equatable {
        var topic: String
        var partition: Int
        var offset: Int
        var ts: Int64
        var key: String?
        var payload: String?
        var headers: [String?]?
    }

    /// The address that a ready broker told in its log.
    private func address(_ broker: AckpipeProcess) async throws -> String {
        try await broker.waitForLog("embedded broker ready")
        let line = try #require(broker.log.split(separator: "\n").first { $0.contains("embedded broker ready") })
        let word = try #require(line.split(separator: " ").first { $0.hasPrefix("brokers=") })
        return String(word.dropFirst("brokers=".count))
    }

    /// Everything in the topic, as kcat -J prints it: one line a record.
    private func consume(_ topic: String, from address: String, in scratch: Scratch) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(BrokerLoadTests.kcat))
        process.arguments = ["-b", address, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J"]
        let path = try scratch.write("kcat-\(UUID().uuidString)", "")
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        try await eventually("kcat reads to the end") { process.isRunning ? nil : () }
        #expect(process.terminationStatus == 0)
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    private func stop(_ broker: AckpipeProcess) async throws {
        broker.signal(SIGTERM)
        #expect(try await broker.waitForExit() == 0, "\(broker.logTail)")
    }

    /// Ends with 65 and this text in its log, and without a broker.
    private func expectRefusal(_ arguments: [String], in scratch: Scratch, saying texts: [String]) async throws {
        let broker = try AckpipeProcess(["broker"] + arguments, in: scratch)
        #expect(try await broker.waitForExit() == 65, "\(broker.logTail)")
        for text in texts { #expect(broker.log.contains(text), "\(text) is missing in: \(broker.logTail)") }
        #expect(!broker.log.contains("embedded broker ready"))
    }

    @Test(
        "a loaded file is read back by kcat; what kcat prints is loaded and read back again, the same",
        .enabled(if: BrokerLoadTests.kcat != nil, "kcat is not installed"), .timeLimit(.minutes(30)))
    func roundTrip() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let first = try scratch.write(
                "first.jsonl",
                """
                {"topic":"orders","partition":1,"timestamp":1760000000000,"key":"größe/5","value":"5 €\\n\\u0000😀",\
                "headers":[{"key":"a","value":"1"},{"key":"a","value":null},{"key":"","value":""}]}
                {"topic":"orders","partition":1,"timestamp":1760000000001,"key":null,"value":null}
                {"topic":"orders","partition":0,"timestamp":1760000000002,"key":"","value":""}

                {"topic":"orders","partition":0,"timestamp":1760000000003,"key_json":7,"value_json":{"a" : [1, 2.50]}}
                {"topic":"orders","partition":0,"ts":1760000000004,"key_base64":"aw==","value_base64":"w6k=",\
                "headers":["n","v"]}
                """)
            let expected = [
                Printed(
                    topic: "orders", partition: 0, offset: 0, ts: 1_760_000_000_002, key: "", payload: ""),
                Printed(
                    topic: "orders", partition: 0, offset: 1, ts: 1_760_000_000_003, key: "7",
                    payload: "{\"a\" : [1, 2.50]}"),
                Printed(
                    topic: "orders", partition: 0, offset: 2, ts: 1_760_000_000_004, key: "k", payload: "é",
                    headers: ["n", "v"]),
                Printed(
                    topic: "orders", partition: 1, offset: 0, ts: 1_760_000_000_000, key: "größe/5",
                    payload: "5 €\n\u{0}😀", headers: ["a", "1", "a", nil, "", ""]),
                Printed(topic: "orders", partition: 1, offset: 1, ts: 1_760_000_000_001),
            ]
            var file = first
            for round in ["a file", "what kcat printed of it"] {
                let broker = try AckpipeProcess(["broker", "--topic", "orders:2", "--load", file], in: scratch)
                let address = try await address(broker)
                #expect(broker.log.contains("records loaded") && broker.log.contains("records=5"), "\(broker.logTail)")
                let text = try await consume("orders", from: address, in: scratch)
                let printed = try text.split(separator: "\n")
                    .map { try JSONDecoder().decode(Printed.self, from: Data($0.utf8)) }
                    .sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
                #expect(printed == expected, "\(round)")
                try await stop(broker)
                file = try scratch.write("second.jsonl", text)
            }
        }
    }

    @Test("a load of several partitions is there whole when the port opens", .timeLimit(.minutes(30)))
    func volume() async throws {
        try await Slots.shared.run(weight: 2) {
            let scratch = try Scratch()
            let line = { (number: Int) in
                "{\"partition\":\(number % 4),\"value\":\"\(number) \(String(repeating: "x", count: 1_000))\"}\n"
            }
            // Half a MB a partition: a debug build reads less than one MB a second.
            let file = try scratch.write("volume.jsonl", (0..<2_000).map(line).joined())
            let broker = try AckpipeProcess(["broker", "--topic", "orders:4", "--load", file], in: scratch)
            let reader = try LoadProducer(bootstrapServers: try await address(broker))
            defer { reader.close() }
            for partition in 0..<Int32(4) {
                let kept = try reader.watermarks(topic: "orders", partition: partition)
                #expect(kept == (0, 500), "partition \(partition)")
            }
            try await stop(broker)
        }
    }

    @Test("a load beyond what a partition keeps is refused with size and limit", .timeLimit(.minutes(30)))
    func tooLarge() async throws {
        try await Slots.shared.run(weight: 2) {
            let scratch = try Scratch()
            let line = "{\"key\":\"k\",\"value\":\"\(String(repeating: "x", count: 10_000))\"}\n"
            let file = try scratch.write("large.jsonl", String(repeating: line, count: 600))
            // 10037 bytes each, with the overhead: 515 fit into 5177344 bytes, 516 make 5179092.
            try await expectRefusal(
                ["--topic", "orders:4", "--load", file], in: scratch,
                saying: [
                    "\(file):516:1: orders [", "5179092 bytes do not fit into the 5177344 bytes",
                    "use more partitions or fewer records", "a file of \(600 * line.utf8.count)",
                ])
        }
    }

    @Test(
        "a bad line anywhere is named with file, line, column and remedy, and nothing starts", .timeLimit(.minutes(30)))
    func badLine() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let good = String(repeating: "{\"key\":\"k\",\"value\":\"v\"}\n", count: 99)
            for (name, line, texts) in [
                (
                    "typo", "{\"key\":\"k\",\"valeu\":\"v\"}",
                    [":100:13: unknown member \"valeu\"", "nearest valid one is \"value\""]
                ),
                ("cut", "{\"key\":\"k\",\"val", [":100:16: not valid JSON: it ends in the middle", "one line"]),
                (
                    "topic", "{\"topic\":\"ordres\",\"value\":\"v\"}",
                    [":100:1: topic \"ordres\" was not given", "--topic ordres:1"]
                ),
                (
                    "partition", "{\"partition\":4,\"value\":\"v\"}",
                    [":100:1: topic \"orders\" has no partition 4", "--topic orders:5"]
                ),
            ] {
                let file = try scratch.write("\(name).jsonl", good + line + "\n" + good)
                try await expectRefusal(
                    ["--topic", "orders:4", "--load", file], in: scratch,
                    saying: texts.map { $0.hasPrefix(":") ? file + $0 : $0 })
            }
            let missing = scratch.path("missing.jsonl")
            try await expectRefusal(
                ["--topic", "orders:4", "--load", missing], in: scratch,
                saying: ["\(missing): cannot be opened: No such file or directory", "--load"])
        }
    }
}
