package import CRecords

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
///
/// A pointer and nothing else: what is not asked for costs nothing.
@unsafe
package struct RecordFields {
    @usableFromInline let record: UnsafePointer<crecords_record>

    @inlinable @inline(__always)
    init(_ record: UnsafePointer<crecords_record>) { unsafe self.record = unsafe record }

    /// Nil for a record without a key; empty is something else.
    @inlinable @inline(__always) package var key: UnsafeRawBufferPointer? {
        let size = unsafe record.pointee.key_size
        guard size >= 0 else { return nil }
        return unsafe UnsafeRawBufferPointer(start: crecords_bytes(record), count: Int(size))
    }

    /// Nil for a record without a value (a tombstone); empty is something else.
    @inlinable @inline(__always) package var value: UnsafeRawBufferPointer? {
        let size = unsafe record.pointee.value_size
        guard size >= 0 else { return nil }
        let start = unsafe crecords_bytes(record) + Int(max(0, record.pointee.key_size))
        return unsafe UnsafeRawBufferPointer(start: start, count: Int(size))
    }

    /// Milliseconds since 1970, nil where the record has none.
    @inlinable @inline(__always) package var timestamp: Int64? {
        unsafe timestampType == .none ? nil : record.pointee.timestamp
    }

    /// Who set the timestamp.
    @inlinable @inline(__always) package var timestampType: TimestampType {
        switch unsafe Int(record.pointee.timestamp_type) {
        case CRECORDS_CREATE_TIME: .create
        case CRECORDS_APPEND_TIME: .append
        default: .none
        }
    }

    /// How many headers there are, repeated names counted each time.
    @inlinable @inline(__always) package var headerCount: Int { unsafe Int(max(0, record.pointee.header_count)) }

    /// The headers are there and cannot be parsed (a producer wrote rubbish): `headerCount` is 0, and the record must
    /// be treated as one that cannot be encoded.
    @inlinable @inline(__always) package var headersAreDamaged: Bool { unsafe record.pointee.header_count < 0 }

    /// The header at `position`, in Kafka's order, counted from 0 and below `headerCount`; nil stands for a null value.
    ///
    /// librdkafka tells names as C strings: a name with a NUL byte ends there.
    @inlinable
    package func header(at position: Int) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) {
        let place = unsafe crecords_headers(record)[position]
        let name = unsafe UnsafeRawBufferPointer(
            start: UnsafeRawPointer(record) + Int(place.start), count: Int(place.name_size))
        guard place.value_size >= 0 else { return unsafe (name, nil) }
        let value = unsafe UnsafeRawBufferPointer(
            start: UnsafeRawPointer(record) + Int(place.start) + Int(place.name_size), count: Int(place.value_size))
        return unsafe (name, value)
    }
}
