internal import CRDKafka
internal import DeliveryCore

extension Consumer {
    /// Appends everything that waits in the consumer queue, without waiting for more.
    ///
    /// This is what counts as a poll: call it at least every third of `max.poll.interval.ms`, also when nothing is to
    /// be delivered, or the group throws the member out. (Each version from 2.0.2 on counts a take from the consumer
    /// queue; an eventfd that is merely watched does not count.)
    package func pollEvents(into events: inout [ConsumerEvent]) {
        // The take ends with nothing for an operation that librdkafka serves itself; what lies behind it would then
        // wait without another wake-up, hence the look at the length.
        var emptyTakes = 0
        while emptyTakes < 100, unsafe handle != nil {
            if let event = unsafe rd_kafka_queue_poll(consumerQueue, 0) {
                unsafe translate(event, into: &events)
            } else if unsafe rd_kafka_queue_length(consumerQueue) == 0 {
                return
            } else {
                emptyTakes += 1
            }
        }
    }

    /// Turns a librdkafka event into ours; owns `event`.
    private func translate(_ event: OpaquePointer, into events: inout [ConsumerEvent]) {
        let type = unsafe rd_kafka_event_type(event)
        if type == RD_KAFKA_EVENT_FETCH { return unsafe takeRecord(of: event, into: &events) }
        defer { unsafe rd_kafka_event_destroy(event) }
        switch type {
        case RD_KAFKA_EVENT_REBALANCE: unsafe translateRebalance(event, into: &events)
        case RD_KAFKA_EVENT_OFFSET_COMMIT: unsafe events.append(commitResult(of: event))
        case RD_KAFKA_EVENT_ERROR: unsafe events.append(failure(of: event))
        case RD_KAFKA_EVENT_LOG:
            guard case .log(let level, let facility, let text)? = unsafe ConsumerEvent(log: event) else { return }
            joinState.read(facility: facility, text: text)
            // 7 is syslog(3)'s LOG_DEBUG.
            if level < 7 || wantsDebugLines { events.append(.log(level: level, facility: facility, text: text)) }
        default: break  // Nothing else was asked for.
        }
    }

    private func translateRebalance(_ event: OpaquePointer, into events: inout [ConsumerEvent]) {
        let partitions = unsafe listed(in: event).map { unsafe index(of: $0) }
        switch unsafe rd_kafka_event_error(event) {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            hasBeenAssigned = true
            owesAnswer = true
            events.append(.assigned(partitions))
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            owesAnswer = true
            events.append(.revoked(partitions, lost: assignmentLost))
        case let code:
            // Unanswered it would leave a member that owns partitions and consumes nothing.
            unsafe _ = rd_kafka_assign(handle, nil)
            forgetQueues(of: Array(assigned.keys))
            events.append(.rebalanceFailed(KafkaError(code: code.rawValue)))
        }
    }

    private func commitResult(of event: OpaquePointer) -> ConsumerEvent {
        let results = unsafe listed(in: event).map { entry in
            unsafe CommitResult(partition: index(of: entry), error: KafkaError(entry.err))
        }
        let token = unsafe UInt64(UInt(bitPattern: rd_kafka_event_opaque(event)))
        return .commitFinished(token: token, results, unsafe KafkaError(rd_kafka_event_error(event)))
    }

    private func failure(of event: OpaquePointer) -> ConsumerEvent {
        let code = unsafe rd_kafka_event_error(event)
        var partition: PartitionIndex?
        var offset: Int64?
        if let entry = unsafe rd_kafka_event_topic_partition(event) {
            defer { unsafe rd_kafka_topic_partition_destroy(entry) }
            if unsafe entry.pointee.partition >= 0 { partition = unsafe index(of: entry.pointee) }
            if unsafe entry.pointee.offset >= 0 { offset = unsafe entry.pointee.offset }
        }
        if code == RD_KAFKA_RESP_ERR__PARTITION_EOF, let partition, let offset {
            return .endReached(partition, offset: offset)
        }
        return unsafe .failed(partition, KafkaError(event: event, offset: offset))
    }

    /// A record in the consumer queue: its partition was not forwarded to the message queue when it arrived. Owns
    /// `event`.
    private func takeRecord(of event: OpaquePointer, into events: inout [ConsumerEvent]) {
        defer { unsafe rd_kafka_event_destroy(event) }
        guard let message = unsafe rd_kafka_event_message_next(event) else { return }
        var arrivals = Arrivals()
        unsafe takeMessage(UnsafeMutablePointer(mutating: message), into: &arrivals)
        for arrival in arrivals.inOrder {
            switch arrival {
            case .record(let record): events.append(.record(record))
            case .endReached(let partition, let offset): events.append(.endReached(partition, offset: offset))
            case .failed(let partition, let error): events.append(.failed(partition, error))
            }
        }
    }

    private func listed(in event: OpaquePointer) -> UnsafeMutableBufferPointer<rd_kafka_topic_partition_t> {
        guard let list = unsafe rd_kafka_event_topic_partition_list(event) else {
            return unsafe UnsafeMutableBufferPointer(start: nil, count: 0)
        }
        return unsafe UnsafeMutableBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt))
    }

    private func index(of entry: rd_kafka_topic_partition_t) -> PartitionIndex {
        unsafe partitions.index(topic: String(cString: entry.topic), partition: entry.partition)
    }
}

extension ConsumerEvent {
    /// The line of a log event; nil for an event of another kind.
    init?(log event: OpaquePointer) {
        var facility: UnsafePointer<CChar>?
        var text: UnsafePointer<CChar>?
        var level: Int32 = 0
        guard unsafe rd_kafka_event_log(event, &facility, &text, &level) == 0 else { return nil }
        self = unsafe .log(
            level: level, facility: facility.map { unsafe String(cString: $0) } ?? "",
            text: text.map { unsafe String(cString: $0) } ?? "")
    }
}

extension KafkaError {
    /// What an error event tells.
    init(event: OpaquePointer, offset: Int64? = nil) {
        let text = unsafe rd_kafka_event_error_string(event).map { unsafe String(cString: $0) }
        unsafe self.init(
            code: rd_kafka_event_error(event).rawValue, message: text,
            isFatal: rd_kafka_event_error_is_fatal(event) != 0, offset: offset)
    }
}
