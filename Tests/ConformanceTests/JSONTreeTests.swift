import Foundation
import HandlerProtocol
import Testing

@testable import Conformance

@Suite struct JSONTreeTests {
    @Test("a plain message is byte for byte what the daemon writes", arguments: [Framing.length, .lines])
    func isTheDaemonsFrame(framing: Framing) throws {
        var record = SampleRecord(
            offset: 4711, key: Array("größe/5".utf8), value: Array("5 €\n\"q\" \\ \u{2028}\u{0}\u{1f}".utf8))
        record.headers = [.init("trace", "a"), .init([0xFE], [0xFF]), .init(Array("note".utf8), nil)]
        record.isRedelivered = true
        record.attempt = 2
        for forms in [
            PayloadForms(), PayloadForms(key: .base64, value: .base64), PayloadForms(key: .text, value: .text),
        ] {
            var encoder = FrameEncoder(
                framing: framing, maxFrameBytes: 1 << 20, keyForm: forms.key, valueForm: forms.value)
            var buffer = OutboundBuffer()
            encoder.beginMessage(
                id: 7, attempt: 2, redelivered: true,
                place: RecordPlace(
                    topic: QuotedTopic(record.topic), partition: 0, offset: 4711, timestamp: record.timestamp,
                    timestampType: .create), into: &buffer)
            let (key, value) = (try #require(record.key), try #require(record.value))
            try encoder.key(key.span, into: &buffer)
            try encoder.value(value.span, into: &buffer)
            for header in record.headers {
                if let value = header.value {
                    try encoder.header(name: header.name.span, value: value.span, into: &buffer)
                } else {
                    try encoder.header(name: header.name.span, value: nil, into: &buffer)
                }
            }
            try encoder.endMessage(into: &buffer)
            let expected = buffer.withPending { bytes in bytes.indices.map { bytes[$0] } }
            let written = framing.frame(Delivery.message(record, forms).body(id: 7, framing))
            #expect(String(decoding: written, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
        }
    }

    @Test("Base64 of every length is padded")
    func base64() {
        for count in 0...10 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 89 + 3) }
            #expect(Base64Writer.text(bytes) == .string(Data(bytes).base64EncodedString()))
        }
    }

    @Test("reversing turns members around at every level, and leaves lists as they are")
    func reversed() {
        let tree = JSONTree.object([
            .init("a", .list([.integer(1), .object([.init("b", .null), .init("c", .bool(true))])])),
            .init("d", .string("e")),
        ])
        let text = String(decoding: tree.reversed.body(.length), as: UTF8.self)
        #expect(text == #"{"d":"e","a":[1,{"c":true,"b":null}]}"#)
    }
}
