/// A record as one line of a JSON-lines file tells it: what a broker can be filled from, and what can be replayed.
///
/// Two spellings are read, also mixed: the members of a `message` frame (`protocol.md`, sections 6 and 7.2), and what
/// `kcat -J` prints (kcat's `json.c`). A line that ackpipe or kcat wrote is thus a line that can be loaded.
package struct RecordLine: Hashable, Sendable {
    /// A header; names may repeat and need not be UTF-8.
    package struct Header: Hashable, Sendable {
        /// May be empty.
        package var name: [UInt8]
        /// Nil and empty are different things.
        package var value: [UInt8]?

        /// A header; without a value where `value` is nil.
        package init(name: [UInt8], value: [UInt8]?) {
            self.name = name
            self.value = value
        }
    }

    /// Nil where the line names none.
    package var topic: String?
    /// 0 or more; nil where the line names none.
    package var partition: Int32?
    /// Nil is a record without a key, which an empty key is not.
    package var key: [UInt8]?
    /// Nil is a tombstone, which an empty value is not.
    package var value: [UInt8]?
    /// In the line's order.
    package var headers: [Header]
    /// Milliseconds since 1970, 0 or more; nil where the line has none.
    package var timestamp: Int64?
    /// Who set the timestamp: `.create` where the line does not say so, `.none` where there is no timestamp.
    package var timestampType: TimestampType
    /// The record's place in its partition, 0 or more; nil where the line names none.
    package var offset: Int64?

    /// A record; whatever is left out is absent.
    package init(
        topic: String? = nil, partition: Int32? = nil, key: [UInt8]? = nil, value: [UInt8]? = nil,
        headers: [Header] = [], timestamp: Int64? = nil, timestampType: TimestampType = .create, offset: Int64? = nil
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
        self.timestampType = timestamp == nil ? .none : timestampType
        self.offset = offset
    }

    /// Reads one line, with or without its line end. A pure function of the bytes.
    ///
    /// Exactly one of `value`, `value_base64`, `value_json` and kcat's `payload` must be there, as for output
    /// (`protocol.md`, section 16): a record that lost its value to a typing mistake must not become a tombstone. Throws
    /// the first fault that it meets.
    package static func parse(_ line: Span<UInt8>) throws(RecordLineFault) -> RecordLine {
        let members = try RecordLineMembers(line)
        try members.checkType(line)
        var record = RecordLine()
        record.topic = try members.topic(line)
        record.partition = try members.partition(line)
        record.offset = try members.offset(line)
        record.timestamp = try members.timestamp(line)
        record.timestampType = try members.timestampType(line, hasTimestamp: record.timestamp != nil)
        if record.timestampType == .none { record.timestamp = nil }
        record.key = try members.key(line)
        record.value = try members.value(line)
        record.headers = try members.headers(line)
        return record
    }
}

/// Why a line is no record.
package struct RecordLineFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where in the line, in bytes from 0.
    package var atByte: Int
    /// What was found and what to do about it; no control characters in it.
    package var description: String

    /// A fault at a byte of the line, counted from 0.
    package init(atByte: Int, _ description: String) {
        self.atByte = atByte
        self.description = description
    }
}
