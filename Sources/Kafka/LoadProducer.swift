internal import CRDKafka

/// Writes records in bulk: for the embedded broker's load file, and for tests. One thread at a time.
@safe
package final class LoadProducer {
    /// A record that was not written.
    package struct Failure: Equatable, Sendable {
        /// What `produce` returned for the record.
        package let index: Int
        package let error: KafkaError
    }

    /// The records that were not written, in the order in which that became known.
    package private(set) var failures: [Failure] = []
    /// How many records a broker has confirmed.
    package private(set) var confirmedCount = 0

    private var handle: OpaquePointer?
    private let reports: OpaquePointer
    private var nextIndex = 0

    /// A producer to these brokers; `properties` (librdkafka's) are set last and beat the defaults chosen here.
    ///
    /// Those are for bulk: large batches and a linger of a second, so that a partition gets few batches. `flush` does
    /// not wait for the linger.
    package init(
        bootstrapServers: String, properties: [(name: String, value: String)] = []
    ) throws(KafkaError) {
        let bulk: [(name: String, value: String)] = [
            ("bootstrap.servers", bootstrapServers), ("linger.ms", "1000"), ("batch.size", "1000000"),
            ("batch.num.messages", "10000"), ("message.max.bytes", "10000000"),
            ("queue.buffering.max.messages", "1000000"),
        ]
        let configuration = try ClientProperties(bulk + properties)
        configuration.enableEvents(RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR)
        configuration.discardLogs()
        let handle = try unsafe configuration.start(RD_KAFKA_PRODUCER)
        unsafe self.handle = unsafe handle
        unsafe reports = rd_kafka_queue_get_main(handle)
    }

    deinit { close() }

    /// Puts the record into the producer's queue and returns its index: 0 for the first, and so on. While the queue is
    /// full it waits, 60 seconds at most.
    ///
    /// Throws where librdkafka refuses the record (unknown partition, too large).
    @discardableResult
    package func produce(_ record: LoadRecord) throws(KafkaError) -> Int {
        for _ in 0..<600 {
            guard let error = enqueue(record) else {
                nextIndex += 1
                return nextIndex - 1
            }
            guard error.code == RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue else { throw error }
            readReports(waitingUpTo: 100)
        }
        throw KafkaError(code: RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue)
    }

    /// Waits until each record is confirmed or has failed, and tells whether that was reached in time. Look at
    /// `failures` afterwards.
    package func flush(timeoutMilliseconds: Int) -> Bool {
        guard let handle = unsafe handle else { return true }
        let step = 20
        for _ in 0...(max(0, timeoutMilliseconds) / step) {
            // Sends at once what lingers; with reports as events it only waits, and does not read them.
            unsafe _ = rd_kafka_flush(handle, Int32(step))
            readReports(waitingUpTo: 0)
            if unsafe rd_kafka_outq_len(handle) == 0 { return true }
        }
        return false
    }

    /// The offsets that the partition's log has: `low` is that of the oldest record, `high` that of the next one to be
    /// written. Waits for a round trip, 10 seconds at most.
    package func watermarks(topic: String, partition: Int32) throws(KafkaError) -> (low: Int64, high: Int64) {
        guard let handle = unsafe handle else { throw KafkaError(code: RD_KAFKA_RESP_ERR__DESTROY.rawValue) }
        var low: Int64 = 0
        var high: Int64 = 0
        let result = unsafe rd_kafka_query_watermark_offsets(handle, topic, partition, &low, &high, 10_000)
        if let error = KafkaError(result) { throw error }
        return (low, high)
    }

    /// Frees the client; records that were not flushed are lost. Calling it again does nothing.
    package func close() {
        guard let handle = unsafe handle else { return }
        unsafe _ = rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        unsafe rd_kafka_queue_destroy(reports)
        unsafe rd_kafka_destroy(handle)
        unsafe self.handle = nil
    }

    /// One attempt to enqueue; nil is success.
    private func enqueue(_ record: LoadRecord) -> KafkaError? {
        guard let handle = unsafe handle else { return KafkaError(code: RD_KAFKA_RESP_ERR__DESTROY.rawValue) }
        let headers = unsafe LoadProducer.headerList(record.headers)
        let failure = unsafe record.topic.withCString { topic in
            unsafe LoadProducer.withBytes(record.key) { key, keyCount in
                unsafe LoadProducer.withBytes(record.value) { value, valueCount in
                    var arguments: [rd_kafka_vu_t] = unsafe []
                    func pass(_ type: rd_kafka_vtype_t, _ fill: (inout rd_kafka_vu_t) -> Void) {
                        var argument = unsafe rd_kafka_vu_t()
                        unsafe argument.vtype = type
                        unsafe fill(&argument)
                        unsafe arguments.append(argument)
                    }
                    unsafe pass(RD_KAFKA_VTYPE_TOPIC) { unsafe $0.u.cstr = unsafe topic }
                    unsafe pass(RD_KAFKA_VTYPE_PARTITION) { unsafe $0.u.i32 = record.partition ?? -1 }
                    unsafe pass(RD_KAFKA_VTYPE_MSGFLAGS) { unsafe $0.u.i = Int32(RD_KAFKA_MSG_F_COPY) }
                    unsafe pass(RD_KAFKA_VTYPE_KEY) { unsafe $0.u.mem = unsafe .init(ptr: key, size: keyCount) }
                    unsafe pass(RD_KAFKA_VTYPE_VALUE) { unsafe $0.u.mem = unsafe .init(ptr: value, size: valueCount) }
                    // 0 stands for now. One is added to the index: a null pointer could not be told from "no opaque".
                    unsafe pass(RD_KAFKA_VTYPE_TIMESTAMP) { unsafe $0.u.i64 = record.timestamp ?? 0 }
                    unsafe pass(RD_KAFKA_VTYPE_OPAQUE) {
                        unsafe $0.u.ptr = unsafe UnsafeMutableRawPointer(bitPattern: nextIndex + 1)
                    }
                    if let headers = unsafe headers {
                        unsafe pass(RD_KAFKA_VTYPE_HEADERS) { unsafe $0.u.headers = unsafe headers }
                    }
                    return unsafe KafkaError(consuming: rd_kafka_produceva(handle, arguments, arguments.count))
                }
            }
        }
        // On success the list belongs to the record, otherwise it is ours still.
        if failure != nil, let headers = unsafe headers { unsafe rd_kafka_headers_destroy(headers) }
        return failure
    }

    private static func headerList(_ headers: [(name: String, value: [UInt8]?)]) -> OpaquePointer? {
        guard !headers.isEmpty, let list = unsafe rd_kafka_headers_new(headers.count) else { return nil }
        for header in headers {
            unsafe withBytes(header.value) { value, count in
                unsafe _ = rd_kafka_header_add(list, header.name, header.name.utf8.count, value, count)
            }
        }
        return unsafe list
    }

    /// The bytes as librdkafka wants them: null for nil, and a pointer that is not null for no bytes at all.
    private static func withBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeMutableRawPointer?, Int) -> R) -> R {
        guard let bytes else { return body(nil, 0) }
        return unsafe (bytes + [0]).withUnsafeBytes { buffer in
            unsafe body(UnsafeMutableRawPointer(mutating: buffer.baseAddress), bytes.count)
        }
    }

    /// Reads delivery reports: waits up to that many milliseconds for the first one.
    private func readReports(waitingUpTo milliseconds: Int32) {
        var timeout = milliseconds
        while let event = unsafe rd_kafka_queue_poll(reports, timeout) {
            timeout = 0
            while let message = unsafe rd_kafka_event_message_next(event) {
                confirmedCount += 1
                guard let error = unsafe KafkaError(message.pointee.err) else { continue }
                confirmedCount -= 1
                let index = unsafe Int(bitPattern: message.pointee._private) - 1
                failures.append(Failure(index: index, error: error))
            }
            unsafe rd_kafka_event_destroy(event)
        }
    }
}
