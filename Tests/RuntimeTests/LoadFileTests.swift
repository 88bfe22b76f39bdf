import Configuration
import Foundation
import Kafka
import Testing

@testable import Runtime

@Suite struct LoadFileTests {
    private let orders = [NewTopic(name: "orders", partitions: 2)]

    /// Gives `body` the path of a file that holds `text`.
    private func withFile<T>(_ text: String, _ body: (String) throws -> T) throws -> T {
        let url = FileManager.default.temporaryDirectory.appending(path: "load-\(UUID().uuidString).jsonl")
        try text.write(to: url, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url.path)
    }

    /// Checks a file with this text; answers its fault without the path, which must stand before it.
    private func fault(_ text: String, topics: [NewTopic]? = nil) throws -> String? {
        try withFile(text) { path in
            do throws(LoadFault) {
                _ = try LoadFile(path: path, topics: topics ?? orders).check()
                return nil
            } catch {
                #expect(error.code == .data)
                #expect(error.description.hasPrefix("\(path):"), "\(error)")
                return String(error.description.dropFirst(path.utf8.count + 1))
            }
        }
    }

    /// Checks and writes the file; answers the summary and each partition's watermarks.
    private func load(
        _ path: String, topics: [NewTopic]
    ) throws -> (summary: LoadFile.Summary, watermarks: [LoadFile.Place: [Int64]]) {
        let broker = try EmbeddedBroker(topics: topics.map { ($0.name, Int($0.partitions)) })
        defer { broker.stop() }
        let file = try LoadFile(path: path, topics: topics)
        let summary = try file.check()
        try file.write(summary, to: broker.bootstrapServers)
        let producer = try LoadProducer(bootstrapServers: broker.bootstrapServers)
        defer { producer.close() }
        var watermarks: [LoadFile.Place: [Int64]] = [:]
        for topic in topics {
            for partition in 0..<topic.partitions {
                let (low, high) = try producer.watermarks(topic: topic.name, partition: partition)
                watermarks[LoadFile.Place(topic: topic.name, partition: partition)] = [low, high]
            }
        }
        return (summary, watermarks)
    }

    @Test("records go where their lines say, blank lines count as lines and as nothing else")
    func places() throws {
        let text = """
            {"topic":"orders","partition":1,"value":"a"}

            {"topic":"returns","value":"b"}\r
            {"topic":"orders","partition":1,"value":null}
            {"topic":"orders","partition":0,"payload":"c"}
            """
        let topics = orders + [NewTopic(name: "returns", partitions: 1)]
        try withFile(text) { path in
            let (summary, watermarks) = try load(path, topics: topics)
            let counts: [LoadFile.Place: Int] = [
                .init(topic: "orders", partition: 0): 1, .init(topic: "orders", partition: 1): 2,
                .init(topic: "returns", partition: 0): 1,
            ]
            #expect(summary.records == 4)
            #expect(summary.bytes == text.utf8.count)
            #expect(summary.partitions == counts)
            #expect(watermarks == counts.mapValues { [0, Int64($0)] })
        }
    }

    @Test("without a partition, one key stays in one partition, and no key spreads")
    func partitioner() throws {
        let keyed = String(repeating: "{\"key\":\"k\",\"value\":\"v\"}\n", count: 10)
        try withFile(keyed) { path in
            let summary = try LoadFile(path: path, topics: orders).check()
            #expect(summary.partitions.values.sorted() == [10])
        }
        try withFile(String(repeating: "{\"value\":\"v\"}\n", count: 10)) { path in
            let summary = try LoadFile(path: path, topics: orders).check()
            #expect(summary.partitions.values.sorted() == [5, 5])
        }
    }

    @Test("an empty file is a load of nothing")
    func empty() throws {
        let summary = try withFile("") { try load($0, topics: orders).summary }
        #expect(summary == LoadFile.Summary())
    }

    @Test("lines longer than the reader's block, and blocks that end anywhere, make no difference")
    func longLines() throws {
        // A value of 200 kB spelt with six bytes each, between short ones; the blocks have 256 KiB.
        let long = String(repeating: "\\u0041", count: 200_000)
        let short = (0..<3_000).map { "{\"partition\":0,\"value\":\"\(String(repeating: "x", count: $0 % 90))\"}\n" }
        let text = short.joined() + "{\"partition\":1,\"value\":\"\(long)\"}\n" + short.joined()
        try withFile(text) { path in
            let (summary, watermarks) = try load(path, topics: orders)
            #expect(summary.records == 6_001)
            #expect(summary.bytes == text.utf8.count)
            #expect(watermarks[LoadFile.Place(topic: "orders", partition: 0)] == [0, 6_000])
            #expect(watermarks[LoadFile.Place(topic: "orders", partition: 1)] == [0, 1])
        }
    }

    @Test("what just fits is kept whole; one record more is refused with line, size and limit")
    func budget() throws {
        let limit = LoadBudget.limit - 64 * 1024
        let line = "{\"partition\":0,\"value\":\"\(String(repeating: "x", count: 1_000))\"}\n"
        let fitting = limit / LoadRecord(topic: "orders", value: [UInt8](repeating: 0, count: 1_000)).encodedSize
        try withFile(String(repeating: line, count: fitting)) { path in
            let (_, watermarks) = try load(path, topics: orders)
            #expect(watermarks[LoadFile.Place(topic: "orders", partition: 0)] == [0, Int64(fitting)])
        }
        let refused = try #require(try fault(String(repeating: line, count: fitting + 1)))
        #expect(refused.hasPrefix("\(fitting + 1):1: orders [0]: "), "\(refused)")
        #expect(refused.contains("do not fit into the \(limit) bytes"), "\(refused)")
        #expect(refused.contains("use more partitions or fewer records"), "\(refused)")
        #expect(refused.contains("a file of \((fitting + 1) * line.utf8.count)"), "\(refused)")
    }

    @Test(
        "a bad line is named with its place and the remedy",
        arguments: [
            ("{\"value\":1}", "1:10: \"value\" is a number; a string or null is needed"),
            (
                "{\"value\":\"\"}\n\n{\"valeu\":\"\"}\n",
                "3:3: unknown member \"valeu\" in a record; the nearest valid one"
            ),
            ("{\"value\":\"\"}\n{\"value\":\"", "2:11: not valid JSON: it ends in the middle"),
            ("{\"value\":\"\",\"topic\":\"order\"}", "1:1: topic \"order\" was not given with --topic (given: orders)"),
            (
                "{\"value\":\"\",\"partition\":2}",
                "1:1: topic \"orders\" has no partition 2, only 0 to 1; give --topic orders:3"
            ),
            ("{\"value\":\"\",\"partition\":2147483647}", "1:1: topic \"orders\" has no partition 2147483647"),
            ("{\"value\":\"\",\"timestamp\":0}", "1:1: the timestamp 0 cannot be written"),
            (
                "{\"value\":\"\",\"headers\":[\"a\",\"\",{\"key_base64\":\"/w==\",\"value\":\"\"}]}",
                "1:1: header 2 has a name that is not UTF-8"
            ),
        ])
    func badLines(text: String, expected: String) throws {
        let found = try fault(text) ?? "no fault"
        #expect(found.hasPrefix(expected), "\(found)")
    }

    @Test("a record without a topic needs a broker with exactly one")
    func topicDefault() throws {
        let two = orders + [NewTopic(name: "returns", partitions: 1)]
        #expect(try fault("{\"value\":\"\"}") == nil)
        #expect(try fault("{\"value\":\"\"}", topics: two)?.contains("(given: orders, returns); add \"topic\"") == true)
        #expect(try fault("{\"value\":\"\"}", topics: [])?.contains("(given: none was); add \"topic\"") == true)
    }

    @Test("a path that cannot be read twice is refused")
    func paths() throws {
        for (path, expected) in [
            ("/nonexistent/file", "No such file or directory"), ("/", "not a regular file"),
            ("/dev/null", "not a regular file"), ("/etc\0/x", "NUL"),
        ] {
            #expect {
                _ = try LoadFile(path: path, topics: orders)
            } throws: { error in
                guard let fault = error as? LoadFault else { return false }
                return fault.code == .data && fault.description.contains(expected)
            }
        }
    }

    @Test("a file that changed between the two passes is told")
    func changed() throws {
        try withFile("{\"value\":\"a\"}\n") { path in
            let broker = try EmbeddedBroker(topics: [("orders", 2)])
            defer { broker.stop() }
            let file = try LoadFile(path: path, topics: orders)
            let summary = try file.check()
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("{\"value\":\"b\"}\n".utf8))
            #expect {
                try file.write(summary, to: broker.bootstrapServers)
            } throws: {
                "\($0)".contains("it changed while it was loaded")
            }
        }
    }

    @Test("what the broker refuses is told with its line")
    func refusedByBroker() throws {
        try withFile("\n{\"partition\":0,\"value\":\"a\"}\n") { path in
            let broker = try EmbeddedBroker(topics: [("orders", 2)])
            defer { broker.stop() }
            // 29: TOPIC_AUTHORIZATION_FAILED, which is not tried again.
            broker.pushErrors(api: 0, [29])
            let file = try LoadFile(path: path, topics: orders)
            let summary = try file.check()
            #expect {
                try file.write(summary, to: broker.bootstrapServers)
            } throws: { error in
                guard let fault = error as? LoadFault else { return false }
                return fault.code == .software
                    && fault.description.hasPrefix("\(path):2:1: this record was not written")
                    && fault.description.contains("TOPIC_AUTHORIZATION_FAILED")
            }
        }
    }

    @Test("a signal ends a load")
    func stopped() throws {
        try withFile("{\"value\":\"a\"}\n") { path in
            let file = try LoadFile(path: path, topics: orders, stopSignal: { () throws(LoadFault) in 15 })
            #expect {
                _ = try file.check()
            } throws: {
                ($0 as? LoadFault)?.code == .ok && "\($0)".contains("SIGTERM")
            }
        }
    }

    @Test("a load tells every 2 seconds how far it is")
    func progress() throws {
        try withFile(String(repeating: "{\"value\":\"a\"}\n", count: 100)) { path in
            // A clock that goes on by 0.1 s each time that it is read.
            var time: Int64 = 0
            var reports: [LoadReport] = []
            let file = try LoadFile(
                path: path, topics: orders,
                now: {
                    time += 100_000_000
                    return time
                }, report: { reports.append($0) })
            _ = try file.check()
            #expect(reports.map(\.records) == [19, 39, 59, 79, 99])
            #expect(reports.map(\.bytes) == [280, 560, 840, 1_120, 1_400])
            #expect(Set(reports.map(\.phase)) == [.checking])
        }
    }
}
