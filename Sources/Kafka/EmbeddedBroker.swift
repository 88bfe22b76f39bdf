internal import CRDKafka

/// librdkafka's mock cluster: the Kafka wire protocol on real sockets of the loopback interface, everything in memory.
///
/// Source: `rdkafka_mock.h`. Other processes may use it. It runs in a thread of its own; the methods may be called from
/// any one thread. Each partition keeps at most `LoadBudget.limit` bytes, the oldest go first.
@safe
package final class EmbeddedBroker {
    /// `host:port` of each broker, separated by commas.
    package let bootstrapServers: String

    private var handle: OpaquePointer?
    private var cluster: OpaquePointer?

    /// Starts `brokers` brokers (ids from 1) with these topics. Topics that are not listed come into being when a client
    /// asks for them, with 4 partitions.
    ///
    /// Throws where a name is taken twice, a partition count is below 1, or no socket can be had.
    package init(topics: [(name: String, partitions: Int)], brokers: Int = 1) throws(KafkaError) {
        let configuration = try ClientProperties([("client.id", "ackpipe-broker")])
        configuration.discardLogs()
        let handle = try unsafe configuration.start(RD_KAFKA_PRODUCER)
        guard let cluster = unsafe rd_kafka_mock_cluster_new(handle, Int32(clamping: brokers)) else {
            unsafe rd_kafka_destroy(handle)
            throw KafkaError(
                code: RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE.rawValue,
                message: "cannot start the embedded broker: no socket on the loopback interface")
        }
        unsafe self.handle = unsafe handle
        unsafe self.cluster = unsafe cluster
        bootstrapServers = unsafe String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
        for topic in topics {
            let result = unsafe rd_kafka_mock_topic_create(
                cluster, topic.name, Int32(clamping: topic.partitions), 1)
            guard let error = KafkaError(result) else { continue }
            throw KafkaError(
                code: error.code,
                message: "cannot create topic \"\(topic.name)\" with \(topic.partitions) partitions: \(error.message)")
        }
    }

    deinit { stop() }

    /// Lets the next requests of this kind fail, one for each code, in order (`rd_kafka_mock_push_request_errors`).
    ///
    /// `api` is the Kafka protocol's ApiKey: 0 Produce, 1 Fetch, 2 ListOffsets, 3 Metadata, 8 OffsetCommit,
    /// 9 OffsetFetch, 10 FindCoordinator, 11 JoinGroup, 12 Heartbeat, 14 SyncGroup. `codes` are the protocol's error
    /// codes; `-195` (librdkafka's `_TRANSPORT`) closes the connection, 0 lets a request pass.
    package func pushErrors(api: Int16, _ codes: [Int32]) {
        guard let cluster = unsafe cluster else { return }
        let errors = codes.map { rd_kafka_resp_err_t(rawValue: $0) }
        unsafe rd_kafka_mock_push_request_errors_array(cluster, api, errors.count, errors)
    }

    /// Forgets the errors of this kind of request that did not happen yet.
    package func clearErrors(api: Int16) {
        guard let cluster = unsafe cluster else { return }
        unsafe rd_kafka_mock_clear_request_errors(cluster, api)
    }

    /// Closes the broker's connections and accepts none until `setUp`. Brokers count from 1.
    package func setDown(broker: Int32) throws(KafkaError) {
        if let error = try unsafe KafkaError(rd_kafka_mock_broker_set_down(running(), broker)) { throw error }
    }

    /// Undoes `setDown`.
    package func setUp(broker: Int32) throws(KafkaError) {
        if let error = try unsafe KafkaError(rd_kafka_mock_broker_set_up(running(), broker)) { throw error }
    }

    /// Delays each answer of the broker by this many milliseconds.
    package func setRoundTripTime(broker: Int32, milliseconds: Int32) throws(KafkaError) {
        if let error = try unsafe KafkaError(rd_kafka_mock_broker_set_rtt(running(), broker, milliseconds)) {
            throw error
        }
    }

    /// Lets every metadata answer about this topic carry this error code; 0 ends that.
    package func setTopicError(_ topic: String, code: Int32) {
        guard let cluster = unsafe cluster else { return }
        unsafe rd_kafka_mock_topic_set_error(cluster, topic, rd_kafka_resp_err_t(rawValue: code))
    }

    /// Makes this broker the partition's leader; the one before answers NOT_LEADER_OR_FOLLOWER from then on, and nobody is
    /// told. nil leaves the partition without a leader.
    package func setLeader(_ topic: String, partition: Int32, broker: Int32?) throws(KafkaError) {
        let result = try unsafe rd_kafka_mock_partition_set_leader(running(), topic, partition, broker ?? -1)
        if let error = KafkaError(result) { throw error }
    }

    /// Makes this broker the group's coordinator; the one before answers NOT_COORDINATOR from then on. Members and offsets
    /// are the cluster's, and stay.
    package func setCoordinator(group: String, broker: Int32) throws(KafkaError) {
        if let error = try unsafe KafkaError(rd_kafka_mock_coordinator_set(running(), "group", group, broker)) {
            throw error
        }
    }

    /// Ends the brokers; what they kept is gone. Calling it again does nothing.
    package func stop() {
        if let cluster = unsafe cluster { unsafe rd_kafka_mock_cluster_destroy(cluster) }
        if let handle = unsafe handle { unsafe rd_kafka_destroy(handle) }
        unsafe (cluster, handle) = (nil, nil)
    }

    /// The cluster, or an error after `stop`.
    private func running() throws(KafkaError) -> OpaquePointer {
        guard let cluster = unsafe cluster else { throw KafkaError(code: RD_KAFKA_RESP_ERR__DESTROY.rawValue) }
        return unsafe cluster
    }
}
