import DeliveryCore
import HandlerProtocol
import Kafka

/// Each partition's name, as frames write it, made once.
struct TopicCache {
    private var entries: [QuotedPartition?] = []

    mutating func partition(_ index: PartitionIndex, in table: PartitionTable) -> QuotedPartition {
        let slot = Int(index.value)
        while slot >= entries.count { entries.append(nil) }
        if let entry = entries[slot] { return entry }
        let name = table.name(of: index)
        let entry = QuotedPartition(topic: QuotedTopic(name.topic), partition: name.partition)
        entries[slot] = entry
        return entry
    }
}
