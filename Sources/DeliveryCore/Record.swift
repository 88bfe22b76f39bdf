/// A (topic, partition) pair of this service, as a small number.
///
/// The Kafka target gives out the numbers, counting from 0, and keeps each for the life of the service: the same pair has the same
/// number again after a rebalance, so that a lane that is still busy with an old execution is found again.
package struct PartitionIndex: Hashable, Comparable, Sendable {
    /// Counts from 0, dense.
    package var value: Int32

    /// The partition with this number.
    package init(_ value: Int32) { self.value = value }

    package static func < (left: PartitionIndex, right: PartitionIndex) -> Bool { left.value < right.value }
}

/// Where the record's bytes are kept: a slot of the Kafka target's table of held records. The core only passes it on.
package struct RecordSlot: Hashable, Sendable {
    /// Counts from 0; reused after the record was given back.
    package var value: Int32

    /// The slot with this number.
    package init(_ value: Int32) { self.value = value }
}

/// What the core knows of a record that has arrived: its place in the log, its size, and where its bytes wait.
package struct Record: Hashable, Sendable {
    package var partition: PartitionIndex
    package var offset: Int64
    /// Bytes of key, value and headers together, plus what holding it costs; counts against the byte windows.
    package var size: Int32
    package var slot: RecordSlot
    /// A hash of the key's bytes, which names the record's lane with `DeliveryOrder.key`; nil for a record without a key.
    package var keyHash: UInt64?
    /// No handler is to see it (`--filter`): it is settled as it arrives.
    package var isFiltered: Bool

    /// A record at `offset` of `partition` whose bytes wait in `slot`.
    package init(
        partition: PartitionIndex, offset: Int64, size: Int32, slot: RecordSlot, keyHash: UInt64? = nil,
        isFiltered: Bool = false
    ) {
        self.partition = partition
        self.offset = offset
        self.size = size
        self.slot = slot
        self.keyHash = keyHash
        self.isFiltered = isFiltered
    }
}
