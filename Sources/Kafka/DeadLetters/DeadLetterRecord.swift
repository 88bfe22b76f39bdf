package import DeliveryCore

/// What a letter of a dead-letter topic says of itself, be it written by ackpipe or by Spring's recoverer.
package struct DeadLetterRecord: Equatable, Sendable {
    /// Where the record came from; nil where the letter does not say so in valid UTF-8.
    package var originalTopic: String?
    package var originalPartition: Int32?
    /// Milliseconds since 1970; nil where the record had none.
    package var originalTimestamp: Int64?
    /// When the letter was written: milliseconds since 1970; nil where it has no timestamp.
    package var time: Int64?
    /// The error in words; empty where the letter tells none.
    package var error: String
    /// The one-word cause and the exception's class, as far as told.
    package var causes: [String]
    /// How often the record was put back before.
    package var replays: Int
    /// The key where it is text, cut at 64 characters, for display.
    package var keyText: String?
    /// Its headers cannot be parsed: what it says is unknown, and its record cannot be put back whole.
    package var isDamaged: Bool
}

extension DeadLetterRecord {
    /// Reads the letter in `slot`. Where a header is repeated the last one counts, as Kafka's own clients read it.
    package init(_ slot: RecordSlot, of store: RecordStore) {
        self = unsafe store.withFields(slot) { unsafe DeadLetterRecord($0) }
    }

    private init(_ fields: RecordFields) {
        var values: [String: [UInt8]] = [:]
        for position in unsafe 0..<fields.headerCount {
            let header = unsafe fields.header(at: position)
            let name = unsafe String(decoding: header.name, as: UTF8.self)
            guard DeadLetterHeader(rawValue: name) != nil else { continue }
            // Nil as a value would remove what an earlier header of that name has said.
            unsafe values[name] = header.value.map { unsafe Array($0) } ?? []
        }
        func bytes(_ header: DeadLetterHeader) -> [UInt8]? { values[header.rawValue] }
        func text(_ header: DeadLetterHeader) -> String? { bytes(header).map { String(decoding: $0, as: UTF8.self) } }
        originalTopic = bytes(.originalTopic).flatMap { String(validating: $0, as: UTF8.self) }
        originalPartition = bytes(.originalPartition).flatMap { DeadLetterRecord.number($0) }
        let timestamp: Int64? = bytes(.originalTimestamp).flatMap { DeadLetterRecord.number($0) }
        originalTimestamp = timestamp.flatMap { $0 >= 0 ? $0 : nil }
        unsafe time = fields.timestamp
        error = text(.error) ?? text(.exceptionMessage) ?? ""
        causes = [text(.cause), text(.exceptionClass)].compactMap { $0 }
        replays = text(.replays).flatMap { Int($0) }.map { max(0, $0) } ?? 0
        unsafe keyText = fields.key.flatMap { key in
            unsafe String(validating: key, as: UTF8.self).map { String($0.prefix(64)) }
        }
        unsafe isDamaged = fields.headersAreDamaged
    }

    /// The number that these big-endian bytes are; nil where there are more or fewer than it has.
    private static func number<Number: FixedWidthInteger & SignedInteger>(_ bytes: [UInt8]) -> Number? {
        guard bytes.count == Number.bitWidth / 8 else { return nil }
        return bytes.reduce(0) { $0 << 8 | Number($1) }
    }
}
