/// What one delivery carries (`--mode`).
package enum DeliveryMode: String, CaseIterable, Sendable {
    /// One record.
    case message
    /// Several records of one lane, settled together or one by one.
    case batch
}

/// Within what records stay in order (`--order`).
package enum DeliveryOrder: String, CaseIterable, Sendable {
    /// Topic and partition.
    case partition
    /// Topic, partition and key; records without a key share one lane of their partition.
    case key
    /// Nothing: each record stands alone.
    case none
}

/// What becomes of a record that no further attempt is made at (`--on-exhausted`).
package enum ExhaustedPolicy: String, CaseIterable, Sendable {
    /// It is written to the dead-letter topic.
    case deadLetter = "dead-letter"
    /// It counts as done.
    case skip
    /// The service drains and stops, and the record is delivered again after a restart.
    case stop
}

/// How a key's or a value's bytes become JSON (`--key-format`, `--value-format`).
package enum PayloadFormat: String, CaseIterable, Sendable {
    /// Text where the bytes are valid UTF-8, else base64. Never means JSON.
    case auto
    /// Text; anything else cannot be delivered.
    case text
    /// Base64, always.
    case base64
    /// JSON, passed through; anything else cannot be delivered.
    case json
}

/// How frames are told apart on the pipe (`--framing`).
package enum FramingOption: String, CaseIterable, Sendable {
    /// A 4-byte big-endian length before each frame.
    case length
    /// One frame a line.
    case lines
}

/// How the summary of a replay looks (`--format`).
package enum SummaryFormat: String, CaseIterable, Sendable {
    /// For people: a table.
    case text
    /// For machines: one JSON object.
    case json
}

/// What happens when a position is asked for that the log no longer has (`--out-of-range`).
package enum OutOfRangePolicy: String, CaseIterable, Sendable {
    /// The service stops and names the lost range.
    case stop
    /// Go on at the oldest record.
    case earliest
    /// Go on with what arrives next.
    case latest
}

/// The least important level that is logged (`--log-level`).
package enum LogLevelOption: String, CaseIterable, Sendable {
    case debug, info, warn, error
}

/// How a log line looks (`--log-format`).
package enum LogFormatOption: String, CaseIterable, Sendable {
    /// For people: time, level, message, key=value.
    case text
    /// For machines: one JSON object a line.
    case json
}

/// Where reading begins when the group has no committed offset (`--from`).
package enum StartPosition: Equatable, Sendable {
    /// At the oldest record.
    case earliest
    /// With what arrives next.
    case latest
    /// At the first record that is not older than this; milliseconds since 1970-01-01T00:00:00Z.
    case timestamp(milliseconds: Int64)
}

/// One partition that is read without a group's assignment (`--assign TOPIC:PARTITION[@OFFSET]`).
package struct AssignedPartition: Equatable, Sendable {
    /// The topic's name.
    package let topic: String
    /// The partition's number, from 0.
    package let partition: Int32
    /// The offset to begin at; nil: the committed one where there is a group, else `--from`.
    package let offset: Int64?

    /// A partition to read.
    package init(topic: String, partition: Int32, offset: Int64?) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
    }
}

/// A topic that the embedded broker is to have (`ackpipe broker --topic NAME:PARTITIONS`).
package struct NewTopic: Equatable, Sendable {
    /// The topic's name.
    package let name: String
    /// How many partitions it gets, at least 1.
    package let partitions: Int32

    /// A topic to create.
    package init(name: String, partitions: Int32) {
        self.name = name
        self.partitions = partitions
    }
}
