import DeliveryCore
import Foundation
import Testing

@testable import HandlerProtocol

@Suite struct BridgeFrameDecoderTests {
    private func decode(_ text: String) throws -> BridgeFrame {
        try BridgeFrameDecoder().decode(Array(text.utf8).span)
    }

    private func fault(_ text: String) -> BridgeFrameFault? {
        do throws(BridgeFrameFault) {
            _ = try BridgeFrameDecoder().decode(Array(text.utf8).span)
            return nil
        } catch {
            return error
        }
    }

    private static func documentBlocks() throws -> [(name: String, text: String)] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let lines = try String(contentsOf: root.appending(path: "protocol.md"), encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        return lines.indices.compactMap { index in
            let words = lines[index].split(separator: " ")
            guard words.count >= 3, words[0] == "```json", words[1] == "bridge" else { return nil }
            return (String(words[2]), String(lines[index + 1]))
        }
    }

    @Test("Every frame of the bridge in protocol.md is understood, members in any order")
    func document() throws {
        let blocks = try Self.documentBlocks()
        #expect(blocks.count >= 20)
        for (name, text) in blocks {
            let frame = try decode(text)
            if case .unknown = frame { Issue.record("\(name) is unknown") }
            // Sorting would change documents within records, and the order of "meta".
            if text.contains("_json\":") || text.contains("\"meta\":") { continue }
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
            for options: JSONSerialization.WritingOptions in [[.sortedKeys], [.sortedKeys, .prettyPrinted]] {
                let other = try JSONSerialization.data(withJSONObject: object, options: options)
                #expect(try decode(String(decoding: other, as: UTF8.self)) == frame, "\(name)")
            }
        }
    }

    @Test("A record arrives as it was written, whatever its bytes")
    func roundTrip() throws {
        var generator = SeededGenerator(state: SeededGenerator.seed(for: "BridgeFrameDecoderTests.roundTrip"))
        for framing in Framing.allCases {
            for round in 0..<300 {
                func bytes() -> [UInt8]? {
                    switch Int.random(in: 0..<5, using: &generator) {
                    case 0: return nil
                    case 1:
                        return (0..<Int.random(in: 0..<200, using: &generator)).map { _ in
                            .random(in: 0...255, using: &generator)
                        }
                    case 2: return Array("{\"größe\":\"5 \u{2028}\\n€\u{0}\",\"n\":[1,2]} 😀".utf8)
                    default:
                        return (0..<Int.random(in: 0..<200, using: &generator)).map { _ in
                            .random(in: 1...126, using: &generator)
                        }
                    }
                }
                var sample = SampleRecord()
                sample.offset = .random(in: 0...Int64.max, using: &generator)
                sample.attempt = round + 1
                sample.redelivered = round % 2 == 0
                sample.timestamp = round % 3 == 0 ? nil : .random(in: 0...Int64.max, using: &generator)
                sample.timestampType = round % 3 == 0 ? .none : .append
                sample.key = bytes()
                sample.value = bytes()
                sample.headers = (0..<Int.random(in: 0..<4, using: &generator)).map { _ in (bytes() ?? [], bytes()) }
                var buffer = OutboundBuffer()
                var encoder = makeEncoder(framing, meta: round % 4 == 0)
                try sample.writeMessage(id: UInt64(round + 1), &encoder, into: &buffer)
                encoder.beginBatch(
                    id: 7, shared: SharedMembers(topic: QuotedTopic("orders"), partition: 3), into: &buffer)
                for _ in 0..<3 { try sample.writeEntry(&encoder, into: &buffer) }
                try encoder.endBatch(into: &buffer)
                let frames = try bodies(pending(buffer), framing: framing).map {
                    try BridgeFrameDecoder().decode($0.span)
                }
                guard case .message(UInt64(round + 1), let record)? = frames.first,
                    case .batch(7, let records)? = frames.last
                else {
                    Issue.record("\(frames)")
                    continue
                }
                for found in [record] + records {
                    #expect(found.key.bytes == sample.key && found.value.bytes == sample.value)
                    #expect(found.headers == sample.headers.map { BridgeRecord.Header(name: $0.name, value: $0.value) })
                    #expect(found.topic == "orders" && found.partition == 3 && found.offset == sample.offset)
                    #expect(found.attempt == sample.attempt && found.isRedelivered == sample.redelivered)
                    #expect(found.timestamp == sample.timestamp && (found.meta != nil) == (round % 4 == 0))
                    #expect(found.timestampKind == (round % 3 == 0 ? .none : .append))
                }
                #expect(records.count == 3)
            }
        }
    }

    private static let rest =
        #""attempt":1,"topic":"t","partition":0,"timestamp":1,"timestamp_type":"create","headers":[]"#

    @Test(
        "What breaks a rule is refused with its number and its place",
        arguments: [
            ("[1]", "J1", 0), ("{\"type\":\"ping\",}", "J1", 15), ("{\"type\":\"ping\",\"nonce\":\"a\"} x", "J1", 28),
            ("{\"nonce\":\"a\"}", "J4", 0), ("{\"type\":7}", "J4", 2),
            ("{\"type\":\"ping\",\"nonce\":\"a\",\"nonce\":\"b\"}", "J2", 28),
            ("{\"type\":\"ping\"}", "J9", 0), ("{\"type\":\"ping\",\"nonce\":7}", "J9", 23),
            ("{\"type\":\"cancel\",\"ids\":[],\"reason\":\"x\"}", "J9", 0),
            ("{\"type\":\"cancel\",\"ids\":[1.5],\"reason\":\"x\"}", "J8", 24),
            ("{\"type\":\"batch\",\"id\":1,\"messages\":[]}", "B6", 34),
            ("{\"type\":\"message\",\"id\":1,\(rest),\"offset\":1,\"key\":null}", "J13", 0),
            (
                "{\"type\":\"message\",\"id\":1,\(rest),\"offset\":1,\"key\":null,\"key_json\":1,\"value\":null}",
                "J13", 149
            ),
            ("{\"type\":\"message\",\"id\":1,\(rest),\"offset\":-1,\"key\":null,\"value\":null}", "J8", 125),
            ("{\"type\":\"message\",\"id\":1,\(rest),\"offset\":1,\"key\":null,\"value_base64\":\"_w==\"}", "J12", 153),
            ("{\"type\":\"message\",\(rest),\"offset\":1,\"key\":null,\"value\":null}", "J9", 0),
        ])
    func faults(text: String, rule: String, place: Int) throws {
        let found = try #require(fault(text), "it is accepted")
        #expect(found.rule.rawValue == rule && found.atByte == place, "\(found) at \(found.atByte)")
    }

    @Test("What a newer bridge may add is ignored")
    func newer() throws {
        #expect(try decode("{\"type\":\"news\",\"ids\":7,\"messages\":{},\"ids\":8}") == .unknown(type: "news"))
        #expect(
            try decode("{\"x\":{\"type\":\"a\"},\"type\":\"ping\",\"nonce\":\"\\u0041\",\"y\":[[]]}")
                == .ping(nonce: "A"))
        guard
            case .message(2, let record) = try decode(
                "{\"\\u0074ype\":\"message\",\"id\":2.0,\"y\":[{}],\"attempt\":1,\"topic\":\"t\",\"partition\":0,\"offset\":0,"
                    + "\"timestamp\":null,\"timestamp_type\":\"new\",\"key\":null,\"value_json\": {\"a\" : 1e5} ,\"headers\":[]}"
            )
        else { return #expect(Bool(false)) }
        #expect(record.timestampKind == .other)
        #expect(record.value == BridgePayload(Array("{\"a\" : 1e5}".utf8), .json))
    }

    @Test("A document within a record may be 64 levels deep, and 65 are too many")
    func depth() {
        func message(_ levels: Int) -> String {
            "{\"type\":\"message\",\"id\":1,\(Self.rest),\"offset\":1,\"key\":null,\"value_json\":"
                + String(repeating: "[", count: levels) + String(repeating: "]", count: levels) + "}"
        }
        #expect(fault(message(64)) == nil)
        #expect(fault(message(65))?.rule == .nestedTooDeep)
    }
}
