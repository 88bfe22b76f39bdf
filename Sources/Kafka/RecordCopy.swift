/// A record's bytes in memory of our own, for a record that has to wait: as long as librdkafka's message lives it pins
/// the whole fetch response that it came in, which may be a megabyte for a record of ten bytes.
///
/// A class, so that a slot of `RecordStore` stays two words long.
final class RecordCopy {
    /// Where a header lies in `bytes`; nil stands for a null value.
    struct Header {
        let name: Range<Int>
        let value: Range<Int>?
    }

    let bytes: [UInt8]
    let key: Range<Int>?
    let value: Range<Int>?
    let timestamp: Int64?
    let timestampType: TimestampType
    let headers: [Header]
    let headersAreDamaged: Bool

    init(of fields: RecordFields) {
        var block: [UInt8] = []
        func append(_ part: UnsafeRawBufferPointer) -> Range<Int> {
            let start = block.count
            unsafe block.append(contentsOf: part)
            return start..<block.count
        }
        unsafe key = fields.key.map { unsafe append($0) }
        unsafe value = fields.value.map { unsafe append($0) }
        unsafe timestamp = fields.timestamp
        unsafe timestampType = fields.timestampType
        unsafe headersAreDamaged = fields.headersAreDamaged
        var places: [Header] = []
        for position in unsafe 0..<fields.headerCount {
            let header = unsafe fields.header(at: position)
            let name = unsafe append(header.name)
            unsafe places.append(Header(name: name, value: header.value.map { unsafe append($0) }))
        }
        headers = places
        bytes = block
    }
}
