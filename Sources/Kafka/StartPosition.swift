package import DeliveryCore

/// Where a partition begins for which the group has committed nothing (`--from`).
package enum StartPolicy: Hashable, Sendable {
    /// The oldest record that the log has.
    case earliest
    /// The end of the log: only what is written from now on.
    case latest
    /// The first record whose timestamp is at or after this many milliseconds since 1970; the end if there is none.
    case timestamp(Int64)
}

/// Where one partition's log begins and ends, and where to read.
package struct StartPosition: Equatable, Sendable {
    package let partition: PartitionIndex
    /// What the group has committed; nil: nothing, or it was not asked for.
    package let committed: Int64?
    /// The metadata committed beside it; nil where there is none.
    package let metadata: [UInt8]?
    /// Offset of the oldest record of the log.
    package let low: Int64
    /// Offset of the next record that will be written (Kafka's high watermark).
    package let high: Int64
    /// The committed offset, which may lie outside of `low...high`, or else what the policy says.
    package let start: Int64

    /// A position; `start` as described at the property.
    package init(
        partition: PartitionIndex, committed: Int64?, metadata: [UInt8]?, low: Int64, high: Int64, start: Int64
    ) {
        self.partition = partition
        self.committed = committed
        self.metadata = metadata
        self.low = low
        self.high = high
        self.start = start
    }
}

/// A partition whose position was not found, because its leader, or the group's coordinator, is away.
package struct LookupFailure: Equatable, Sendable {
    package let partition: PartitionIndex
    package let error: KafkaError
}

/// The answer to one `LookupThread.startPositions`.
package struct LookupResult: Equatable, Sendable {
    /// What the question was told by.
    package let token: UInt64
    /// What was found, in the question's order; empty where `error` is set.
    package let positions: [StartPosition]
    /// What was not found in time while others were, in the question's order; asking again for these is the caller's
    /// decision. Empty where `error` is set.
    package let failed: [LookupFailure]
    /// Why there is no answer for any partition; asking again is the caller's decision.
    package let error: KafkaError?

    /// An answer to the question with this token.
    package init(token: UInt64, positions: [StartPosition], failed: [LookupFailure], error: KafkaError?) {
        self.token = token
        self.positions = positions
        self.failed = failed
        self.error = error
    }
}
