package import DeliveryCore

/// (topic, partition) to `PartitionIndex` and back: dense, and stable for the life of the source.
///
/// Belongs to the service's thread. Nothing is ever removed: a partition that is lost and comes back has its old number.
package final class PartitionTable {
    private var names: [(topic: String, partition: Int32)] = []
    private var numbers: [String: [Int32: PartitionIndex]] = [:]

    /// A table without numbers.
    package init() {}

    /// How many numbers were given out.
    package var count: Int { names.count }

    /// The pair with this number. `index` must come from this table.
    package func name(of index: PartitionIndex) -> (topic: String, partition: Int32) { names[Int(index.value)] }

    /// The number of the pair; a pair seen for the first time gets the next one.
    package func index(topic: String, partition: Int32) -> PartitionIndex {
        if let known = numbers[topic]?[partition] { return known }
        let index = PartitionIndex(Int32(names.count))
        names.append((topic, partition))
        numbers[topic, default: [:]][partition] = index
        return index
    }
}
