/// A topic's name as a JSON string, made once for each topic and copied into each frame.
package struct QuotedTopic: Hashable, Sendable {
    let json: [UInt8]

    /// Escapes `topic` and puts it in quotes.
    package init(_ topic: String) {
        var buffer = OutboundBuffer()
        buffer.appendQuoted(topic)
        json = buffer.withPending { pending in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(pending.count)
            for index in 0..<pending.count { bytes.append(pending[index]) }
            return bytes
        }
    }
}

/// Where a record's timestamp comes from (`timestamp_type`).
package enum TimestampType: String, Hashable, Sendable, CaseIterable {
    /// The record has no timestamp.
    case none
    /// The producer's clock (Kafka's `CreateTime`).
    case create
    /// The broker's clock, when it appended the record (Kafka's `LogAppendTime`).
    case append
}

/// Where and when a record was written, as a `message` frame tells it.
package struct RecordPlace: Hashable, Sendable {
    /// The topic, ready to be copied.
    package var topic: QuotedTopic
    /// Counts from 0.
    package var partition: Int32
    /// The record's place in its partition.
    package var offset: Int64
    /// Milliseconds since 1970; nil where the record has no timestamp.
    package var timestamp: Int64?
    /// Where the timestamp comes from.
    package var timestampType: TimestampType

    /// The place of one record; without a timestamp the type is written as "none" whatever `timestampType` says.
    package init(
        topic: QuotedTopic, partition: Int32, offset: Int64, timestamp: Int64?, timestampType: TimestampType
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.timestampType = timestamp == nil ? .none : timestampType
    }
}

/// What all records of a batch have in common; a nil member is written with each record instead.
package struct SharedMembers: Hashable, Sendable {
    /// The topic of all.
    package var topic: QuotedTopic?
    /// The partition of all; counts from 0.
    package var partition: Int32?
    /// Counts from 1.
    package var attempt: Int?
    /// Where all timestamps come from.
    package var timestampType: TimestampType?

    /// The members that all records of a batch share; what is nil differs between them.
    package init(
        topic: QuotedTopic? = nil, partition: Int32? = nil, attempt: Int? = nil, timestampType: TimestampType? = nil
    ) {
        self.topic = topic
        self.partition = partition
        self.attempt = attempt
        self.timestampType = timestampType
    }
}
