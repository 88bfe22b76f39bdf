package import DeliveryCore

/// What the consumer queue brought. Rebalance events must be answered by `Consumer.assign` or `unassign`, each one,
/// also during a close and when a newer one waits already.
package enum ConsumerEvent: Equatable, Sendable {
    /// The group gave these partitions; answer with `assign`. Under a cooperative assignor they are the added ones.
    case assigned([PartitionIndex])
    /// The group takes these partitions; answer with `unassign`. `lost`: they may belong to another member already, and
    /// nothing may be committed for them (`rd_kafka_assignment_lost`).
    case revoked([PartitionIndex], lost: Bool)
    /// The answer to `Consumer.commit` with this token: a result for each partition, and one for the whole request.
    case commitFinished(token: UInt64, [CommitResult], KafkaError?)
    /// Something that librdkafka or a broker reports; with a partition where it is about one.
    case failed(PartitionIndex?, KafkaError)
    /// A log line of librdkafka's. `level` as in syslog(3): 3 is an error, 7 is debug.
    case log(level: Int32, facility: String, text: String)
    /// A record that came by the consumer queue instead of the message queue. Take it before `takeRecords`.
    case record(Record)
    /// Everything below `offset` was read (`enable.partition.eof`); it may be past control records.
    case endReached(PartitionIndex, offset: Int64)
    /// A rebalance failed. It was answered already, by giving everything up.
    case rebalanceFailed(KafkaError)
}

/// What became of one partition of a commit.
package struct CommitResult: Equatable, Sendable {
    package let partition: PartitionIndex
    /// Nil: the offset is stored.
    package let error: KafkaError?

    /// A result for `partition`.
    package init(partition: PartitionIndex, error: KafkaError?) {
        self.partition = partition
        self.error = error
    }
}

/// An offset to be committed for a partition.
package struct CommitEntry: Equatable, Sendable {
    package var partition: PartitionIndex
    /// The committable offset: that of the next record to be read.
    package var offset: Int64
    /// Kept by the broker beside the offset; at most `offset.metadata.max.bytes` of it, 4,096 by default.
    package var metadata: [UInt8]?

    /// A commit of `offset` for `partition`.
    package init(partition: PartitionIndex, offset: Int64, metadata: [UInt8]? = nil) {
        self.partition = partition
        self.offset = offset
        self.metadata = metadata
    }
}
