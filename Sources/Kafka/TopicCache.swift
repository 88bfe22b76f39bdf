internal import CRDKafka
internal import DeliveryCore

/// From librdkafka's topic handle and a partition number to a `PartitionIndex`, without a string on a record's path.
///
/// A handle is cached only while we hold a
/// reference to it: its address could otherwise come back as another topic.
@safe
struct TopicCache {
    private struct Topic {
        let name: String
        /// By partition number.
        var indices: [PartitionIndex?] = []
    }

    private var topics: [UnsafeRawPointer: Topic] = unsafe [:]
    private var pinned: [OpaquePointer] = unsafe []

    /// The number of `partition` of the topic behind `handle`.
    mutating func index(
        _ topic: OpaquePointer, _ partition: Int32, client: OpaquePointer, table: PartitionTable
    ) -> PartitionIndex {
        let address = unsafe UnsafeRawPointer(topic)
        if unsafe topics[address] == nil {
            let name = unsafe String(cString: rd_kafka_topic_name(topic))
            // The client has one object for each topic, so this is the same handle with one reference more.
            guard let pin = unsafe rd_kafka_topic_new(client, name, nil) else {
                return table.index(topic: name, partition: partition)
            }
            guard pin == topic else {
                unsafe rd_kafka_topic_destroy(pin)
                return table.index(topic: name, partition: partition)
            }
            unsafe pinned.append(pin)
            unsafe topics[address] = Topic(name: name)
        }
        return unsafe number(in: &topics[address], partition, table)
    }

    /// Gives the topic handles back; nothing may be looked up afterwards.
    mutating func release() {
        unsafe pinned.forEach { unsafe rd_kafka_topic_destroy($0) }
        unsafe pinned.removeAll()
        unsafe topics.removeAll()
    }

    private func number(in topic: inout Topic?, _ partition: Int32, _ table: PartitionTable) -> PartitionIndex {
        guard var known = topic, partition >= 0 else {
            return table.index(topic: topic?.name ?? "", partition: partition)
        }
        let place = Int(partition)
        if place < known.indices.count, let index = known.indices[place] { return index }
        while known.indices.count <= place { known.indices.append(nil) }
        let index = table.index(topic: known.name, partition: partition)
        known.indices[place] = index
        topic = known
        return index
    }
}
