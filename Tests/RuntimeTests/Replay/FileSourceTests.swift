import Configuration
import DeliveryCore
import Foundation
import Kafka
import Testing

@testable import Runtime

/// A file source with the loop around it that the service has.
private final class Loop {
    let source: FileSource
    let path: String
    private(set) var taken: [Record] = []
    private(set) var ended: [PartitionIndex] = []
    private(set) var assignments: [[PartitionIndex]] = []
    private(set) var takes = 0

    init(_ text: String, topic: String = "replay", limit: Int? = nil, hashesKeys: Bool = false) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "source-\(UUID().uuidString)").path
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        source = FileSource(
            try ReplayFile(path), topic: topic, limit: limit, wake: -1, recordWake: -1, hashesKeys: hashesKeys)
        source.subscribe([])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A turn of the service's loop; records are taken up to `most` and `bytes`.
    func turn(most: Int = 1_000, bytes: Int = .max) {
        var events: [ConsumerEvent] = []
        source.pollEvents(into: &events)
        for event in events {
            switch event {
            case .assigned(let partitions):
                assignments.append(partitions)
                source.startPositions(partitions, from: .earliest, useCommitted: false, token: 1)
                var results: [LookupResult] = []
                source.takeResults(into: &results)
                for result in results { source.assign(result.positions.map { ($0.partition, offset: $0.start) }) }
            case .endReached(let partition, _): ended.append(partition)
            default: Issue.record("an event that nobody expects: \(event)")
            }
        }
        var arrivals = Arrivals()
        _ = source.takeRecords(upTo: most, bytes: bytes, into: &arrivals)
        takes += 1
        taken += arrivals.records
    }

    /// Turns until the end was told.
    func runToEnd() {
        for _ in 0..<10_000 where source.awaitsPartitions { turn() }
    }

    /// `topic/partition@offset` of what was taken.
    var places: [String] {
        taken.map { record in
            let name = source.partitions.name(of: record.partition)
            return "\(name.topic)/\(name.partition)@\(record.offset)"
        }
    }
}

@Suite struct FileSourceTests {
    @Test("records come in the file's order, each of its partition; without an offset it is the next one")
    func order() throws {
        let loop = try Loop(
            """
            {"topic":"a","partition":1,"offset":5,"value":"1"}

            {"topic":"b","value":"2"}
            {"topic":"a","partition":1,"value":"3"}
            {"value":"4"}
            {"topic":"a","partition":1,"offset":100,"value":"5"}
            {"topic":"b","value":"6"}
            """, topic: "mine")
        loop.runToEnd()
        #expect(loop.places == ["a/1@5", "b/0@0", "a/1@6", "mine/0@0", "a/1@100", "b/0@1"])
        #expect(loop.taken.map { loop.source.line(of: $0.slot) } == [1, 3, 4, 5, 6, 7])
        #expect(loop.source.fault == nil && loop.source.isAtEnd && loop.source.recordCount == 6)
        #expect(loop.ended.count == 3)
        #expect(loop.assignments.first == [])
    }

    @Test("the bytes of a record are those of its line")
    func bytes() throws {
        let loop = try Loop(
            #"{"key_base64":"/wA=","value":null,"timestamp":7,"timestamp_type":"append","headers":[{"key":"a","value":null}]}"#
        )
        loop.runToEnd()
        let record = try #require(loop.taken.first)
        loop.source.records.withFields(record.slot) { fields in
            #expect(fields.key.map { Array($0) } == [0xFF, 0])
            #expect(fields.value == nil)
            #expect(fields.timestamp == 7 && fields.timestampType == .append && fields.headerCount == 1)
        }
    }

    @Test("an empty file, one of blank lines and one of /dev/null have an end")
    func empty() throws {
        for text in ["", "\n", "  \r\n\n"] {
            let loop = try Loop(text)
            loop.runToEnd()
            #expect(loop.source.isAtEnd && loop.taken.isEmpty && loop.source.fault == nil && loop.assignments == [[]])
        }
        let source = FileSource(
            try ReplayFile("/dev/null"), topic: "t", limit: nil, wake: -1, recordWake: -1, hashesKeys: false)
        source.subscribe([])
        var events: [ConsumerEvent] = []
        source.pollEvents(into: &events)
        #expect(source.isAtEnd && events == [.assigned([])])
    }

    @Test("a line that is no record ends the file there, with its place")
    func badLine() throws {
        let loop = try Loop("{\"value\":\"1\"}\n{\"value\":\"2\"}\n{\"vlue\":\"3\"}\n{\"value\":\"4\"}\n")
        loop.runToEnd()
        #expect(loop.taken.count == 2 && loop.source.isAtEnd)
        #expect(loop.source.fault?.description.hasPrefix("\(loop.path):3:3: unknown member \"vlue\"") == true)
        #expect(loop.source.fault?.code == .data)
    }

    @Test("offsets that do not grow within a partition are refused with the line")
    func offsets() throws {
        for (text, message) in [
            (
                "{\"offset\":5,\"value\":\"\"}\n{\"offset\":5,\"value\":\"\"}",
                ":2:1: the offset 5 of replay/0 comes after 5"
            ),
            (
                "{\"offset\":5,\"value\":\"\"}\n{\"offset\":1,\"value\":\"\"}",
                ":2:1: the offset 1 of replay/0 comes after 5"
            ),
        ] {
            let loop = try Loop(text)
            loop.runToEnd()
            #expect(loop.taken.count == 1)
            #expect(
                loop.source.fault?.description.contains(message) == true, "\(String(describing: loop.source.fault))")
        }
        let last = try Loop("{\"offset\":9223372036854775806,\"value\":\"\"}\n{\"value\":\"\"}")
        last.runToEnd()
        #expect(last.taken.count == 1 && last.source.fault != nil)
    }

    @Test("no more is read than is wanted, and nothing beyond the limit")
    func bounds() throws {
        let line = "{\"value\":\"\(String(repeating: "x", count: 1_000))\"}\n"
        let text = String(repeating: line, count: 50)
        let loop = try Loop(text)
        for _ in 0..<3 { loop.turn(most: 5) }
        #expect(loop.taken.count == 15)
        #expect(loop.source.position <= 16 * line.utf8.count)
        loop.turn(bytes: 2_500)
        #expect(loop.taken.count == 18)
        let limited = try Loop(text, limit: 7)
        limited.runToEnd()
        #expect(limited.taken.count == 7 && limited.source.isAtEnd && limited.source.fault == nil)
    }

    @Test("a paused partition holds up what follows it, and goes on where it was")
    func pauses() throws {
        let loop = try Loop(
            "{\"topic\":\"a\",\"value\":\"\"}\n{\"topic\":\"b\",\"value\":\"\"}\n{\"topic\":\"a\",\"value\":\"\"}\n")
        loop.turn()
        #expect(loop.places == ["a/0@0"])
        loop.source.pause(PartitionIndex(1))
        for _ in 0..<3 { loop.turn() }
        #expect(loop.places == ["a/0@0", "b/0@0"] || loop.places == ["a/0@0"])
        loop.source.pause(PartitionIndex(0))
        for _ in 0..<3 { loop.turn() }
        #expect(!loop.source.isAtEnd)
        loop.source.resume(PartitionIndex(0))
        loop.source.resume(PartitionIndex(1))
        loop.runToEnd()
        #expect(loop.places == ["a/0@0", "b/0@0", "a/0@1"])
    }

    @Test("what is still being written is waited for, also in the middle of a line")
    func stream() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "fifo-\(UUID().uuidString)").path
        try #require(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        // Opened for both: neither end waits for the other.
        let both = open(path, O_RDWR)
        let file = try ReplayFile(path)
        let writer = open(path, O_WRONLY)
        close(both)
        func write(_ text: String) { #expect(Glibc.write(writer, text, text.utf8.count) == text.utf8.count) }
        let source = FileSource(file, topic: "t", limit: nil, wake: -1, recordWake: -1, hashesKeys: false)
        source.subscribe([])
        func take() -> Int {
            var events: [ConsumerEvent] = []
            source.inputCame()
            source.pollEvents(into: &events)
            for case .assigned(let partitions) in events { source.assign(partitions.map { ($0, offset: 0) }) }
            var arrivals = Arrivals()
            _ = source.takeRecords(upTo: 10, bytes: .max, into: &arrivals)
            return arrivals.records.count
        }
        #expect(take() == 0 && source.awaitsInput)
        write("{\"value\":")
        #expect(take() == 0 && source.awaitsInput)
        write("\"1\"}\n{\"value\":\"2\"}\n{")
        #expect(take() == 2 && source.awaitsInput && !source.isAtEnd)
        write("\"value\":\"3\"}")
        #expect(take() == 0 && source.awaitsInput)
        close(writer)
        #expect(take() == 1 && source.isAtEnd && source.fault == nil)
    }

    @Test("the same key has the same hash, where hashes are wanted")
    func hashes() throws {
        let text =
            "{\"key\":\"a\",\"value\":\"\"}\n{\"key\":\"b\",\"value\":\"\"}\n{\"key\":\"a\",\"value\":\"\"}\n{\"value\":\"\"}\n"
        let loop = try Loop(text, hashesKeys: true)
        loop.runToEnd()
        try #require(loop.taken.count == 4)
        #expect(loop.taken[0].keyHash == loop.taken[2].keyHash && loop.taken[0].keyHash != loop.taken[1].keyHash)
        #expect(loop.taken[0].keyHash != nil && loop.taken[3].keyHash == nil)
        let plain = try Loop(text)
        plain.runToEnd()
        #expect(plain.taken.allSatisfy { $0.keyHash == nil })
    }

    @Test("a file that is not there, or a folder, is refused by name")
    func refusals() {
        #expect { try ReplayFile("/nowhere") } throws: { "\($0)".hasPrefix("/nowhere: cannot be opened") }
        #expect { try ReplayFile("/tmp") } throws: { "\($0)".hasPrefix("/tmp: is a directory") }
    }
}
