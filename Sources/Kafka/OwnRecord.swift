internal import CRecords
package import DeliveryCore

/// A record that did not come from librdkafka, for `RecordStore.put`.
package struct OwnRecord: Sendable {
    /// Nil is a record without a key, which an empty key is not.
    package var key: [UInt8]?
    /// Nil is a tombstone, which an empty value is not.
    package var value: [UInt8]?
    /// In order; names may repeat.
    package var headers: [(name: [UInt8], value: [UInt8]?)]
    /// Milliseconds since 1970; nil where there is none.
    package var timestamp: Int64?
    /// Counts for nothing without a timestamp.
    package var timestampType: TimestampType

    /// A record.
    package init(
        key: [UInt8]?, value: [UInt8]?, headers: [(name: [UInt8], value: [UInt8]?)] = [], timestamp: Int64? = nil,
        timestampType: TimestampType = .create
    ) {
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
        self.timestampType = timestampType
    }
}

extension RecordStore {
    /// Copies the record and holds it, as one that was taken from Kafka is held: its slot, and what `Record.size` tells of it.
    /// Nil where the record is larger than 4 GiB, or one of its parts larger than 2 GiB.
    package func put(_ record: OwnRecord) -> (slot: RecordSlot, size: Int32)? {
        var table: [crecords_header] = []
        var headerBytes: [UInt8] = []
        for header in record.headers {
            guard let start = UInt32(exactly: headerBytes.count), let name = UInt32(exactly: header.name.count),
                let value = RecordStore.size(of: header.value)
            else { return nil }
            table.append(crecords_header(start: start, name_size: name, value_size: value))
            headerBytes += header.name
            headerBytes += header.value ?? []
        }
        guard let keySize = RecordStore.size(of: record.key), let valueSize = RecordStore.size(of: record.value),
            let headerCount = Int32(exactly: table.count)
        else { return nil }
        var own = unsafe crecords_own()
        unsafe own.timestamp = record.timestamp ?? 0
        unsafe own.timestamp_type = RecordStore.number(of: record.timestamp == nil ? .none : record.timestampType)
        unsafe own.key_size = keySize
        unsafe own.value_size = valueSize
        unsafe own.header_count = headerCount
        unsafe own.header_bytes_size = headerBytes.count
        var arrival = crecords_arrival()
        let isHeld = unsafe (record.key ?? []).withUnsafeBufferPointer { key in
            unsafe (record.value ?? []).withUnsafeBufferPointer { value in
                unsafe table.withUnsafeBufferPointer { headers in
                    unsafe headerBytes.withUnsafeBufferPointer { bytes in
                        unsafe own.key = key.baseAddress
                        unsafe own.value = value.baseAddress
                        unsafe own.headers = headers.baseAddress
                        unsafe own.header_bytes = bytes.baseAddress
                        return unsafe crecords_put(store, &own, &arrival)
                    }
                }
            }
        }
        guard isHeld else { return nil }
        return (RecordSlot(arrival.slot), Int32(clamping: arrival.size))
    }

    /// Keeps memory from growing where many records came and few are left; to be called once for each bunch that is put.
    package func compact() { unsafe crecords_compact(store) }

    private static func size(of bytes: [UInt8]?) -> Int32? { bytes.map { Int32(exactly: $0.count) } ?? -1 }

    private static func number(of type: TimestampType) -> Int32 {
        switch type {
        case .none: Int32(CRECORDS_NO_TIMESTAMP)
        case .create: Int32(CRECORDS_CREATE_TIME)
        case .append: Int32(CRECORDS_APPEND_TIME)
        }
    }
}
