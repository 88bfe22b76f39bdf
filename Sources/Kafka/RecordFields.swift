internal import CRDKafka

/// Who set a record's timestamp (Kafka's `message.timestamp.type`).
package enum TimestampType: Hashable, Sendable {
    /// The record has no timestamp.
    case none
    /// The producer.
    case create
    /// The broker, when it appended the record.
    case append
}

/// A record's bytes where they lie. Valid only within the closure that `RecordStore.withFields` called.
@unsafe
package struct RecordFields {
    /// Nil for a record without a key; empty is something else.
    package let key: UnsafeRawBufferPointer?
    /// Nil for a record without a value (a tombstone); empty is something else.
    package let value: UnsafeRawBufferPointer?
    /// Milliseconds since 1970, nil where the record has none.
    package let timestamp: Int64?
    package let timestampType: TimestampType
    /// How many headers there are, repeated names counted each time.
    package let headerCount: Int
    /// The headers are there and cannot be parsed (a producer wrote rubbish): `headerCount` is 0, and the record must
    /// be treated as one that cannot be encoded.
    package let headersAreDamaged: Bool
    private let headers: HeaderSource

    /// The header at `position`, in Kafka's order, counted from 0 and below `headerCount`; nil stands for a null value.
    ///
    /// librdkafka tells names as C strings: a name with a NUL byte ends there.
    package func header(at position: Int) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) {
        unsafe headers.header(at: position)
    }

    init(message: UnsafeMutablePointer<rd_kafka_message_t>) {
        unsafe key = RecordFields.bytes(message.pointee.key, message.pointee.key_len)
        unsafe value = RecordFields.bytes(message.pointee.payload, message.pointee.len)
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let time = unsafe rd_kafka_message_timestamp(message, &type)
        switch type {
        case RD_KAFKA_TIMESTAMP_CREATE_TIME: unsafe (timestamp, timestampType) = (time, .create)
        case RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME: unsafe (timestamp, timestampType) = (time, .append)
        default: unsafe (timestamp, timestampType) = (nil, .none)
        }
        let parsed = unsafe MessageHeaders(of: message)
        unsafe headerCount = parsed.count
        unsafe headersAreDamaged = parsed.areDamaged
        unsafe headers = .parsed(parsed)
    }

    init(copy: RecordCopy, bytes: UnsafeRawBufferPointer) {
        unsafe key = copy.key.map { unsafe UnsafeRawBufferPointer(rebasing: bytes[$0]) }
        unsafe value = copy.value.map { unsafe UnsafeRawBufferPointer(rebasing: bytes[$0]) }
        unsafe timestamp = copy.timestamp
        unsafe timestampType = copy.timestampType
        unsafe headerCount = copy.headers.count
        unsafe headersAreDamaged = copy.headersAreDamaged
        unsafe headers = .copied(copy.headers, bytes)
    }

    private static func bytes(_ start: UnsafeMutableRawPointer?, _ count: Int) -> UnsafeRawBufferPointer? {
        guard let start = unsafe start else { return nil }
        return unsafe UnsafeRawBufferPointer(start: start, count: count)
    }
}

/// Where the headers of a `RecordFields` are.
@unsafe
private enum HeaderSource {
    case parsed(MessageHeaders)
    case copied([RecordCopy.Header], UnsafeRawBufferPointer)

    func header(at position: Int) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) {
        switch unsafe self {
        case .parsed(let headers):
            return unsafe headers.header(at: position)
        case .copied(let headers, let bytes):
            let header = headers[position]
            return unsafe (
                UnsafeRawBufferPointer(rebasing: bytes[header.name]),
                header.value.map { unsafe UnsafeRawBufferPointer(rebasing: bytes[$0]) }
            )
        }
    }
}

/// The headers of a message of librdkafka's, which parses them at the first call and keeps the result with the message.
@unsafe
struct MessageHeaders {
    private let list: OpaquePointer?
    let count: Int
    let areDamaged: Bool

    /// Cheap where the message has none: librdkafka then looks at one length.
    init(of message: UnsafeMutablePointer<rd_kafka_message_t>) {
        var found: OpaquePointer?
        let result = unsafe rd_kafka_message_headers(message, &found)
        let parsed = result == RD_KAFKA_RESP_ERR_NO_ERROR
        unsafe list = parsed ? found : nil
        unsafe count = parsed ? rd_kafka_header_cnt(found) : 0
        unsafe areDamaged = !parsed && result != RD_KAFKA_RESP_ERR__NOENT
    }

    /// The header at `position`, which must be below `count`.
    func header(at position: Int) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) {
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        let result = unsafe rd_kafka_header_get_all(list, position, &name, &value, &size)
        guard result == RD_KAFKA_RESP_ERR_NO_ERROR, let name = unsafe name else {
            return unsafe (UnsafeRawBufferPointer(start: nil, count: 0), nil)
        }
        var length = 0
        while unsafe name[length] != 0 { length += 1 }
        let nameBytes = unsafe UnsafeRawBufferPointer(start: name, count: length)
        guard let value = unsafe value else { return unsafe (nameBytes, nil) }
        return unsafe (nameBytes, UnsafeRawBufferPointer(start: value, count: size))
    }

    /// Bytes of all names and values together.
    var byteCount: Int {
        var sum = 0
        for position in unsafe 0..<count {
            let header = unsafe header(at: position)
            unsafe sum += header.name.count + (header.value?.count ?? 0)
        }
        return sum
    }
}
