import Foundation
import Testing

@testable import HandlerProtocol

@Suite struct RecordLineTests {
    private func parse(_ text: String) throws(RecordLineFault) -> RecordLine {
        try RecordLine.parse(Array(text.utf8).span)
    }

    /// The fault of a line, as `byte: text`; nil where it is a record.
    private func fault(_ line: [UInt8]) -> String? {
        do throws(RecordLineFault) {
            _ = try RecordLine.parse(line.span)
            return nil
        } catch {
            return "\(error.atByte): \(error)"
        }
    }

    private func fault(_ text: String) -> String? { fault(Array(text.utf8)) }

    private func header(_ name: String, _ value: String?) -> RecordLine.Header {
        RecordLine.Header(name: Array(name.utf8), value: value.map { Array($0.utf8) })
    }

    @Test("a message frame is a record; what it says beside the record is read past")
    func messageFrame() throws {
        let record = try parse(
            """
            {"type":"message","id":1,"attempt":1,"redelivered":true,"topic":"orders","partition":3,"offset":4711,\
            "timestamp":1760000000000,"timestamp_type":"create","key":"customer-7","value":"{\\"total\\":1}",\
            "headers":[{"key":"a","value":"1"},{"key":"a","value":null},{"key_base64":"wyg=","value_base64":"/+8A"}]}
            """)
        #expect(
            record
                == RecordLine(
                    topic: "orders", partition: 3, key: Array("customer-7".utf8), value: Array("{\"total\":1}".utf8),
                    headers: [header("a", "1"), header("a", nil), .init(name: [0xC3, 0x28], value: [0xFF, 0xEF, 0])],
                    timestamp: 1_760_000_000_000, offset: 4_711))
    }

    @Test("every message of protocol.md's examples is a record")
    func documentedMessages() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let document = try String(contentsOf: root.appendingPathComponent("protocol.md"), encoding: .utf8)
        let messages = document.split(separator: "\n").filter { $0.hasPrefix("{\"type\":\"message\"") }
        try #require(messages.count >= 3)
        for message in messages { #expect(fault(String(message)) == nil, "\(message)") }
    }

    @Test("what kcat -J prints is a record")
    func kcat() throws {
        let record = try parse(
            """
            {"topic":"orders","partition":0,"offset":1,"tstype":"create","ts":1760000000005,"broker":1,\
            "headers":["a","b","a",null,"",""],"key":null,"payload":"p\\u0001\\n"}\r\n
            """)
        #expect(
            record
                == RecordLine(
                    topic: "orders", partition: 0, key: nil, value: Array("p\u{1}\n".utf8),
                    headers: [header("a", "b"), header("a", nil), header("", "")], timestamp: 1_760_000_000_005,
                    offset: 1))
        #expect(try parse("{\"ts\":-1,\"payload\":null}") == RecordLine())
    }

    @Test("offset and timestamp type are the record's; kcat's words for the type are understood")
    func places() throws {
        func type(_ members: String) throws -> TimestampType { try parse("{\"value\":null,\(members)}").timestampType }
        #expect(try parse("{\"value\":null}").offset == nil)
        #expect(try parse("{\"value\":null,\"offset\":null}").offset == nil)
        #expect(try parse("{\"value\":null,\"offset\":9223372036854775806}").offset == .max - 1)
        #expect(try type("\"timestamp\":5") == .create)
        #expect(try type("\"timestamp\":5,\"timestamp_type\":\"append\"") == .append)
        #expect(try type("\"ts\":5,\"tstype\":\"logappend\"") == .append)
        #expect(try type("\"timestamp\":null,\"timestamp_type\":\"none\"") == .none)
        #expect(try type("\"timestamp_type\":\"create\"") == .none)
        let unknown = try parse("{\"value\":null,\"ts\":0,\"tstype\":\"unknown\"}")
        #expect(unknown.timestamp == nil && unknown.timestampType == .none)
        #expect(fault("{\"value\":null,\"offset\":-1}")?.contains("offset") == true)
        #expect(fault("{\"value\":null,\"offset\":9223372036854775807}")?.contains("offset") == true)
        #expect(fault("{\"value\":null,\"timestamp\":5,\"timestamp_type\":\"none\"}")?.contains("keep one") == true)
        #expect(fault("{\"value\":null,\"timestamp\":5,\"timestamp_type\":\"now\"}")?.contains("\"create\"") == true)
        #expect(fault("{\"value\":null,\"tstype\":\"create\",\"timestamp_type\":\"create\"}")?.contains("both") == true)
    }

    @Test("a line that is written of a record is read as that record")
    func writtenLines() throws {
        let forms: [[UInt8]?] = [nil, [], Array("é \u{2028}\"\\\n".utf8), [0xFF, 0, 0xC0], Array("null".utf8)]
        var encoder = FrameEncoder(
            framing: .lines, maxFrameBytes: Framing.largestFrameLimit, keyForm: .auto, valueForm: .auto)
        var buffer = OutboundBuffer()
        var expected: [RecordLine] = []
        for (number, key) in forms.enumerated() {
            for (other, value) in forms.enumerated() {
                let headers = forms.map { RecordLine.Header(name: key ?? [], value: $0) }
                let timestamp: Int64? = number == 0 ? nil : 1_795_266_000_123
                let place = RecordPlace(
                    topic: QuotedTopic("größe\"\n"), partition: Int32(number), offset: Int64(other),
                    timestamp: timestamp, timestampType: other == 0 ? .append : .create)
                encoder.beginRecordLine(place: place, into: &buffer)
                try encoder.key(key?.span, into: &buffer)
                try encoder.value(value?.span, into: &buffer)
                for header in number == 1 ? [] : headers {
                    try encoder.header(name: header.name.span, value: header.value?.span, into: &buffer)
                }
                try encoder.endMessage(into: &buffer)
                expected.append(
                    RecordLine(
                        topic: "größe\"\n", partition: Int32(number), key: key, value: value,
                        headers: number == 1 ? [] : headers, timestamp: timestamp,
                        timestampType: other == 0 ? .append : .create, offset: Int64(other)))
            }
        }
        let text = buffer.withPending { pending in pending.indices.map { pending[$0] } }
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
        try #require(lines.count == expected.count)
        for (line, record) in zip(lines, expected) { #expect(try RecordLine.parse(Array(line).span) == record) }
        // A frame that follows is a frame again.
        encoder.beginMessage(
            id: 1, attempt: 1, redelivered: false,
            place: RecordPlace(topic: QuotedTopic("t"), partition: 0, offset: 0, timestamp: nil, timestampType: .none),
            into: &buffer)
        encoder.abandon(into: &buffer)
    }

    @Test("no value, an empty value and the JSON text null are three things; so for keys")
    func absence() throws {
        #expect(try parse("{\"value\":null}").value == nil)
        #expect(try parse("{\"value\":\"\"}").value == [])
        #expect(try parse("{\"value_base64\":\"\"}").value == [])
        #expect(try parse("{\"value_base64\":null}").value == nil)
        #expect(try parse("{\"value_json\":null}").value == Array("null".utf8))
        #expect(try parse("{\"value\":null}").key == nil)
        #expect(try parse("{\"key\":\"\",\"value\":null}").key == [])
        #expect(try parse("{\"key_json\":null,\"value\":null}").key == Array("null".utf8))
        let nothing = try parse(
            "{\"topic\":null,\"partition\":null,\"timestamp\":null,\"headers\":null,\"value\":null}")
        #expect(nothing == RecordLine())
    }

    @Test("a JSON document is passed through byte by byte, as deep as it may be on its own")
    func documents() throws {
        let document = "{\"b\" : [1, 2.50, \"\\u00e9\"],\"b\":1e3 }"
        #expect(try parse("{\"value_json\": \(document) }").value == Array(document.utf8))
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try parse("{\"key_json\":\(deep),\"value\":null}").key == Array(deep.utf8))
        #expect(fault("{\"value_json\":[\(deep)]}") == "78: nested more than 64 deep")
    }

    @Test("an unknown member is named, with the nearest valid one")
    func unknownMembers() {
        #expect(fault("{\"valeu\":1}") == "2: unknown member \"valeu\" in a record; the nearest valid one is \"value\"")
        #expect(
            fault("{\"value\":\"\",\"Key_Base64\":1}")
                == "13: unknown member \"Key_Base64\" in a record; the nearest valid one is \"key_base64\"")
        #expect(fault("{\"customer_number\":1}")?.contains("valid are topic, partition, key, value") == true)
        #expect(
            fault("{\"value\":\"\",\"headers\":[{\"kye\":\"\",\"value\":\"\"}]}")
                == "25: unknown member \"kye\" in a header; the nearest valid one is \"key\"")
    }

    @Test(
        "a wrong line is told by its byte, what is wrong and what to do",
        arguments: [
            ("", "0: the line is empty; a record is one JSON object"),
            ("[1]", "0: this is an array; a record is one JSON object"),
            ("hello", "0: this is not JSON; a record is one JSON object"),
            ("\u{FEFF}{\"value\":\"\"}", "0: the line begins with a byte order mark; save the file as UTF-8 without"),
            ("{", "1: not valid JSON: it ends in the middle; a record stands on one line (jq -c . puts it there)"),
            ("{\"value\":\"\"} {}", "13: not valid JSON: something follows the value"),
            ("{\"value\":\"\",\"value\":\"\"}", "13: member \"value\" occurs twice"),
            ("{\"value\":\"\\ud800\"}", "10: not valid JSON: half of a surrogate pair stands alone"),
            ("{}", "0: there is no \"value\"; \"value\":null says"),
            ("{\"type\":\"ack\",\"id\":1}", "8: \"type\" is \"ack\"; of the protocol's frames only a \"message\""),
            ("{\"type\":7,\"value\":\"\"}", "8: \"type\" is 7; of the protocol's frames only a \"message\""),
            ("{\"value\":\"\",\"payload\":\"\"}", "22: both \"value\" and \"payload\" are there; keep one of them"),
            ("{\"value\":\"\",\"key\":null,\"key_json\":1}", "34: both \"key\" and \"key_json\" are there"),
            ("{\"value\":\"\",\"ts\":1,\"timestamp\":1}", "17: both \"timestamp\" and \"ts\" are there"),
            (
                "{\"value\":{}}",
                "9: \"value\" is an object; a string or null is needed; a JSON document goes into \"value_json\""
            ),
            (
                "{\"key\":7,\"value\":\"\"}",
                "7: \"key\" is a number; a string or null is needed; a JSON document goes into \"key_json\""
            ),
            ("{\"value\":\"\",\"topic\":1}", "20: \"topic\" is a number; a string is needed"),
            ("{\"value\":\"\",\"partition\":-1}", "24: \"partition\" is -1; an integer from 0 to 2147483647"),
            ("{\"value\":\"\",\"partition\":2147483648}", "24: \"partition\" is 2147483648; an integer from 0"),
            ("{\"value\":\"\",\"partition\":\"1\"}", "24: \"partition\" is a string; an integer is needed"),
            ("{\"value\":\"\",\"timestamp\":1.5}", "24: \"timestamp\" is 1.5; an integer from 0"),
            ("{\"value\":\"\",\"ts\":-2}", "17: \"ts\" is -2; an integer from -1"),
            ("{\"value\":\"\",\"headers\":{}}", "22: \"headers\" is an object; a list is needed"),
            ("{\"value\":\"\",\"headers\":[\"a\"]}", "23: header \"a\" has no value; add one, or null, after it"),
            ("{\"value\":\"\",\"headers\":[null,\"a\"]}", "23: \"headers\" is null; an object with \"key\""),
            ("{\"value\":\"\",\"headers\":[\"a\",1]}", "27: \"headers\" is a number; a string or null is needed"),
            ("{\"value\":\"\",\"headers\":[{}]}", "23: a header without \"key\"; add its name"),
            (
                "{\"value\":\"\",\"headers\":[{\"key\":\"a\"}]}",
                "23: header \"a\" has no \"value\"; \"value\":null says"
            ),
            (
                "{\"value\":\"\",\"headers\":[{\"key\":null,\"value\":\"\"}]}",
                "30: \"key\" is null; a header's name is a string"
            ),
            (
                "{\"value\":\"\",\"headers\":[{\"key\":\"a\",\"value\":\"\",\"value_base64\":\"\"}]}",
                "46: a second value in one header"
            ),
            (
                "{\"value\":\"\",\"headers\":[{\"key\":\"a\",\"key\":\"b\",\"value\":\"\"}]}",
                "35: a second name in one header"
            ),
            ("{\"value_base64\":\"/+8\"}", "16: \"value_base64\" is not Base64: 3 characters are no multiple of 4"),
            ("{\"value_base64\":1}", "16: \"value_base64\" is a number; Base64 in a string is needed"),
        ])
    func wrongLines(line: String, expected: String) {
        let found = fault(line) ?? "no fault"
        #expect(found.hasPrefix(expected), "\(line) gave: \(found)")
    }

    @Test("raw bytes, as kcat prints what is no text, are refused with the way to write them")
    func rawBytes() {
        let line = Array("{\"payload\":\"".utf8) + [0xFF] + Array("\"}".utf8)
        #expect(fault(line)?.hasPrefix("12: not valid JSON: not valid UTF-8; bytes that are not text go into") == true)
    }

    @Test("no prefix of a line is a record, and no mutation of a line does harm")
    func mutations() throws {
        let line = Array(
            """
            {"topic":"t","partition":1,"key_base64":"AA==","value_json":{"a":[1,"\\u00e9"]},"headers":["a",null,\
            {"key":"é","value_base64":"/+8A"}],"ts":5}
            """.utf8)
        try #require(fault(line) == nil)
        for count in 0..<line.count { #expect(fault(Array(line.prefix(count))) != nil, "the first \(count) bytes") }
        let seed = SeededGenerator.seed(for: "mutations of a record line")
        var generator = SeededGenerator(state: seed)
        for _ in 0..<20_000 {
            var mutated = line
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: mutated.indices, using: &generator)
                mutated[index] = UInt8.random(in: 0...255, using: &generator)
            }
            do throws(RecordLineFault) {
                _ = try RecordLine.parse(mutated.span)
            } catch {
                #expect((0...mutated.count).contains(error.atByte), "seed \(seed): \(error)")
                let hasControls = error.description.unicodeScalars.contains { $0.value < 0x20 }
                #expect(!hasControls, "seed \(seed): \(error)")
            }
        }
    }
}
