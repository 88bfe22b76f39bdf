import Testing

@testable import HandlerProtocol

/// Whole records in one call against the calls one by one: the same bytes, the same failures.
@Suite struct FrameEncoderRecordsTests {
    private func bytes(_ generator: inout SeededGenerator) -> [UInt8] {
        let count = [0, 1, 7, 8, 15, 16, 31, 32, 33, 64, 100, 300, 5_000].randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        case 1: return (0..<count).map { _ in UInt8.random(in: 0x20...0x7E, using: &generator) }
        case 2:
            let pieces = ["a", "\"", "\\", "\n", "é", "€", "😀", "\u{85}", "\u{2028}", "plain text of some length "]
            return (0..<count / 4).flatMap { _ in Array((pieces.randomElement(using: &generator) ?? "").utf8) }
        case 3: return Array("{\"n\":[1,2.5e3,null,true],\n\"t\":\"\(String(repeating: "x", count: count))\"}".utf8)
        default: return [UInt8](repeating: 0x61, count: count)
        }
    }

    private func record(_ generator: inout SeededGenerator) -> SampleRecord {
        func maybe() -> [UInt8]? { Int.random(in: 0..<4, using: &generator) > 0 ? bytes(&generator) : nil }
        return SampleRecord(
            topic: ["orders", "a", String(repeating: "topic.", count: 40)].randomElement(using: &generator) ?? "",
            partition: .random(in: 0...Int32.max, using: &generator),
            offset: Int64.random(in: 0...1 << Int64.random(in: 0...62, using: &generator), using: &generator),
            timestamp: [nil, 0, -1, .min, .max, 1_760_000_000_000].randomElement(using: &generator) ?? nil,
            timestampType: TimestampType.allCases.randomElement(using: &generator) ?? .none,
            attempt: Int.random(in: 1...12, using: &generator), redelivered: Bool.random(using: &generator),
            key: maybe(), value: maybe())
    }

    private func position(_ record: SampleRecord) -> RecordPosition {
        RecordPosition(offset: record.offset, timestamp: record.timestamp, timestampType: record.timestampType)
    }

    private func quoted(_ record: SampleRecord) -> QuotedPartition {
        QuotedPartition(topic: QuotedTopic(record.topic), partition: record.partition)
    }

    /// Hands the record's key and value to one call.
    private func whole(
        _ record: SampleRecord, id: UInt64?, _ encoder: inout FrameEncoder, into buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        func write(_ key: Span<UInt8>?, _ value: Span<UInt8>?) throws(EncodingFailure) {
            if let id {
                try encoder.message(
                    id: id, attempt: record.attempt, redelivered: record.redelivered, partition: quoted(record),
                    position: position(record), key: key, value: value, into: &buffer)
            } else {
                try encoder.record(
                    attempt: record.attempt, redelivered: record.redelivered, partition: quoted(record),
                    position: position(record), key: key, value: value, into: &buffer)
            }
        }
        switch (record.key, record.value) {
        case (nil, nil): try write(nil, nil)
        case (let key?, nil): try write(key.span, nil)
        case (nil, let value?): try write(nil, value.span)
        case (let key?, let value?): try write(key.span, value.span)
        }
    }

    private func failure(_ body: () throws(EncodingFailure) -> Void) -> EncodingFailure? {
        do throws(EncodingFailure) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: Framing.allCases)
    func wholeRecordsAreTheBytesOfTheCallsOneByOne(_ framing: Framing) {
        let seed = SeededGenerator.seed(for: "whole records, \(framing)")
        var generator = SeededGenerator(state: seed)
        var failures = 0
        for round in 0..<3_000 {
            let form = PayloadForm.allCases.randomElement(using: &generator) ?? .auto
            let keyForm = PayloadForm.allCases.randomElement(using: &generator) ?? .auto
            let limit = [250, 600, 1 << 20].randomElement(using: &generator) ?? 0
            let meta = Int.random(in: 0..<8, using: &generator) == 0
            var one = makeEncoder(framing, limit: limit, key: keyForm, value: form, meta: meta)
            var other = one
            var expected = OutboundBuffer()
            var buffer = OutboundBuffer()
            let sample = record(&generator)
            let note = "seed \(seed), round \(round)"
            let expectedFailure = failure { () throws(EncodingFailure) in
                do throws(EncodingFailure) {
                    try sample.writeMessage(id: 7, &one, into: &expected)
                } catch {
                    one.abandon(into: &expected)
                    throw error
                }
            }
            let found = failure { () throws(EncodingFailure) in
                do throws(EncodingFailure) {
                    try whole(sample, id: 7, &other, into: &buffer)
                } catch {
                    other.abandon(into: &buffer)
                    throw error
                }
            }
            #expect(found == expectedFailure, "\(note)")
            #expect(pending(buffer) == pending(expected), "\(note)")
            failures += found == nil ? 0 : 1

            let all = SharedMembers(
                topic: QuotedTopic(sample.topic), partition: sample.partition, attempt: sample.attempt,
                timestampType: sample.timestamp == nil ? TimestampType.none : sample.timestampType)
            let shared = Bool.random(using: &generator) ? all : SharedMembers(topic: all.topic)
            one.beginBatch(id: 8, shared: shared, into: &expected)
            other.beginBatch(id: 8, shared: shared, into: &buffer)
            var written = 0
            for _ in 0..<3 {
                var next = record(&generator)
                next.redelivered = Int.random(in: 0..<4, using: &generator) == 0
                let expectedFailure = failure { () throws(EncodingFailure) in
                    try next.writeEntry(&one, into: &expected)
                }
                let found = failure { () throws(EncodingFailure) in
                    // What the batch does not say of its records, each says of itself.
                    try whole(next, id: nil, &other, into: &buffer)
                }
                #expect(found == expectedFailure, "\(note)")
                #expect(pending(buffer) == pending(expected), "\(note)")
                written += found == nil ? 1 : 0
            }
            if written > 0 {
                #expect(failure { () throws(EncodingFailure) in try one.endBatch(into: &expected) } == nil)
                #expect(failure { () throws(EncodingFailure) in try other.endBatch(into: &buffer) } == nil)
            } else {
                one.abandon(into: &expected)
                other.abandon(into: &buffer)
            }
            #expect(pending(buffer) == pending(expected), "\(note)")
        }
        #expect(failures > 100, "too little fails")
        #expect(failures < 2_500, "too little is written")
    }

    @Test func aMessageInOneCallIsTheFrameOfTheDocument() throws {
        var encoder = makeEncoder()
        var buffer = OutboundBuffer()
        let sample = SampleRecord(key: Array("k".utf8), value: Array("it is \"so\"".utf8))
        try whole(sample, id: 12, &encoder, into: &buffer)
        #expect(
            pending(buffer)
                == framed(
                    """
                    {"type":"message","id":12,"attempt":1,"topic":"orders","partition":3,"offset":4711,\
                    "timestamp":1760000000000,"timestamp_type":"create","key":"k","value":"it is \\"so\\"","headers":[]}
                    """))
    }

    @Test func aBufferThatIsUsedAgainDoesNotGrow() throws {
        var encoder = makeEncoder()
        var buffer = OutboundBuffer()
        let sample = SampleRecord(value: [UInt8](repeating: 0x61, count: 100))
        for id in 1...5_000 as ClosedRange<UInt64> {
            try whole(sample, id: id, &encoder, into: &buffer)
            if buffer.pendingCount > 8_000 { buffer.consume(buffer.pendingCount) }
        }
        #expect(buffer.capacity == 16 * 1024)
    }
}
