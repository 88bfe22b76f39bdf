import Foundation
import Testing

@testable import HandlerProtocol

@Suite struct FrameEncoderPayloadTests {
    /// The text of the value's member, up to the headers.
    private func member(
        _ value: [UInt8]?, _ form: PayloadForm, _ framing: Framing = .length
    ) throws(EncodingFailure) -> String {
        var encoder = makeEncoder(framing, value: form)
        var buffer = OutboundBuffer()
        try SampleRecord(key: nil, value: value).writeMessage(id: 1, &encoder, into: &buffer)
        let text = String(decoding: pending(buffer).dropFirst(framing == .length ? 4 : 0), as: UTF8.self)
        let start = text.range(of: "\"key\":null,")?.upperBound ?? text.startIndex
        let end = text.range(of: ",\"headers\":[]}")?.lowerBound ?? text.endIndex
        return String(text[start..<end])
    }

    @Test func noValueAnEmptyOneAndTheTextNullAreToldApartInEveryForm() throws {
        for form in PayloadForm.allCases { #expect(try member(nil, form) == "\"value\":null") }
        #expect(try member([], .auto) == "\"value\":\"\"")
        #expect(try member([], .text) == "\"value\":\"\"")
        #expect(try member([], .base64) == "\"value_base64\":\"\"")
        #expect(throws: EncodingFailure.self) { try member([], .json) }
        #expect(try member(Array("null".utf8), .json) == "\"value_json\":null")
        #expect(try member(Array("null".utf8), .auto) == "\"value\":\"null\"")
    }

    @Test func autoIsTextWhereTheBytesAreUTF8ElseBase64() throws {
        #expect(try member(Array("größe \"5\" \\ \u{7F}/".utf8), .auto) == "\"value\":\"größe \\\"5\\\" \\\\ \u{7F}/\"")
        #expect(try member([0x61, 0xFF], .auto) == "\"value_base64\":\"Yf8=\"")
        // Invalid only at the very end of a long text.
        let long = [UInt8](repeating: 0x61, count: 50_000) + [0xC3]
        #expect(try member(long, .auto) == "\"value_base64\":\"\(Data(long).base64EncodedString())\"")
    }

    @Test func theFixedFormsRefuseWhatDoesNotFitThemAndTakeTheFrameBack() throws {
        var encoder = makeEncoder(key: .text, value: .json)
        var buffer = OutboundBuffer()
        #expect(throws: EncodingFailure.notUTF8(member: "key")) {
            try SampleRecord(key: [0xFF], value: nil).writeMessage(id: 1, &encoder, into: &buffer)
        }
        #expect(throws: EncodingFailure.invalidJSON(member: "value", atByte: 1, reason: "something follows the value"))
        {
            try SampleRecord(key: nil, value: Array("1:".utf8)).writeMessage(id: 1, &encoder, into: &buffer)
        }
        #expect(buffer.pendingCount == 0)
        #expect(EncodingFailure.notUTF8(member: "key").description.contains("--key-format auto or base64"))
    }

    @Test func anInvalidRecordOfABatchIsTakenBackAlone() throws {
        var encoder = makeEncoder(value: .json)
        var buffer = OutboundBuffer()
        encoder.beginBatch(id: 1, shared: SharedMembers(), into: &buffer)
        try SampleRecord(value: Array("1".utf8)).writeEntry(&encoder, into: &buffer)
        #expect(throws: EncodingFailure.self) {
            try SampleRecord(value: Array("x".utf8)).writeEntry(&encoder, into: &buffer)
        }
        try SampleRecord(value: Array("2".utf8)).writeEntry(&encoder, into: &buffer)
        try encoder.endBatch(into: &buffer)
        let object = try JSONSerialization.jsonObject(with: Data(try bodies(pending(buffer))[0])) as? [String: Any]
        #expect((object?["messages"] as? [[String: Any]])?.map { $0["value_json"] as? Int } == [1, 2])
    }

    @Test func jsonIsPassedThroughByteForByte() throws {
        let value = " {\"a\":  1.10, \"b\":12345678901234567890,\r\n \"c\":\"\u{2028}\u{85}\\u2029/\\/\"}\n"
        #expect(try member(Array(value.utf8), .json) == "\"value_json\":" + value)
    }

    @Test func inALineJSONHasNoLineEnds() throws {
        let value = "{\"a\":\r\n 1,\n\"b\":\"x\u{2028}y\u{2029}z\u{85}\"}\r"
        #expect(
            try member(Array(value.utf8), .json, .lines)
                == "\"value_json\":{\"a\":   1, \"b\":\"x\\u2028y\\u2029z\\u0085\"} ")
    }

    @Test func inALineTextHasNoLineEnds() throws {
        let value = Array("a\r\n\u{85}\u{2028}\u{2029}\u{86}\u{2030}€".utf8)
        #expect(try member(value, .text, .lines) == "\"value\":\"a\\r\\n\\u0085\\u2028\\u2029\u{86}\u{2030}€\"")
        #expect(try member(value, .text, .length) == "\"value\":\"a\\r\\n\u{85}\u{2028}\u{2029}\u{86}\u{2030}€\"")
    }

    @Test func aJSONValueMayBe64DeepAndNotMore() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try member(Array(deep.utf8), .json) == "\"value_json\":" + deep)
        #expect(throws: EncodingFailure.self) { try member(Array("[\(deep)]".utf8), .json) }
    }

    @Test func textThatOnlyFitsAsBase64IsWrittenAsBase64() throws {
        // Escaped, the zeros take six bytes each, which is over the limit; the last byte makes it no text at all.
        let value = [UInt8](repeating: 0, count: 40_000) + [0xFF]
        var encoder = makeEncoder(limit: 60_000)
        var buffer = OutboundBuffer()
        try SampleRecord(key: Array("k".utf8), value: value).writeMessage(id: 1, &encoder, into: &buffer)
        let object = try JSONSerialization.jsonObject(with: Data(try bodies(pending(buffer))[0])) as? [String: Any]
        #expect(object?["key"] as? String == "k")
        #expect((object?["value_base64"] as? String).flatMap { Data(base64Encoded: $0) } == Data(value))
    }

    @Test func aHeaderThatIsTooLargeTellsTheSizeOfTheWholeFrame() throws {
        let record = SampleRecord(
            key: [0xFF], value: [UInt8](repeating: 0xFE, count: 40_000),
            headers: [([0x61], [UInt8](repeating: 1, count: 9_000))])
        var wide = makeEncoder()
        var buffer = OutboundBuffer()
        try record.writeMessage(id: 1, &wide, into: &buffer)
        let size = try bodies(pending(buffer))[0].count
        for limit in [150, 20_000, 53_500, 60_000, size - 1] {
            var encoder = makeEncoder(limit: limit)
            var other = OutboundBuffer()
            #expect(throws: EncodingFailure.tooLarge(bytes: size, limit: limit)) {
                try record.writeMessage(id: 1, &encoder, into: &other)
            }
            #expect(other.pendingCount == 0)
        }
    }
}
