internal import CRDKafka
internal import CRecords

extension Consumer {
    /// Begins to leave the group. Go on with `pollEvents` and answer what it brings (a last revoke) until `isClosed`.
    ///
    /// After a fatal error there is no group to leave, and `isClosed` is true at once.
    package func beginClose() {
        guard let handle = unsafe handle else { return }
        hasBegunToClose = true
        if unsafe KafkaError(consuming: rd_kafka_consumer_close_queue(handle, consumerQueue)) != nil {
            closeFailed = true
        }
    }

    /// Whether the group was left.
    package var isClosed: Bool {
        guard !closeFailed, let handle = unsafe handle else { return true }
        return unsafe rd_kafka_consumer_closed(handle) != 0
    }

    /// Frees the client. Every lookup thread must have been stopped.
    ///
    /// What is still held is given back. Does not hang: a consumer that was not closed is dropped without
    /// leaving its group (the coordinator notices when `session.timeout.ms` is over), and one that is still leaving it goes
    /// on in the background for as long as the process lasts. Calling it again does nothing.
    package func finish() {
        guard let handle = unsafe handle else { return }
        let closed = isClosed && !closeFailed
        // librdkafka's main thread waits for the answer, without a pause and for ever.
        if owesAnswer, !closed { unsafe _ = rd_kafka_assign(handle, nil) }
        records.giveBackAll()
        unsafe rd_kafka_queue_io_event_enable(consumerQueue, -1, nil, 0)
        unsafe rd_kafka_queue_io_event_enable(messageQueue, -1, nil, 0)
        forgetQueues(of: Array(assigned.keys))
        unsafe crecords_release_topics(records.store)
        unsafe rd_kafka_queue_destroy(messageQueue)
        unsafe rd_kafka_queue_destroy(consumerQueue)
        if hasBegunToClose, !closed, !closeFailed {
            // Not freed: a request to leave the group that is under way when the client is freed is forgotten, and waited for
            // without a pause and for ever (2.0.2, rd_kafka_cgrp_handle_LeaveGroup and _DESTROY).
            unsafe rd_kafka_set_log_level(handle, 0)
        } else if mayAbortOnDestroy {
            // Not freed: its threads end with the process.
            if !closed { unsafe _ = rd_kafka_unsubscribe(handle) }
        } else {
            unsafe rd_kafka_destroy_flags(handle, closed ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        }
        unsafe self.handle = nil
    }

    /// Before 2.3.0 librdkafka aborts the whole process (an assertion in the sticky assignor, its pull request 4381)
    /// when a client is freed that has joined a group by a cooperative assignor and never got an assignment: stopped
    /// in the middle of its first join, or denied by the coordinator. Whether the join was answered cannot be asked any more
    /// once it is closed.
    private var mayAbortOnDestroy: Bool {
        let firstCorrectVersion: Int32 = 0x0203_0000
        return ClientLibrary.versionNumber < firstCorrectVersion && hasSubscribed && !hasBeenAssigned
    }
}
