internal import CRDKafka
package import DeliveryCore

/// Copies records into other topics: into a dead-letter topic, and from there back.
///
/// An idempotent producer with `acks=all` (KIP-98). All methods run on one thread, and none but `close` waits. Delivery
/// reports come by a queue that writes to the owner's eventfd.
@safe
package final class DeadLetterWriter {
    /// What became of one record that was written.
    package typealias Report = (token: UInt64, error: KafkaError?)

    /// How many records were written whose report was not polled yet.
    package private(set) var pendingCount = 0

    /// `rd_kafka_t`; nil after `close`.
    var handle: OpaquePointer?
    private let events: OpaquePointer
    private var reports: [Report] = []
    private var notices: [ConsumerEvent] = []

    /// Creates the client, whose reports write to `wake`, an eventfd that must outlive it. `properties` (librdkafka's,
    /// `bootstrap.servers` among them) beat the defaults, but not those that the promise rests on.
    ///
    /// Throws for an unknown property or a bad value, naming it.
    package init(properties: [(name: String, value: String)], wake: Int32) throws(KafkaError) {
        let defaults: [(name: String, value: String)] = [
            // A letter that no broker confirms in this time is reported as failed; its owner decides what then.
            ("message.timeout.ms", "30000"),
            // Java's default partitioner: where the source was written with it and the topics have equally many
            // partitions, a record keeps its partition, and in any case the letters of a key stay in order.
            ("partitioner", "murmur2_random"),
            // How large a record may be is the topic's business.
            ("message.max.bytes", "134217728"),
        ]
        let promised = [
            (name: "acks", value: "all"), (name: "enable.idempotence", value: "true"),
            (name: "log.queue", value: "true"), (name: "delivery.report.only.error", value: "false"),
        ]
        let configuration = try ClientProperties(defaults + properties + promised)
        configuration.enableEvents(RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG)
        let handle = try unsafe configuration.start(RD_KAFKA_PRODUCER)
        guard let events = unsafe rd_kafka_queue_get_main(handle) else {
            unsafe rd_kafka_destroy(handle)
            throw KafkaError(code: RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE.rawValue)
        }
        unsafe self.handle = unsafe handle
        unsafe self.events = unsafe events
        var one: UInt64 = 1
        unsafe rd_kafka_queue_io_event_enable(events, wake, &one, MemoryLayout<UInt64>.size)
        if let error = unsafe KafkaError(rd_kafka_set_log_queue(handle, events)) { throw error }
    }

    deinit { close(within: 0) }

    /// Puts the record of `slot` into the queue for `topic`: same key, value and headers, in their order, and then
    /// `extra` and the original timestamp as headers. The report with the same token tells whether it is safe.
    ///
    /// The letter has a timestamp of its own: with an old one, retention could delete it as soon as it is written. Old
    /// headers that explain an earlier dead letter are left out (`DeadLetterHeader.isExplanation`). Everything is
    /// copied: the slot may be given back at once. Throws where nothing was queued: the queue is full
    /// (`_QUEUE_FULL`), the record is too large, the client is fatally broken (`fatalError`).
    package func write(
        _ slot: RecordSlot, of store: RecordStore, topic: String, headers extra: [(name: String, value: [UInt8])],
        token: UInt64
    ) throws(KafkaError) {
        try unsafe store.withFields(slot) { (fields) throws(KafkaError) in
            var headers = unsafe HeaderList(of: fields, without: DeadLetterHeader.isExplanation)
            for (name, value) in extra { headers.add(name, value) }
            let time = unsafe DeadLetterReason.bigEndian(fields.timestamp ?? -1)
            headers.add(DeadLetterHeader.originalTimestamp.rawValue, time)
            let type = unsafe fields.timestampType.javaName
            headers.add(DeadLetterHeader.originalTimestampType.rawValue, Array(type.utf8))
            if unsafe fields.headersAreDamaged {
                headers.add(DeadLetterHeader.headers.rawValue, Array("unreadable".utf8))
            }
            let record = unsafe OutgoingRecord(topic: topic, key: fields.key, value: fields.value, token: token)
            try unsafe enqueue(record, &headers)
        }
    }

    /// Puts a dead letter's record back into a topic: same key, value and headers, without those that explain the dead
    /// letter, and with the count of replays set to `replays`.
    ///
    /// `partition` nil: a hash of the key chooses. `timestamp` nil: now, else milliseconds since 1970. Otherwise as
    /// `write`.
    package func putBack(
        _ slot: RecordSlot, of store: RecordStore, topic: String, partition: Int32?, timestamp: Int64?, replays: Int,
        token: UInt64
    ) throws(KafkaError) {
        try unsafe store.withFields(slot) { (fields) throws(KafkaError) in
            var headers = unsafe HeaderList(of: fields) { name in
                DeadLetterHeader.isExplanation(name) || name == DeadLetterHeader.replays.rawValue
            }
            headers.add(DeadLetterHeader.replays.rawValue, Array("\(replays)".utf8))
            let record = unsafe OutgoingRecord(
                topic: topic, partition: partition ?? -1, key: fields.key, value: fields.value,
                timestamp: timestamp ?? 0, token: token)
            try unsafe enqueue(record, &headers)
        }
    }

    /// Appends the reports that are there, without waiting: each record once. An error means that the record may not be
    /// in the topic (after a time-out it may be there all the same: writing it again can make a duplicate).
    package func poll(into reports: inout [Report]) {
        readEvents()
        reports += self.reports
        pendingCount -= self.reports.count
        self.reports.removeAll(keepingCapacity: true)
    }

    /// Appends what else the client had to tell up to the last `poll`: `.failed` without a partition, and `.log`.
    package func takeNotices(into notices: inout [ConsumerEvent]) {
        notices += self.notices
        self.notices.removeAll()
    }

    /// Set when the client can never write again (`rd_kafka_fatal_error`): all that was queued is reported as failed.
    /// The remedy is `close(within: 0)` and a new writer.
    package var fatalError: KafkaError? {
        guard let handle = unsafe handle else { return nil }
        var text = [CChar](repeating: 0, count: 512)
        let code = unsafe rd_kafka_fatal_error(handle, &text, text.count)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return KafkaError(code: code.rawValue, message: ErrorText.read(text), isFatal: true)
    }

    /// Waits up to so many milliseconds until all that was written is reported, then frees the client. A last `poll`
    /// afterwards gives these reports; what was not confirmed in time has failed (`_PURGE_QUEUE`, `_PURGE_INFLIGHT`).
    /// Calling it again does nothing.
    package func close(within milliseconds: Int) {
        guard let handle = unsafe handle else { return }
        let step = 20
        for _ in 0..<(max(0, milliseconds) + step - 1) / step {
            // Sends at once what lingers; with reports as events it only waits, and does not read them.
            unsafe _ = rd_kafka_flush(handle, Int32(step))
            readEvents()
            if unsafe rd_kafka_outq_len(handle) == 0 { break }
        }
        unsafe _ = rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        readEvents()
        unsafe rd_kafka_queue_io_event_enable(events, -1, nil, 0)
        unsafe rd_kafka_queue_destroy(events)
        unsafe rd_kafka_destroy(handle)
        unsafe self.handle = nil
    }

    private func enqueue(_ record: OutgoingRecord, _ headers: inout HeaderList) throws(KafkaError) {
        guard let handle = unsafe handle else { throw KafkaError(code: RD_KAFKA_RESP_ERR__DESTROY.rawValue) }
        if let error = unsafe record.enqueue(in: handle, headers: &headers) { throw error }
        pendingCount += 1
    }

    private func readEvents() {
        guard unsafe handle != nil else { return }
        while let event = unsafe rd_kafka_queue_poll(events, 0) {
            defer { unsafe rd_kafka_event_destroy(event) }
            switch unsafe rd_kafka_event_type(event) {
            case RD_KAFKA_EVENT_DR:
                while let message = unsafe rd_kafka_event_message_next(event) {
                    unsafe reports.append((OutgoingRecord.token(of: message), KafkaError(message.pointee.err)))
                }
            case RD_KAFKA_EVENT_LOG:
                if let line = unsafe ConsumerEvent(log: event) { notices.append(line) }
            case RD_KAFKA_EVENT_ERROR: unsafe notices.append(.failed(nil, KafkaError(event: event)))
            default: break  // Nothing else was asked for.
            }
        }
    }
}

extension HeaderList {
    /// Copies of a record's headers but for those whose name `isLeftOut` answers.
    init(of fields: RecordFields, without isLeftOut: (String) -> Bool) {
        self.init()
        for position in unsafe 0..<fields.headerCount {
            let header = unsafe fields.header(at: position)
            if isLeftOut(unsafe String(decoding: header.name, as: UTF8.self)) { continue }
            unsafe add(header.name, header.value)
        }
    }
}

extension TimestampType {
    /// As Java's `TimestampType` prints itself.
    fileprivate var javaName: String {
        switch self {
        case .none: "NoTimestampType"
        case .create: "CreateTime"
        case .append: "LogAppendTime"
        }
    }
}
