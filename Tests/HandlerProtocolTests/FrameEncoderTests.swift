import DeliveryCore
import Foundation
import Testing

@testable import HandlerProtocol

@Suite struct FrameEncoderTests {
    private func line(_ record: SampleRecord, id: UInt64 = 1, _ framing: Framing = .length) throws -> String {
        var encoder = makeEncoder(framing)
        var buffer = OutboundBuffer()
        try record.writeMessage(id: id, &encoder, into: &buffer)
        let frames = try bodies(pending(buffer), framing: framing)
        return String(decoding: try #require(frames.first), as: UTF8.self)
    }

    @Test func aMessageHasItsMembersInTheOrderOfTheDocument() throws {
        let record = SampleRecord(
            redelivered: true, key: Array("k".utf8), value: Array("v".utf8),
            headers: [(Array("a".utf8), Array("1".utf8)), (Array("a".utf8), nil), ([0xFF], [0xFE])])
        #expect(
            try line(record, id: 12) == """
                {"type":"message","id":12,"attempt":1,"redelivered":true,"topic":"orders","partition":3,"offset":4711,\
                "timestamp":1760000000000,"timestamp_type":"create","key":"k","value":"v","headers":[{"key":"a","value":"1"},\
                {"key":"a","value":null},{"key_base64":"/w==","value_base64":"/g=="}]}
                """)
    }

    @Test func aRecordWithoutATimestampSaysSoWhateverTypeItNames() throws {
        let text = try line(SampleRecord(timestamp: nil, timestampType: .append))
        #expect(text.contains("\"timestamp\":null,\"timestamp_type\":\"none\""))
    }

    @Test func aBatchWritesWhatItSharesOnce() throws {
        var encoder = makeEncoder()
        var buffer = OutboundBuffer()
        var record = SampleRecord(key: nil, value: Array("one".utf8))
        let shared = SharedMembers(topic: QuotedTopic("orders"), partition: 3, attempt: 1, timestampType: .create)
        encoder.beginBatch(id: 9, shared: shared, into: &buffer)
        #expect(try record.writeEntry(&encoder, into: &buffer) == 1)
        record.offset = 4712
        record.redelivered = true
        record.value = nil
        #expect(try record.writeEntry(&encoder, into: &buffer) == 2)
        try encoder.endBatch(into: &buffer)
        #expect(
            String(decoding: try bodies(pending(buffer))[0], as: UTF8.self) == """
                {"type":"batch","id":9,"topic":"orders","partition":3,"attempt":1,"timestamp_type":"create","messages":[\
                {"offset":4711,"timestamp":1760000000000,"key":null,"value":"one","headers":[]},\
                {"redelivered":true,"offset":4712,"timestamp":1760000000000,"key":null,"value":null,"headers":[]}]}
                """)
    }

    @Test func theFrameIsItsLengthAndItsBody() throws {
        var encoder = makeEncoder()
        var buffer = OutboundBuffer()
        encoder.ping(nonce: "5d41402a", into: &buffer)
        #expect(pending(buffer) == framed("{\"type\":\"ping\",\"nonce\":\"5d41402a\"}"))
    }

    @Test func controlFramesAreWrittenAsTheDocumentShowsThem() throws {
        var encoder = makeEncoder(.lines)
        var buffer = OutboundBuffer()
        encoder.cancel(ids: [7, 8], reason: .rewind, into: &buffer)
        encoder.shutdown(reason: "drain", deadlineMilliseconds: 20_000, into: &buffer)
        encoder.ping(nonce: "a\"\n\u{2028}", into: &buffer)
        #expect(
            String(decoding: pending(buffer), as: UTF8.self) == """
                {"type":"cancel","ids":[7,8],"reason":"rewind"}
                {"type":"shutdown","reason":"drain","deadline_ms":20000}
                {"type":"ping","nonce":"a\\"\\n\\u2028"}

                """)
    }

    @Test func aRecordThatIsTooLargeIsTakenBackWhole() throws {
        for limit in [180, 400, 5_000, 70_000] {
            var encoder = makeEncoder(limit: limit)
            var buffer = OutboundBuffer()
            encoder.ping(nonce: "before", into: &buffer)
            let before = pending(buffer)
            let record = SampleRecord(key: nil, value: [UInt8](repeating: 0x61, count: 100_000))
            let size = Array("\(try line(record))".utf8).count
            #expect(throws: EncodingFailure.tooLarge(bytes: size, limit: limit)) {
                try record.writeMessage(id: 1, &encoder, into: &buffer)
            }
            #expect(pending(buffer) == before)
            #expect(buffer.capacity < 300_000)
            encoder.ping(nonce: "after", into: &buffer)
            #expect(try bodies(pending(buffer)).count == 2)
        }
    }

    @Test func aFrameOfExactlyTheLimitIsWrittenAndOneByteMoreIsNot() throws {
        let record = SampleRecord(key: nil, value: Array("value".utf8))
        let size = Array(try line(record).utf8).count
        for framing in Framing.allCases {
            var buffer = OutboundBuffer()
            var exact = makeEncoder(framing, limit: size)
            try record.writeMessage(id: 1, &exact, into: &buffer)
            #expect(try bodies(pending(buffer), framing: framing, limit: size).count == 1)
            var tight = makeEncoder(framing, limit: size - 1)
            #expect(throws: EncodingFailure.tooLarge(bytes: size, limit: size - 1)) {
                try record.writeMessage(id: 1, &tight, into: &buffer)
            }
        }
    }

    @Test func aRecordThatDoesNotFitLeavesTheBatchAsItWas() throws {
        var encoder = makeEncoder(limit: 600)
        var buffer = OutboundBuffer()
        encoder.beginBatch(id: 1, shared: SharedMembers(), into: &buffer)
        let small = SampleRecord(key: nil, value: Array("small".utf8))
        let large = SampleRecord(key: nil, value: [UInt8](repeating: 0x61, count: 500))
        var encoded = 0
        encoded = try small.writeEntry(&encoder, into: &buffer)
        #expect(throws: EncodingFailure.self) { try large.writeEntry(&encoder, into: &buffer) }
        encoded = try small.writeEntry(&encoder, into: &buffer)
        #expect(encoded == 2)
        try encoder.endBatch(into: &buffer)
        let body = try #require(try bodies(pending(buffer)).first)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
        #expect((object["messages"] as? [[String: Any]])?.map { $0["value"] as? String } == ["small", "small"])
    }

    @Test func aBatchFillsUpToTheLimitAndNoFurther() throws {
        for limit in 300..<420 {
            var encoder = makeEncoder(limit: limit)
            var buffer = OutboundBuffer()
            encoder.beginBatch(id: 1, shared: SharedMembers(), into: &buffer)
            let record = SampleRecord(key: nil, value: Array("xyz".utf8))
            var count = 0
            while let now = try? record.writeEntry(&encoder, into: &buffer) { count = now }
            try encoder.endBatch(into: &buffer)
            let body = try #require(try bodies(pending(buffer), limit: limit).first)
            #expect(body.count <= limit && count >= 1)
        }
    }

    @Test func abandonTakesBackAnUnfinishedFrameAndNothingElse() throws {
        var encoder = makeEncoder()
        var buffer = OutboundBuffer()
        encoder.ping(nonce: "a", into: &buffer)
        let before = pending(buffer)
        encoder.beginBatch(id: 1, shared: SharedMembers(), into: &buffer)
        try SampleRecord().writeEntry(&encoder, into: &buffer)
        encoder.abandon(into: &buffer)
        encoder.abandon(into: &buffer)
        #expect(pending(buffer) == before)
    }
}
