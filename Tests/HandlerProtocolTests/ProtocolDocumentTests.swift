import DeliveryCore
import Foundation
import Testing

@testable import HandlerProtocol

/// The frames in protocol.md are the frames of this code: the document cannot rot.
@Suite struct ProtocolDocumentTests {
    /// A fenced block that names a frame, as section 3 of the document says.
    private struct Block {
        var kind: String
        var direction: String
        var name: String
        var option: String?
        var text: String
    }

    private static func documentURL(_ file: StaticString = #filePath) -> URL {
        URL(fileURLWithPath: "\(file)").deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("protocol.md")
    }

    private func blocks() throws -> [Block] {
        let document = try String(contentsOf: Self.documentURL(), encoding: .utf8)
        var blocks: [Block] = []
        var mark: [String]?
        var lines: [String] = []
        // The document's own examples hold no line of three backticks within a block.
        for line in document.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            guard line.hasPrefix("```") else {
                lines.append(line)
                continue
            }
            if let words = mark {
                if words.first == "json", words.count >= 3 {
                    let option = words.dropFirst(3).first { $0.hasPrefix("option=") }
                    #expect(lines.count == 1, "\(words): a frame is one line")
                    blocks.append(
                        Block(
                            kind: "json", direction: words[1], name: words[2], option: option,
                            text: lines.joined(separator: "\n")))
                } else if words.first == "hex", words.count == 2 {
                    blocks.append(Block(kind: "hex", direction: "", name: words[1], text: lines.joined(separator: " ")))
                } else {
                    #expect(words.first == "text", "\(words): section 3 does not tell what this block is")
                }
                mark = nil
            } else {
                mark = line.dropFirst(3).split(separator: " ").map(String.init)
            }
            lines = []
        }
        return blocks
    }

    private func frames(_ direction: String) throws -> [Block] {
        try blocks().filter { $0.kind == "json" && $0.direction == direction }
    }

    private func bytes(hex: String) -> [UInt8]? {
        let digits = Array(hex.filter { $0 != " " })
        guard digits.count % 2 == 0 else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
        return bytes.contains(nil) ? nil : bytes.compactMap { $0 }
    }

    @Test func everyHexBlockIsTheFrameOfItsTwin() throws {
        let all = try blocks()
        let bodies = all.filter { $0.kind == "json" }
        let hexes = all.filter { $0.kind == "hex" }
        #expect(Set(bodies.map(\.name)).count == bodies.count, "a name occurs twice")
        #expect(hexes.count >= 15)
        for hex in hexes {
            let twin = try #require(bodies.first { $0.name == hex.name }, "hex \(hex.name) has no twin")
            #expect(bytes(hex: hex.text) == framed(twin.text), "\(hex.name)")
        }
        for body in bodies where body.option == nil {
            #expect(hexes.contains { $0.name == body.name }, "\(body.name) has no hex twin")
        }
    }

    @Test func everyHandlerFrameDecodes() throws {
        var kinds: Set<String> = []
        for block in try frames("handler") where block.option != "option=handler-offsets" {
            do {
                let frame = try decode(block.text)
                kinds.insert(String("\(frame)".prefix { $0 != "(" }))
            } catch {
                Issue.record("\(block.name): \(error)")
            }
        }
        #expect(kinds.count == 11, "every type is shown: \(kinds)")
        for block in try frames("handler") where block.option == "option=handler-offsets" {
            #expect(brokenRule(block.text)?.rule == .unknownType)
        }
    }

    @Test func theHandlerFramesSayWhatTheTextAroundThemSays() throws {
        let frames = try Dictionary(uniqueKeysWithValues: frames("handler").map { ($0.name, $0.text) })
        func frame(_ name: String) throws -> HandlerFrame { try decode(try #require(frames[name], "\(name)")) }
        #expect(try frame("ack-loose") == .ack(.id(7), hasOutputs: false))
        #expect(try frame("ack-ids") == .ack(.ids([2, 3, 5]), hasOutputs: false))
        #expect(try frame("ack-through") == .ack(.through(64), hasOutputs: false))
        #expect(try frame("ack-produce") == .ack(.id(1), hasOutputs: true))
        #expect(try frame("nack-release") == .nack(id: 6, FailureDetail(action: .release)))
        #expect(
            try frame("nack-retry")
                == .nack(id: 4, FailureDetail(error: "database is down", action: .retry, delayMilliseconds: 1_500)))
        #expect(
            try frame("result-reject-and-skip")
                == .result(
                    id: 3,
                    failed: [
                        RecordFailure(
                            index: 0, detail: FailureDetail(error: "bad \"total\": 12,50 €", action: .reject)),
                        RecordFailure(index: 7, detail: FailureDetail(action: .skip)),
                    ], hasOutputs: false))
        #expect(try frame("pause-for") == .pause(milliseconds: 30_000))
    }

    @Test func everyBridgeFrameIsWrittenByteForByte() throws {
        var written = 0
        for block in try frames("bridge") where block.option == nil {
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(block.text.utf8)) as? [String: Any], "\(block.name)")
            for framing in Framing.allCases {
                var buffer = OutboundBuffer()
                try write(object, block, framing, into: &buffer)
                let expected = framing == .length ? framed(block.text) : Array((block.text + "\n").utf8)
                let got = String(decoding: pending(buffer), as: UTF8.self)
                #expect(pending(buffer) == expected, "\(block.name): \(got)")
            }
            written += 1
        }
        #expect(written >= 15)
    }

    @Test func everyInvalidExampleBreaksTheRuleThatItNames() throws {
        // Examples in text blocks: a JSON text, at least two spaces, "RULE: why". Those of the core are left out.
        let document = try String(contentsOf: Self.documentURL(), encoding: .utf8)
        var checked = 0
        for line in document.split(separator: "\n") {
            guard let match = line.firstMatch(of: #/^([\[{].*[\]}])\s{2,}([FJHVBLS]\d+): /#) else { continue }
            let rule = String(match.2)
            if line.contains("but batch 1 has 3 records") { continue }
            #expect(brokenRule(String(match.1))?.rule.rawValue == rule, "\(line)")
            checked += 1
        }
        #expect(checked >= 8)
    }

    @Test func everyRuleOfTheCodeIsARuleOfTheDocument() throws {
        let document = try String(contentsOf: Self.documentURL(), encoding: .utf8)
        for rule in ProtocolError.Rule.allCases {
            #expect(document.contains("| \(rule.rawValue) |"), "\(rule)")
        }
    }

    private func write(
        _ object: [String: Any], _ block: Block, _ framing: Framing, into buffer: inout OutboundBuffer
    ) throws {
        func text(_ name: String) throws -> String { try #require(object[name] as? String, "\(block.name): \(name)") }
        func number(_ name: String) throws -> Int { try #require(object[name] as? Int, "\(block.name): \(name)") }
        func texts(_ name: String) throws -> [String] { try #require(object[name] as? [String], "\(name)") }
        var encoder = makeEncoder(
            framing, key: block.text.contains("\"key_json\"") ? .json : .auto,
            value: block.text.contains("\"value_json\"") ? .json : .auto, meta: block.text.contains("\"meta\":{"))
        switch try text("type") {
        case "hello":
            let hello = Hello(
                protocolVersion: try number("protocol"), protocolMinimum: try number("protocol_min"),
                bridge: try text("bridge"), worker: try number("worker"), service: try text("service"),
                group: try text("group"), topics: try texts("topics"),
                mode: try #require(Hello.Mode(rawValue: try text("mode"))), maxInFlight: try number("max_in_flight"),
                maxFrameBytes: try number("max_frame_bytes"),
                ackTimeoutMilliseconds: Int64(try number("ack_timeout_ms")),
                maxExtendMilliseconds: Int64(try number("max_extend_ms")),
                readyTimeoutMilliseconds: Int64(try number("ready_timeout_ms")),
                cancelGraceMilliseconds: Int64(try number("cancel_grace_ms")), features: try texts("features"),
                session: try text("session"))
            encoder.hello(hello, into: &buffer)
        case "message":
            let record = try record(object, inheriting: [:], block.text)
            try record.writeMessage(id: UInt64(try number("id")), &encoder, into: &buffer)
        case "batch":
            let shared = SharedMembers(
                topic: (object["topic"] as? String).map(QuotedTopic.init), partition: object["partition"] as? Int32,
                attempt: object["attempt"] as? Int,
                timestampType: (object["timestamp_type"] as? String).flatMap(TimestampType.init))
            encoder.beginBatch(id: UInt64(try number("id")), shared: shared, into: &buffer)
            for entry in try #require(object["messages"] as? [[String: Any]]) {
                try record(entry, inheriting: object, block.text).writeEntry(&encoder, into: &buffer)
            }
            try encoder.endBatch(into: &buffer)
        case "ping": encoder.ping(nonce: try text("nonce"), into: &buffer)
        case "cancel":
            let ids = try #require(object["ids"] as? [UInt64])
            let reason = try #require(CancelReason(rawValue: try text("reason")))
            encoder.cancel(ids: ids, reason: reason, into: &buffer)
        case "shutdown":
            encoder.shutdown(
                reason: try text("reason"), deadlineMilliseconds: Int64(try number("deadline_ms")), into: &buffer)
        default: Issue.record("\(block.name): nothing writes this frame")
        }
    }

    private func record(_ own: [String: Any], inheriting batch: [String: Any], _ frame: String) throws -> SampleRecord {
        let object = own.merging(batch) { mine, _ in mine }
        func bytes(_ object: [String: Any], _ name: String) throws -> [UInt8]? {
            if let text = object[name] as? String { return Array(text.utf8) }
            if let text = object[name + "_base64"] as? String { return try Array(#require(Data(base64Encoded: text))) }
            guard object[name + "_json"] != nil else { return nil }
            // The record's own bytes stand between its member's name and the next member.
            let start = try #require(frame.range(of: "\"\(name)_json\":")).upperBound
            let next = name == "key" ? ",\"value" : ",\"headers\":"
            let end = try #require(frame.range(of: next, range: start..<frame.endIndex)).lowerBound
            return Array(frame[start..<end].utf8)
        }
        return SampleRecord(
            topic: try #require(object["topic"] as? String), partition: try #require(object["partition"] as? Int32),
            offset: try #require(object["offset"] as? Int64), timestamp: object["timestamp"] as? Int64,
            timestampType: try #require((object["timestamp_type"] as? String).flatMap(TimestampType.init)),
            attempt: try #require(object["attempt"] as? Int), redelivered: object["redelivered"] != nil,
            key: try bytes(own, "key"), value: try bytes(own, "value"),
            headers: try #require(own["headers"] as? [[String: Any]]).map { header in
                (name: try bytes(header, "key") ?? [], value: try bytes(header, "value"))
            })
    }
}
