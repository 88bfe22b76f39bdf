internal import CRDKafka

/// A record to be written by `LoadProducer`.
package struct LoadRecord: Sendable {
    package var topic: String
    /// Nil: librdkafka's default partitioner chooses (a hash of the key, at random without one).
    package var partition: Int32?
    /// Nil and empty are different things, here and below.
    package var key: [UInt8]?
    package var value: [UInt8]?
    /// In Kafka's order; names may repeat.
    package var headers: [(name: String, value: [UInt8]?)]
    /// Milliseconds since 1970; nil: now.
    package var timestamp: Int64?

    /// A record; whatever is left out is absent.
    package init(
        topic: String, partition: Int32? = nil, key: [UInt8]? = nil, value: [UInt8]? = nil,
        headers: [(name: String, value: [UInt8]?)] = [], timestamp: Int64? = nil
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
    }

    /// An upper bound of the bytes that the record takes in a record batch, format version 2 (KIP-98): one byte of
    /// attributes, and variable-length integers for the lengths and the deltas of timestamp and offset.
    package var encodedSize: Int {
        let longestInteger = 5
        let longestTimestampDelta = 10
        var size = 1 + longestTimestampDelta + 5 * longestInteger + (key?.count ?? 0) + (value?.count ?? 0)
        for header in headers {
            size += 2 * longestInteger + header.name.utf8.count + (header.value?.count ?? 0)
        }
        return size
    }
}

/// Counts what a load puts into each partition of the embedded broker and refuses what does not fit: the broker itself
/// would drop the oldest records without a word.
package struct LoadBudget: Sendable {
    /// Bytes that one partition of the mock cluster keeps (`rdkafka_mock.c`, `max_size`; the same from 2.0.2 to 2.16).
    package static let limit = 5 * 1024 * 1024
    /// Kept free in each partition for the headers of the record batches: 61 bytes for every batch, and a
    /// `LoadProducer` fills a partition with a few dozen batches at most.
    static let reserve = 64 * 1024

    /// A load that does not fit.
    package struct Refusal: Error, Equatable, Sendable, CustomStringConvertible {
        /// What does not fit, into what, and the limit.
        package let description: String
    }

    private struct Place: Hashable {
        let topic: String
        let partition: Int32
    }

    private let partitionCounts: [String: Int]
    private var used: [Place: Int] = [:]

    /// A budget for a broker with these topics, all empty.
    package init(topics: [(name: String, partitions: Int)]) {
        partitionCounts = Dictionary(topics.map { ($0.name, $0.partitions) }, uniquingKeysWith: { first, _ in first })
    }

    /// Bytes counted for the partition so far.
    package func used(topic: String, partition: Int32) -> Int { used[Place(topic: topic, partition: partition)] ?? 0 }

    /// Counts the record, and gives it a partition if it has none: a record with a key follows its key, one without goes
    /// where the least is. Throws, and counts nothing, where topic or partition do not exist or the record does not fit.
    package mutating func add(_ record: inout LoadRecord) throws(Refusal) {
        guard let count = partitionCounts[record.topic], count > 0 else {
            throw Refusal(description: "the broker has no topic \"\(record.topic)\"; add --topic \(record.topic):1")
        }
        let partition = record.partition ?? choose(for: record, among: count)
        guard partition >= 0, partition < count else {
            throw Refusal(
                description: "topic \"\(record.topic)\" has \(count) partitions (0 to \(count - 1)), not \(partition)")
        }
        let place = Place(topic: record.topic, partition: partition)
        let sum = (used[place] ?? 0) + record.encodedSize
        let available = LoadBudget.limit - LoadBudget.reserve
        guard sum <= available else {
            throw Refusal(
                description: "\(record.topic) [\(partition)]: \(sum) bytes do not fit into the \(available) bytes that "
                    + "the embedded broker keeps for a partition; use more partitions or fewer records")
        }
        used[place] = sum
        record.partition = partition
    }

    private func choose(for record: LoadRecord, among count: Int) -> Int32 {
        if let key = record.key {
            // FNV-1a: any stable hash will do.
            let hash = key.reduce(into: UInt32(2_166_136_261)) { $0 = ($0 ^ UInt32($1)) &* 16_777_619 }
            return Int32(hash % UInt32(count))
        }
        let partitions = 0..<Int32(clamping: count)
        return partitions.min { used(topic: record.topic, partition: $0) < used(topic: record.topic, partition: $1) }
            ?? 0
    }
}
