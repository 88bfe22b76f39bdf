/// The headers that a dead letter carries beside its record's own.
///
/// `kafka_dlt-*` are those of Spring Kafka's DeadLetterPublishingRecoverer (its `KafkaHeaders`), in its encoding: numbers
/// are big-endian. `ackpipe.*` are UTF-8 text.
package enum DeadLetterHeader: String, CaseIterable, Sendable {
    case originalTopic = "kafka_dlt-original-topic"
    /// Four bytes.
    case originalPartition = "kafka_dlt-original-partition"
    /// Eight bytes.
    case originalOffset = "kafka_dlt-original-offset"
    /// Eight bytes: milliseconds since 1970, -1 where the record had none.
    case originalTimestamp = "kafka_dlt-original-timestamp"
    /// `CreateTime`, `LogAppendTime` or `NoTimestampType`.
    case originalTimestampType = "kafka_dlt-original-timestamp-type"
    case originalConsumerGroup = "kafka_dlt-original-consumer-group"
    /// Spring writes the exception's class here; we write the cause, as in `ackpipe.rejected`.
    case exceptionClass = "kafka_dlt-exception-fqcn"
    case exceptionMessage = "kafka_dlt-exception-message"
    case service = "ackpipe.service"
    /// How often the record was handed over in vain, as far as this process knows; decimal.
    case attempts = "ackpipe.attempts"
    /// `rejected`, `exhausted`, or why it could not be delivered at all.
    case cause = "ackpipe.cause"
    case error = "ackpipe.error"
    /// The worker's last lines on stderr.
    case stderr = "ackpipe.stderr"
    /// When it became a dead letter: milliseconds since 1970; decimal.
    case time = "ackpipe.time"
    /// `unreadable` where the record's own headers could not be parsed, and so are not on the letter.
    case headers = "ackpipe.headers"
    /// How often `ackpipe dead-letter replay` has put the record back; decimal. It stays with the record.
    case replays = "ackpipe.replays"

    /// Whether a header with this name says that and why a record was a dead letter: it is not put back with the record,
    /// and an old one does not get onto a new letter. The count of replays is none of these.
    package static func isExplanation(_ name: String) -> Bool {
        name.hasPrefix("kafka_dlt-") || (DeadLetterHeader(rawValue: name) != nil && name != replays.rawValue)
    }
}

/// Why a record becomes a dead letter, as far as the record does not tell it itself.
package struct DeadLetterReason: Equatable, Sendable {
    /// Bytes of the error and of the stderr lines that a letter carries at most, each.
    package static let textLimit = 4_096

    /// The service's name.
    package var service: String
    /// The consumer group, nil where there is none.
    package var group: String?
    /// Where the record came from.
    package var topic: String
    package var partition: Int32
    package var offset: Int64
    /// How often it was handed over and failed, as far as this process knows; 0 where it never was handed over.
    package var attempts: Int
    /// One word: `rejected`, `exhausted`, `not-encodable`, ...
    package var cause: String
    /// What went wrong, for a person.
    package var error: String
    /// The worker's last lines on stderr; may be empty.
    package var stderr: String
    /// Now, in milliseconds since 1970.
    package var time: Int64

    /// A reason; see the properties.
    package init(
        service: String, group: String?, topic: String, partition: Int32, offset: Int64, attempts: Int, cause: String,
        error: String, stderr: String, time: Int64
    ) {
        self.service = service
        self.group = group
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.attempts = attempts
        self.cause = cause
        self.error = error
        self.stderr = stderr
        self.time = time
    }

    /// The headers that say so, in a fixed order. `brief` leaves out the stderr lines and cuts the error at 256 bytes: for
    /// a letter that was too large for its topic.
    package func headers(brief: Bool = false) -> [(name: String, value: [UInt8])] {
        let error = Array(DeadLetterReason.cut(error, to: brief ? 256 : DeadLetterReason.textLimit).utf8)
        var list: [(DeadLetterHeader, [UInt8])] = [
            (.originalTopic, Array(topic.utf8)),
            (.originalPartition, DeadLetterReason.bigEndian(partition)),
            (.originalOffset, DeadLetterReason.bigEndian(offset)),
        ]
        if let group { list.append((.originalConsumerGroup, Array(group.utf8))) }
        list += [
            (.exceptionClass, Array("ackpipe.\(cause)".utf8)), (.exceptionMessage, error),
            (.service, Array(service.utf8)), (.attempts, Array("\(attempts)".utf8)), (.cause, Array(cause.utf8)),
            (.error, error),
        ]
        if !brief, !stderr.isEmpty {
            list.append((.stderr, Array(DeadLetterReason.end(of: stderr, bytes: DeadLetterReason.textLimit).utf8)))
        }
        list.append((.time, Array("\(time)".utf8)))
        return list.map { (name: $0.rawValue, value: $1) }
    }

    /// The bytes of a number as Java writes them.
    static func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (1...Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (Number.bitWidth - 8 * $0)) }
    }

    /// The first characters that fit into so many bytes.
    private static func cut(_ text: String, to limit: Int) -> Substring {
        guard text.utf8.count > limit else { return text[...] }
        var end = text.utf8.index(text.startIndex, offsetBy: limit)
        while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
            text.utf8.formIndex(before: &end)
        }
        return text[..<end]
    }

    /// The last characters that fit into so many bytes: of log lines the last ones tell most.
    private static func end(of text: String, bytes limit: Int) -> Substring {
        guard text.utf8.count > limit else { return text[...] }
        var start = text.utf8.index(text.endIndex, offsetBy: -limit)
        while start < text.endIndex, start.samePosition(in: text.unicodeScalars) == nil {
            text.utf8.formIndex(after: &start)
        }
        return text[start...]
    }
}
