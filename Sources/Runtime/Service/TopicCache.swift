import DeliveryCore
import HandlerProtocol
import Kafka

/// Each partition's topic, escaped once for all frames.
struct TopicCache {
    private var entries: [(topic: QuotedTopic, partition: Int32)?] = []

    mutating func place(of index: PartitionIndex, in table: PartitionTable) -> (topic: QuotedTopic, partition: Int32) {
        let slot = Int(index.value)
        while slot >= entries.count { entries.append(nil) }
        if let entry = entries[slot] { return entry }
        let name = table.name(of: index)
        let entry = (QuotedTopic(name.topic), name.partition)
        entries[slot] = entry
        return entry
    }
}
