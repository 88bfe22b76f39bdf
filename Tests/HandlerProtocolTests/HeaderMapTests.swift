import Foundation
import Testing

@testable import HandlerProtocol

@Suite struct HeaderMapTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// What stands behind the list of headers, the end of the frame left out.
    private func meta(
        _ headers: [(name: [UInt8], value: [UInt8]?)], _ framing: Framing = .length
    ) throws -> String {
        var encoder = makeEncoder(framing, meta: true)
        var buffer = OutboundBuffer()
        try SampleRecord(key: nil, value: nil, headers: headers).writeMessage(id: 1, &encoder, into: &buffer)
        let frame = String(decoding: try bodies(pending(buffer), framing: framing)[0], as: UTF8.self)
        #expect(try JSONSerialization.jsonObject(with: Data(frame.utf8)) is [String: Any])
        let start = try #require(frame.range(of: "],\"meta\":")).upperBound
        return String(frame[start...].dropLast())
    }

    @Test func theLastValueOfANameCountsInThePlaceOfTheFirst() throws {
        let headers: [(name: [UInt8], value: [UInt8]?)] = [
            (bytes("a"), bytes("1")), (bytes("b"), bytes("2")), (bytes("a"), bytes("3")), (bytes("c"), nil),
            (bytes(""), bytes("")),
        ]
        #expect(try meta(headers) == #"{"a":"3","b":"2","c":null,"":""}"#)
        #expect(try meta([]) == "{}")
    }

    @Test func whatIsNoTextIsLeftOutAndTakesAnEarlierValueAway() throws {
        #expect(try meta([(bytes("a"), bytes("1")), (bytes("b"), [0xFF]), ([0xFE], bytes("x"))]) == #"{"a":"1"}"#)
        #expect(try meta([(bytes("a"), bytes("1")), (bytes("a"), [0xFF])]) == "{}")
        #expect(try meta([(bytes("a"), [0xFF]), (bytes("a"), bytes("1"))]) == #"{"a":"1"}"#)
    }

    @Test func namesAndValuesAreEscapedAsEverywhere() throws {
        let headers: [(name: [UInt8], value: [UInt8]?)] = [(bytes("q\"\u{2028}"), bytes("\n\\ü"))]
        #expect(try meta(headers) == "{\"q\\\"\u{2028}\":\"\\n\\\\ü\"}")
        #expect(try meta(headers, .lines) == "{\"q\\\"\\u2028\":\"\\n\\\\ü\"}")
    }

    @Test func withoutTheSwitchNothingIsAdded() throws {
        var encoder = makeEncoder()
        var buffer = OutboundBuffer()
        try SampleRecord(key: nil, value: nil, headers: [(bytes("a"), bytes("1"))])
            .writeMessage(id: 1, &encoder, into: &buffer)
        #expect(!String(decoding: pending(buffer), as: UTF8.self).contains("meta"))
    }

    @Test func eachRecordOfABatchHasItsOwn() throws {
        var encoder = makeEncoder(meta: true)
        var buffer = OutboundBuffer()
        encoder.beginBatch(id: 1, shared: SharedMembers(), into: &buffer)
        for value in ["1", "2"] {
            try SampleRecord(headers: [(bytes("a" + value), bytes(value))]).writeEntry(&encoder, into: &buffer)
        }
        try SampleRecord().writeEntry(&encoder, into: &buffer)
        try encoder.endBatch(into: &buffer)
        let object = try JSONSerialization.jsonObject(with: Data(try bodies(pending(buffer))[0])) as? [String: Any]
        let found = (object?["messages"] as? [[String: Any]])?.map { $0["meta"] as? [String: String] }
        #expect(found == [["a1": "1"], ["a2": "2"], [:]])
    }

    @Test func aRecordThatIsTooLargeWithItTellsTheWholeSizeAndLeavesNothingBehind() throws {
        let record = SampleRecord(
            key: nil, value: nil,
            headers: (0..<20).map { (name: bytes("h\($0)"), value: [UInt8](repeating: 1, count: 5_000)) })
        var wide = makeEncoder(meta: true)
        var buffer = OutboundBuffer()
        try record.writeMessage(id: 1, &wide, into: &buffer)
        let size = try bodies(pending(buffer))[0].count
        for limit in [150, size / 2, size * 3 / 4, size - 1] {
            var encoder = makeEncoder(limit: limit, meta: true)
            var other = OutboundBuffer()
            #expect(throws: EncodingFailure.tooLarge(bytes: size, limit: limit)) {
                try record.writeMessage(id: 1, &encoder, into: &other)
            }
            #expect(other.pendingCount == 0)
            try SampleRecord(key: nil, value: nil).writeMessage(id: 1, &wide, into: &other)
            #expect(String(decoding: pending(other), as: UTF8.self).hasSuffix("\"meta\":{}}"))
        }
    }

    @Test func manyHeadersOfOneNameCostNoMoreThanOthers() throws {
        let headers = (0..<50_000).map { (name: bytes("n"), value: bytes("\($0)") as [UInt8]?) }
        #expect(try meta(headers) == #"{"n":"49999"}"#)
    }
}
