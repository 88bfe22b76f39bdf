import CRDKafka

/// The few calls of librdkafka's admin interface that tests need. One thread at a time; each call waits 20 s at most.
final class AdminClient {
    private let handle: OpaquePointer

    init(brokers: String) throws {
        let configuration = rd_kafka_conf_new()
        var text = [CChar](repeating: 0, count: 512)
        rd_kafka_conf_set(configuration, "bootstrap.servers", brokers, &text, text.count)
        rd_kafka_conf_set_log_cb(configuration, nil)
        guard let handle = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &text, text.count) else {
            rd_kafka_conf_destroy(configuration)
            throw TestTopics.Problem(description: "no client for \(brokers)")
        }
        self.handle = handle
    }

    deinit { rd_kafka_destroy(handle) }

    /// Asks for a topic with the cluster's default replication factor; nil is success, else the reason why not. Source: KIP-464.
    func create(_ name: String, partitions: Int) -> String? {
        var text = [CChar](repeating: 0, count: 512)
        var topic = rd_kafka_NewTopic_new(name, Int32(partitions), -1, &text, text.count)
        defer { rd_kafka_NewTopic_destroy(topic) }
        return call(RD_KAFKA_ADMIN_OP_CREATETOPICS, { rd_kafka_CreateTopics(handle, &topic, 1, $0, $1) }) { event in
            var count = 0
            guard let result = rd_kafka_event_CreateTopics_result(event),
                let topics = rd_kafka_CreateTopics_result_topics(result, &count), count == 1
            else { return nil }
            let error = rd_kafka_topic_result_error(topics[0])
            if error == RD_KAFKA_RESP_ERR_NO_ERROR { return nil }
            return Self.text(of: error)
        }
    }

    /// Asks for the topic's end, and does not insist.
    func delete(_ name: String) {
        var topic = rd_kafka_DeleteTopic_new(name)
        defer { rd_kafka_DeleteTopic_destroy(topic) }
        _ = call(RD_KAFKA_ADMIN_OP_DELETETOPICS, { rd_kafka_DeleteTopics(handle, &topic, 1, $0, $1) }) { _ in nil }
    }

    private func call(
        _ operation: rd_kafka_admin_op_t, _ ask: (OpaquePointer?, OpaquePointer?) -> Void,
        _ read: (OpaquePointer) -> String?
    ) -> String? {
        let queue = rd_kafka_queue_new(handle)
        let options = rd_kafka_AdminOptions_new(handle, operation)
        defer {
            rd_kafka_AdminOptions_destroy(options)
            rd_kafka_queue_destroy(queue)
        }
        var text = [CChar](repeating: 0, count: 512)
        rd_kafka_AdminOptions_set_request_timeout(options, 15_000, &text, text.count)
        ask(options, queue)
        guard let event = rd_kafka_queue_poll(queue, 20_000) else {
            return "no answer within 20 s"
        }
        defer { rd_kafka_event_destroy(event) }
        let error = rd_kafka_event_error(event)
        guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { return Self.text(of: error) }
        return read(event)
    }

    /// All topics that the cluster shows.
    func allTopics() -> [(name: String, partitions: Int)] { metadata(of: nil).map { ($0.name, $0.leaders.count) } }

    /// Waits until each partition has a leader.
    func waitForLeaders(of name: String, partitions: Int) -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        let topic = rd_kafka_topic_new(handle, name, nil)
        defer { rd_kafka_topic_destroy(topic) }
        while ContinuousClock.now < deadline {
            if let found = metadata(of: topic).first, found.leaders.count == partitions,
                found.leaders.allSatisfy({ $0 >= 0 })
            {
                return true
            }
            _ = rd_kafka_poll(handle, 50)
        }
        return false
    }

    /// Whether no record was ever written to the topic.
    func isEmpty(_ name: String, partitions: Int) -> Bool {
        (0..<partitions).allSatisfy { partition in
            var low: Int64 = -1
            var high: Int64 = -1
            return rd_kafka_query_watermark_offsets(handle, name, Int32(partition), &low, &high, 10_000)
                == RD_KAFKA_RESP_ERR_NO_ERROR && high == 0
        }
    }

    private func metadata(of topic: OpaquePointer?) -> [(name: String, leaders: [Int32])] {
        var found: UnsafePointer<rd_kafka_metadata>?
        guard rd_kafka_metadata(handle, topic == nil ? 1 : 0, topic, &found, 10_000) == RD_KAFKA_RESP_ERR_NO_ERROR,
            let found
        else { return [] }
        defer { rd_kafka_metadata_destroy(found) }
        return UnsafeBufferPointer(start: found.pointee.topics, count: Int(found.pointee.topic_cnt)).map { topic in
            let partitions = UnsafeBufferPointer(start: topic.partitions, count: Int(topic.partition_cnt))
            return (String(cString: topic.topic), partitions.map(\.leader))
        }
    }

    private static func text(of error: rd_kafka_resp_err_t) -> String { String(cString: rd_kafka_err2str(error)) }
}
