import Kafka

extension Cluster {
    /// Writes `each` records into every partition from 0 on; the keys of each partition are `k0`, `k1` and so on in turn, so
    /// that a record's offset tells its key: offset modulo `keys`.
    func fill(_ topic: String, partitions: Int, each count: Int, keys: Int) async throws {
        try await write { write in
            for number in 0..<count {
                for partition in 0..<partitions {
                    try write(
                        LoadRecord(
                            topic: topic, partition: Int32(partition), key: Array("k\(number % keys)".utf8),
                            value: Array("value \(number)".utf8)))
                }
            }
        }
    }
}
