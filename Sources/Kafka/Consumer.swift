internal import CRDKafka
internal import DeliveryCore

/// One member of a consumer group, or a reader of given partitions, over librdkafka's queues and events alone.
///
/// All methods run on the service's thread and none waits for a broker. Two queues each write to an eventfd: the consumer
/// queue (`pollEvents`) and the message queue (`takeRecords`). Where both wait, drain the consumer queue first.
@safe
package final class Consumer {
    /// What is known of one partition of the assignment.
    @safe
    struct Assigned {
        /// The partition's own queue, ours to destroy.
        let queue: OpaquePointer
        /// Where the assignment began.
        let startOffset: Int64
        var isPaused = false
        var isDetached = false
    }

    /// The records that arrived and were not given back yet.
    package let records = RecordStore()
    /// The numbers of all partitions seen.
    package let partitions = PartitionTable()

    /// `rd_kafka_t`; nil after `finish`.
    var handle: OpaquePointer?
    let consumerQueue: OpaquePointer
    let messageQueue: OpaquePointer
    var assigned: [PartitionIndex: Assigned] = [:]
    var topics = TopicCache()
    var hasSubscribed = false
    var joinState = JoinState()
    /// The user asked for librdkafka's debug lines; without that they are read and dropped.
    let wantsDebugLines: Bool
    /// The group has given this member an assignment, be it an empty one.
    var hasBeenAssigned = false
    /// An assign or revoke event was not answered yet.
    var owesAnswer = false
    var hasBegunToClose = false
    /// `beginClose` was refused, so there is nothing to wait for.
    var closeFailed = false
    /// Nil where librdkafka's fetchers need no waking.
    var fetcherWakeUp: FetcherWakeUp?
    /// Nil where nobody wants to know `Record.keyHash`.
    let keyHash: KeyHash?

    /// Creates the client and makes the consumer queue write to `wake`, and the message queue to `recordWake` or else to
    /// `wake` too: eventfds that must outlive the consumer.
    ///
    /// `group.id` is needed in any case. `hashesKeys` fills `Record.keyHash`, with a seed that each consumer draws for
    /// itself. Throws for an unknown property or a bad value, naming it.
    package init(
        properties: [(name: String, value: String)], wake: Int32, recordWake: Int32? = nil, hashesKeys: Bool = false
    ) throws(KafkaError) {
        guard properties.contains(where: { $0.name == "group.id" && !$0.value.isEmpty }) else {
            throw KafkaError(
                code: RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue, message: "property \"group.id\" must not be empty")
        }
        let configuration = try ClientProperties(properties)
        try configuration.set("log.queue", to: "true")
        let debug = properties.last { $0.name == "debug" && !$0.value.isEmpty }?.value
        wantsDebugLines = debug != nil
        try configuration.set("debug", to: debug.map { $0 + ",cgrp" } ?? "cgrp")
        configuration.enableEvents(
            RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_LOG
                | RD_KAFKA_EVENT_FETCH)
        let handle = try unsafe configuration.start(RD_KAFKA_CONSUMER)
        // Errors of the whole client (brokers down, authentication) then come by the consumer queue too.
        if let error = unsafe KafkaError(rd_kafka_poll_set_consumer(handle)) {
            unsafe rd_kafka_destroy(handle)
            throw error
        }
        guard let consumerQueue = unsafe rd_kafka_queue_get_consumer(handle),
            let messageQueue = unsafe rd_kafka_queue_new(handle)
        else {
            unsafe rd_kafka_destroy(handle)
            throw KafkaError(code: RD_KAFKA_RESP_ERR__UNKNOWN_GROUP.rawValue)
        }
        fetcherWakeUp = FetchSettings.wakeUps(properties).map { schedule, credentials in
            FetcherWakeUp(schedule: schedule, credentials: credentials)
        }
        keyHash = hashesKeys ? KeyHash(seed: .random(in: .min ... .max)) : nil
        unsafe self.handle = unsafe handle
        unsafe self.consumerQueue = unsafe consumerQueue
        unsafe self.messageQueue = unsafe messageQueue
        // An eventfd takes exactly eight bytes, which it adds to its counter.
        var one: UInt64 = 1
        unsafe rd_kafka_queue_io_event_enable(consumerQueue, wake, &one, MemoryLayout<UInt64>.size)
        unsafe rd_kafka_queue_io_event_enable(messageQueue, recordWake ?? wake, &one, MemoryLayout<UInt64>.size)
        if let error = unsafe KafkaError(rd_kafka_set_log_queue(handle, consumerQueue)) { throw error }
    }

    deinit { finish() }

    /// Joins the group for these topics; a name that begins with `^` is a regular expression over all topics.
    package func subscribe(_ topics: [String]) throws(KafkaError) {
        let list = PartitionList(capacity: topics.count)
        for topic in topics { list.add(topic, -1, offset: Int64(RD_KAFKA_OFFSET_INVALID)) }
        let client = try unsafe client()
        hasSubscribed = true
        if let error = unsafe KafkaError(rd_kafka_subscribe(client, list.pointer)) { throw error }
    }

    /// The client, or an error after `finish`.
    func client() throws(KafkaError) -> OpaquePointer {
        guard let handle = unsafe handle else { throw KafkaError(code: RD_KAFKA_RESP_ERR__DESTROY.rawValue) }
        return unsafe handle
    }

    /// Whether the current assignment was lost (session expired, `max.poll.interval.ms` exceeded): then nothing of it
    /// may be committed (`rd_kafka_assignment_lost`).
    package var assignmentLost: Bool {
        guard let handle = unsafe handle else { return true }
        return unsafe rd_kafka_assignment_lost(handle) != 0
    }

    /// Whether the group is being joined, as far as `pollEvents` has read.
    ///
    /// A commit sent now waits at the coordinator's connection behind the join, comes with a generation that is over, and
    /// costs the whole assignment in the cooperative strategy (librdkafka issue 4059): hold it back until this is false, and
    /// then look at `assignmentLost`.
    package var isJoining: Bool { hasSubscribed && joinState.isJoining }

    /// The id that the group's coordinator gave this member, nil before the first join.
    package var memberID: String? {
        guard let handle = unsafe handle, let text = unsafe rd_kafka_memberid(handle) else { return nil }
        defer { unsafe rd_kafka_mem_free(handle, text) }
        let id = unsafe String(cString: text)
        return id.isEmpty ? nil : id
    }

    /// Whether a broker has told what cluster it belongs to, and so was reached at least once (`rd_kafka_clusterid`, which
    /// does not wait here).
    package var hasReachedBroker: Bool {
        guard let handle = unsafe handle, let id = unsafe rd_kafka_clusterid(handle, 0) else { return false }
        unsafe rd_kafka_mem_free(handle, id)
        return true
    }

    /// `COOPERATIVE`, `EAGER`, or `NONE` before the first rebalance and for assignments without a group.
    package var rebalanceProtocol: String {
        guard let handle = unsafe handle, let text = unsafe rd_kafka_rebalance_protocol(handle) else { return "NONE" }
        return unsafe String(cString: text)
    }
}
