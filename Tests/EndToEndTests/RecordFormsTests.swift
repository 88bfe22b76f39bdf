import Foundation
import Kafka
import Testing

/// What a handler sees of a record is what was produced, byte for byte, in every format and both framings; what has no
/// form stops the service by name.
@Suite("Record forms") struct RecordFormsTests {
    /// One record, beside what became of it.
    private struct Sample {
        var key: [UInt8]?
        var value: [UInt8]?
        var headers: [(name: String, value: [UInt8]?)] = []

        init(_ key: [UInt8]?, _ value: [UInt8]?, _ headers: [(name: String, value: [UInt8]?)] = []) {
            (self.key, self.value, self.headers) = (key, value, headers)
        }
    }

    private static let invalid: [UInt8] = [
        0x61, 0x00, 0xFF, 0x80, 0xC0, 0xAF, 0xED, 0xA0, 0x80, 0xF4, 0x90, 0x80, 0x80,
    ]

    /// Texts only: what every format but `json` can carry.
    private static let texts: [Sample] = [
        Sample(nil, nil),
        Sample([], []),
        Sample(Array("key".utf8), Array("null".utf8)),
        Sample(nil, Array("line\nfeed\r\u{0}\u{1F}\u{7F}\u{85}\u{2028}\u{2029}\"\\/ é 語 🎈 \u{10FFFF}".utf8)),
        Sample(Array("big".utf8), Array(String(repeating: "megabyte é\n", count: 87_000).utf8)),
        Sample(
            nil, Array("100 headers".utf8),
            (0..<100).map { (name: "h\($0 / 2)", value: $0 % 3 == 0 ? nil : Array("value \($0)".utf8)) }),
        Sample(
            nil, Array("odd headers".utf8),
            [
                (name: "same", value: [1]), (name: "same", value: nil), (name: "same", value: []),
                (name: "", value: Array("nameless".utf8)), (name: "binary", value: invalid), (name: "é\n", value: nil),
            ]),
    ]
    private static let binary: [Sample] = [Sample(invalid, invalid), Sample([0xFF], Array("ok".utf8))]
    private static let documents: [Sample] = [
        Sample(nil, nil), Sample(nil, Array("null".utf8)), Sample([0xFF], Array("\"\"".utf8)),
        Sample(nil, Array("{\"a\":1.10, \"b\" : [1e400, 12345678901234567890],\n\"a\":\"\\u00e9 é\"}".utf8)),
        Sample(nil, Array(" [] ".utf8)),
    ]

    private static let handler = """
        import base64
        begin()
        while True:
            if LINES:
                data = source.readline()
                if not data.endswith(b"\\n"): sys.exit(0)
            else:
                head = source.read(4)
                if len(head) < 4: sys.exit(0)
                data = source.read(struct.unpack(">I", head)[0])
            frame = json.loads(data)
            if frame["type"] == "message":
                # Python would print 1e400 as Infinity; the test looks at the raw bytes.
                if "value_json" in frame: frame["value_json"] = True
                note({"raw": base64.b64encode(data).decode(), "frame": frame})
                ack(frame)
        """

    @Test(
        "A handler sees each record as it was produced", .timeLimit(.minutes(30)),
        arguments: ["auto", "base64", "text", "json"], ["length", "lines"])
    func roundTrip(format: String, framing: String) async throws {
        try await Slots.shared.run {
            let samples =
                switch format {
                case "json": Self.documents
                case "text": Self.texts
                default: Self.texts + Self.binary
                }
            let run = try await TroubleRun(records: 0)
            let records = samples.map {
                LoadRecord(
                    topic: "t", partition: 0, key: $0.key, value: $0.value, headers: $0.headers,
                    timestamp: 1_795_266_000_123)
            }
            try await run.cluster.write { write in for record in records { try write(record) } }
            try await run.cluster.requireWholeLog("t")
            let ackpipe = try run.start(
                ["--exit-at-end", "--value-format", format, "--framing", framing], handler: Self.handler)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let seen = run.notes.compactMap { $0 as? [String: Any] }
            try #require(seen.count == samples.count, "\(ackpipe.logTail)")
            for (offset, sample) in samples.enumerated() {
                let frame = try #require(seen[offset]["frame"] as? [String: Any])
                let raw = Data(base64Encoded: seen[offset]["raw"] as? String ?? "") ?? Data()
                #expect(frame["offset"] as? Int == offset)
                #expect(
                    frame["timestamp"] as? Int == 1_795_266_000_123 && frame["timestamp_type"] as? String == "create")
                try check(frame, "key", sample.key, "auto", raw)
                try check(frame, "value", sample.value, format, raw)
                try check(headers: frame["headers"], sample.headers)
                if framing == "lines" { #expect(raw.dropLast().allSatisfy { $0 != 10 && $0 != 13 }) }
            }
            #expect(try await run.committed() == Int64(samples.count))
        }
    }

    /// Exactly one of the member's three forms is there, the right one, with the right bytes.
    private func check(
        _ object: [String: Any], _ name: String, _ bytes: [UInt8]?, _ format: String, _ raw: Data
    ) throws {
        let forms = [name, name + "_base64", name + "_json"].filter { object[$0] != nil }
        try #require(forms.count == 1, "\(name): \(forms)")
        guard let bytes else {
            #expect(object[name] is NSNull, "\(name) of a record without one is null")
            return
        }
        let text = String(validating: bytes, as: UTF8.self)
        switch format {
        case "base64": #expect(forms[0] == name + "_base64")
        case "text": #expect(forms[0] == name)
        case "json": #expect(forms[0] == name + "_json")
        default: #expect(forms[0] == (text == nil ? name + "_base64" : name))
        }
        switch forms[0] {
        case name: #expect(object[name] as? String == text)
        case name + "_base64":
            #expect(Data(base64Encoded: object[name + "_base64"] as? String ?? "") == Data(bytes))
        default:
            // Passed through, not printed again; only line breaks between tokens may have become spaces.
            let lines = Data(bytes.map { $0 == 10 || $0 == 13 ? 32 : $0 })
            #expect(raw.range(of: Data(bytes)) != nil || raw.range(of: lines) != nil)
        }
    }

    private func check(headers: Any?, _ produced: [(name: String, value: [UInt8]?)]) throws {
        let list = try #require(headers as? [[String: Any]])
        try #require(list.count == produced.count)
        for (header, wanted) in zip(list, produced) {
            #expect(header["key"] as? String == wanted.name)
            try check(header, "value", wanted.value, "auto", Data())
        }
    }

    /// A record that cannot be handed over, at offset 2 of 5.
    struct Obstacle: Sendable, CustomTestStringConvertible {
        var name: String
        var options: [String]
        var key: [UInt8]?
        var value: [UInt8] = Array("1".utf8)
        var texts: [String]
        var testDescription: String { name }
    }

    static let obstacles: [Obstacle] = [
        Obstacle(
            name: "a value that is not JSON", options: ["--value-format", "json"], value: Array("{\"a\":".utf8),
            texts: ["value", "JSON", "--value-format"]),
        Obstacle(
            name: "a value that is not text", options: ["--value-format", "text"], value: [0xFF],
            texts: ["value", "UTF-8", "--value-format"]),
        Obstacle(
            name: "a key that is not text", options: ["--key-format", "text"], key: [0xFF],
            texts: ["key", "UTF-8", "--key-format"]),
        Obstacle(
            name: "JSON nested too deep", options: ["--value-format", "json"],
            value: Array(String(repeating: "[", count: 65).utf8) + Array(String(repeating: "]", count: 65).utf8),
            texts: ["64", "--value-format"]),
        Obstacle(
            name: "a record larger than a frame", options: ["--max-frame-bytes", "4KiB"],
            value: Array(repeating: 0x61, count: 5_000), texts: ["4096", "--max-frame-bytes"]),
        Obstacle(
            name: "a record that only its escapes make larger than a frame", options: ["--max-frame-bytes", "4KiB"],
            value: Array(repeating: 1, count: 1_000), texts: ["4096", "--max-frame-bytes"]),
    ]

    @Test(
        "A record that cannot be handed over stops the service with 65 and its place; those before it are committed",
        .timeLimit(.minutes(30)), arguments: obstacles, ["message", "batch"])
    func notEncodable(_ obstacle: Obstacle, mode: String) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 0)
            try await run.cluster.write { write in
                for offset in 0..<5 {
                    try write(
                        LoadRecord(
                            topic: "t", partition: 0, key: offset == 2 ? obstacle.key : nil,
                            value: offset == 2 ? obstacle.value : Array("1".utf8)))
                }
            }
            let ackpipe = try run.start(["--exit-at-end", "--mode", mode] + obstacle.options, handler: "good()")
            #expect(try await ackpipe.waitForExit() == 65, "\(ackpipe.logTail)")
            for text in ["\(run.cluster.topic)/0 offset 2"] + obstacle.texts {
                #expect(ackpipe.log.contains(text), "'\(text)' is not in: \(ackpipe.logTail)")
            }
            #expect(run.journal.entries().map(\.offset) == [0, 1])
            #expect(try await run.committed() == 2)
        }
    }
}
