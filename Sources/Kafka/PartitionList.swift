internal import CRDKafka
internal import DeliveryCore

/// An `rd_kafka_topic_partition_list_t` of ours.
@safe
struct PartitionList: ~Copyable {
    /// Valid as long as the list lives.
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    /// An empty list with room for `capacity` entries; it grows as needed.
    init(capacity: Int) {
        unsafe pointer = rd_kafka_topic_partition_list_new(Int32(clamping: capacity))
    }

    /// The partitions at their offsets.
    init(_ positions: [(PartitionIndex, offset: Int64)], _ table: PartitionTable) {
        self.init(capacity: positions.count)
        for (index, offset) in positions {
            let name = table.name(of: index)
            add(name.topic, name.partition, offset: offset)
        }
    }

    /// The partitions without offsets.
    init(_ partitions: [PartitionIndex], _ table: PartitionTable) {
        self.init(partitions.map { ($0, offset: Int64(RD_KAFKA_OFFSET_INVALID)) }, table)
    }

    deinit { unsafe rd_kafka_topic_partition_list_destroy(pointer) }

    /// Adds one entry; `metadata` is copied into memory that the list frees.
    func add(_ topic: String, _ partition: Int32, offset: Int64, metadata: [UInt8]? = nil) {
        guard let entry = unsafe rd_kafka_topic_partition_list_add(pointer, topic, partition) else { return }
        unsafe entry.pointee.offset = offset
        guard let metadata, !metadata.isEmpty else { return }
        // One byte more: 2.0.2 treats metadata as a counted string, other versions may look for the NUL.
        guard let block = unsafe rd_kafka_mem_calloc(nil, metadata.count + 1, 1) else { return }
        unsafe block.copyMemory(from: metadata, byteCount: metadata.count)
        unsafe entry.pointee.metadata = block
        unsafe entry.pointee.metadata_size = metadata.count
    }

    /// The entries, in the list's order.
    var entries: UnsafeMutableBufferPointer<rd_kafka_topic_partition_t> {
        unsafe UnsafeMutableBufferPointer(start: pointer.pointee.elems, count: Int(pointer.pointee.cnt))
    }
}
