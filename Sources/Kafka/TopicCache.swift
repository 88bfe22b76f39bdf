internal import CRecords
internal import DeliveryCore

/// From the store's number of a topic and a partition's number to a `PartitionIndex`, without a string on a record's path.
struct TopicCache {
    /// By the topic's number, then by the partition's; nil where nothing was asked yet.
    private var known: [[PartitionIndex?]] = []

    /// The number of `partition` of the topic that `store` calls `topic`.
    mutating func index(
        _ topic: Int32, _ partition: Int32, in store: UnsafeMutablePointer<crecords_store>, table: PartitionTable
    ) -> PartitionIndex {
        let (row, column) = (Int(topic), Int(partition))
        if row < known.count, column < known[row].count, let index = known[row][column] { return index }
        let index = table.index(
            topic: unsafe String(cString: crecords_topic_name(store, topic)), partition: partition)
        while known.count <= row { known.append([]) }
        while known[row].count <= column { known[row].append(nil) }
        known[row][column] = index
        return index
    }
}
