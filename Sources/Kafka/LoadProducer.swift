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
        var headers = HeaderList()
        for header in record.headers { headers.add(header.name, header.value) }
        return unsafe LoadProducer.withBytes(record.key) { key in
            unsafe LoadProducer.withBytes(record.value) { value in
                unsafe OutgoingRecord(
                    topic: record.topic, partition: record.partition ?? -1, key: key, value: value,
                    timestamp: record.timestamp ?? 0, token: UInt64(nextIndex)
                ).enqueue(in: handle, headers: &headers)
            }
        }
    }

    private static func withBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard let bytes else { return body(nil) }
        return unsafe bytes.withUnsafeBytes { unsafe body($0) }
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
                let index = unsafe OutgoingRecord.token(of: message)
                failures.append(Failure(index: Int(index), error: error))
            }
            unsafe rd_kafka_event_destroy(event)
        }
    }
}
