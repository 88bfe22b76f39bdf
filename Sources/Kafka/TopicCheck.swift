internal import CRDKafka

/// What brokers tell of topics: who leads which partition, and why a lookup knows no partition (librdkafka says the same
/// for a topic that does not exist, one that may not be seen, and a partition number that is too high). Blocks; runs on
/// the lookup thread, or in a command that may wait.
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

    /// What a broker tells of the topic; nil where its answer does not hold it. Throws where the topic does not exist, may
    /// not be seen, or no broker answers within `timeout` milliseconds; the message names it.
    func describe(_ topic: String, _ timeout: Int32) throws(KafkaError) -> TopicDescription? {
        guard let handle = unsafe rd_kafka_topic_new(client, topic, nil) else { return nil }
        defer { unsafe rd_kafka_topic_destroy(handle) }
        var answer: UnsafePointer<rd_kafka_metadata>?
        let result = unsafe rd_kafka_metadata(client, 0, handle, &answer, timeout)
        if let error = KafkaError(result) {
            throw KafkaError(code: error.code, message: "topic \"\(topic)\": \(error.message)")
        }
        guard let answer = unsafe answer else { return nil }
        defer { unsafe rd_kafka_metadata_destroy(answer) }
        guard unsafe answer.pointee.topic_cnt > 0 else { return nil }
        let found = unsafe answer.pointee.topics[0]
        if let error = unsafe KafkaError(found.err) {
            throw KafkaError(code: error.code, message: "topic \"\(topic)\": \(error.message)")
        }
        var leaders: [Int32: Int32] = [:]
        for place in unsafe 0..<Int(found.partition_cnt) {
            let partition = unsafe found.partitions[place]
            if unsafe partition.leader >= 0 { unsafe leaders[partition.id] = partition.leader }
        }
        return unsafe TopicDescription(partitionCount: found.partition_cnt, leaders: leaders)
    }

    private func problem(of topic: String, highestPartition: Int32) -> KafkaError? {
        do throws(KafkaError) {
            guard let count = try describe(topic, TopicCheck.timeout)?.partitionCount, highestPartition >= count else {
                return nil
            }
            return KafkaError(
                code: RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue,
                message: "topic \"\(topic)\" has \(count) partitions (0 to \(count - 1)), not \(highestPartition)")
        } catch {
            return error
        }
    }
}

/// What a broker tells of a topic.
struct TopicDescription {
    let partitionCount: Int32
    /// The id of the broker that leads each partition, where one does.
    let leaders: [Int32: Int32]
}
