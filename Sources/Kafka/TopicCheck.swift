internal import CRDKafka

/// Finds out why a lookup knows no partition: librdkafka says the same for a topic that does not exist, one that may not
/// be seen, and a partition number that is too high. Runs on the lookup thread and blocks.
@safe
struct TopicCheck {
    /// How long the question to a broker may take, in milliseconds.
    private static let timeout: Int32 = 3_000

    let client: OpaquePointer

    /// The first problem that a broker tells of the topics asked for, naming topic and partition; nil if it tells none.
    func firstProblem(of request: LookupRequest) -> KafkaError? {
        var checked: Set<String> = []
        for partition in request.partitions where checked.insert(partition.topic).inserted {
            let highest = request.partitions.filter { $0.topic == partition.topic }.map(\.number).max()
            if let problem = problem(of: partition.topic, highestPartition: highest ?? 0) { return problem }
        }
        return nil
    }

    private func problem(of topic: String, highestPartition: Int32) -> KafkaError? {
        guard let handle = unsafe rd_kafka_topic_new(client, topic, nil) else { return nil }
        defer { unsafe rd_kafka_topic_destroy(handle) }
        var answer: UnsafePointer<rd_kafka_metadata>?
        let result = unsafe rd_kafka_metadata(client, 0, handle, &answer, TopicCheck.timeout)
        if let error = KafkaError(result) {
            return KafkaError(code: error.code, message: "topic \"\(topic)\": \(error.message)")
        }
        guard let answer = unsafe answer else { return nil }
        defer { unsafe rd_kafka_metadata_destroy(answer) }
        guard unsafe answer.pointee.topic_cnt > 0 else { return nil }
        let found = unsafe answer.pointee.topics[0]
        if let error = unsafe KafkaError(found.err) {
            return KafkaError(code: error.code, message: "topic \"\(topic)\": \(error.message)")
        }
        let count = unsafe found.partition_cnt
        guard highestPartition >= count else { return nil }
        return KafkaError(
            code: RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue,
            message: "topic \"\(topic)\" has \(count) partitions (0 to \(count - 1)), not \(highestPartition)")
    }
}
