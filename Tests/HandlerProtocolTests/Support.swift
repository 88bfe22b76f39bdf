import DeliveryCore
import Foundation
import HandlerProtocol

/// The pending bytes of a buffer, as an array.
func pending(_ buffer: OutboundBuffer) -> [UInt8] {
    buffer.withPending { span in span.indices.map { span[$0] } }
}

/// Every frame's body in `bytes`, read with `FrameReader`.
func bodies(_ bytes: [UInt8], framing: Framing = .length, limit: Int = 1 << 26) throws -> [[UInt8]] {
    var reader = FrameReader(framing: framing, maxFrameBytes: limit)
    reader.append(bytes.span)
    return try remaining(&reader)
}

/// Every complete frame's body that the reader holds.
func remaining(_ reader: inout FrameReader) throws -> [[UInt8]] {
    var bodies: [[UInt8]] = []
    while let body = try reader.next({ (span) throws(ProtocolError) in span.indices.map { span[$0] } }) {
        bodies.append(body)
    }
    return bodies
}

func decode(_ text: String) throws(ProtocolError) -> HandlerFrame { try decode(Array(text.utf8)) }

func decode(_ bytes: [UInt8]) throws(ProtocolError) -> HandlerFrame { try HandlerFrameDecoder().decode(bytes.span) }

/// The rule that `text` breaks; nil where it decodes.
func brokenRule(_ text: String) -> ProtocolError? {
    do throws(ProtocolError) {
        _ = try decode(text)
        return nil
    } catch {
        return error
    }
}

/// Puts a big-endian length before `body`.
func framed(_ body: String) -> [UInt8] { framed(Array(body.utf8)) }

func framed(_ body: [UInt8]) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (24 - 8 * $0)) } + body
}

/// A record as the tests describe it.
struct SampleRecord {
    var topic = "orders"
    var partition: Int32 = 3
    var offset: Int64 = 4711
    var timestamp: Int64? = 1_760_000_000_000
    var timestampType = TimestampType.create
    var attempt = 1
    var redelivered = false
    var key: [UInt8]?
    var value: [UInt8]?
    var headers: [(name: [UInt8], value: [UInt8]?)] = []

    var place: RecordPlace {
        RecordPlace(
            topic: QuotedTopic(topic), partition: partition, offset: offset, timestamp: timestamp,
            timestampType: timestampType)
    }

    func writeFields(_ encoder: inout FrameEncoder, into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        if let key { try encoder.key(key.span, into: &buffer) } else { try encoder.key(nil, into: &buffer) }
        if let value { try encoder.value(value.span, into: &buffer) } else { try encoder.value(nil, into: &buffer) }
        for header in headers {
            if let value = header.value {
                try encoder.header(name: header.name.span, value: value.span, into: &buffer)
            } else {
                try encoder.header(name: header.name.span, value: nil, into: &buffer)
            }
        }
    }

    func writeMessage(
        id: UInt64, _ encoder: inout FrameEncoder, into buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        encoder.beginMessage(id: id, attempt: attempt, redelivered: redelivered, place: place, into: &buffer)
        try writeFields(&encoder, into: &buffer)
        try encoder.endMessage(into: &buffer)
    }

    @discardableResult
    func writeEntry(_ encoder: inout FrameEncoder, into buffer: inout OutboundBuffer) throws(EncodingFailure) -> Int {
        encoder.beginRecord(attempt: attempt, redelivered: redelivered, place: place, into: &buffer)
        try writeFields(&encoder, into: &buffer)
        return try encoder.endRecord(into: &buffer)
    }
}

func makeEncoder(
    _ framing: Framing = .length, limit: Int = 1 << 26, key: PayloadForm = .auto, value: PayloadForm = .auto,
    meta: Bool = false
) -> FrameEncoder {
    FrameEncoder(framing: framing, maxFrameBytes: limit, keyForm: key, valueForm: value, writesMeta: meta)
}

/// A small generator with a seed (SplitMix64), so that a failure can be run again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The seed of this run: from the environment where it is given, else the clock's.
    static func seed(for test: String) -> UInt64 {
        let given = ProcessInfo.processInfo.environment["ACKPIPE_TEST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 0 ... .max)
        print("\(test): ACKPIPE_TEST_SEED=\(seed)")
        return seed
    }
}
