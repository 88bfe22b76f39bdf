internal import CRDKafka
internal import DeliveryCore

extension Consumer {
    /// What holding a record costs beside its bytes: librdkafka's structures, ours, and the allocator's.
    private static let holdingCost = 512

    /// Appends up to `max` things from the message queue, fewer where records are large (`TakeBound`), without waiting, and
    /// tells whether more may be there: the eventfd is written only when the queue goes from empty to non-empty, so whoever
    /// gets true must come back unasked.
    ///
    /// Call `pollEvents` first. Costs no allocation a record in steady state.
    @discardableResult
    package func takeRecords(upTo max: Int, into arrivals: inout [Arrival]) -> Bool {
        guard max > 0, let handle = unsafe handle else { return max <= 0 }
        let max = min(max, takeBound.records)
        growBatch(to: max)
        let taken = unsafe rd_kafka_consume_batch_queue(messageQueue, 0, batch.baseAddress, max)
        guard taken > 0 else {
            noteTake(records: 0, bytes: 0, isLast: true)
            return false
        }
        var bytes = 0
        // Records come in runs of one partition: the last answer is kept here, in registers.
        var lastTopic: OpaquePointer?
        var last = (number: Int32(-1), partition: PartitionIndex(-1))
        let messages = unsafe batch
        for position in 0..<taken {
            guard let message = unsafe messages[position] else { continue }
            guard unsafe message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR, let topic = unsafe message.pointee.rkt
            else {
                unsafe acceptError(message, into: &arrivals)
                continue
            }
            unsafe bytes += message.pointee.len
            let number = unsafe message.pointee.partition
            if unsafe topic != lastTopic || number != last.number {
                unsafe lastTopic = topic
                last = (number, unsafe topics.index(topic, number, client: handle, table: partitions))
            }
            let slot = unsafe records.hold(message)
            unsafe arrivals.append(.record(record(message, in: slot, last.partition)))
        }
        takeBound.note(records: taken, bytes: bytes)
        noteTake(records: taken, bytes: bytes, isLast: taken < max)
        return taken == max
    }

    /// A consumer error comes as a message whose payload is its text; it is done with when it was read.
    private func acceptError(_ message: UnsafeMutablePointer<rd_kafka_message_t>, into arrivals: inout [Arrival]) {
        defer { unsafe rd_kafka_message_destroy(message) }
        let partition = unsafe index(of: message)
        let code = unsafe message.pointee.err
        if code == RD_KAFKA_RESP_ERR__PARTITION_EOF, let partition {
            arrivals.append(.endReached(partition, offset: unsafe message.pointee.offset))
            return
        }
        let offset = unsafe message.pointee.offset >= 0 ? message.pointee.offset : nil
        let text = unsafe rd_kafka_message_errstr(message).map { unsafe String(cString: $0) }
        arrivals.append(.failed(partition, KafkaError(code: code.rawValue, message: text, offset: offset)))
    }

    /// What the core is told of a message that waits in `slot`.
    @inline(__always)
    func record(
        _ message: UnsafeMutablePointer<rd_kafka_message_t>, in slot: RecordSlot, _ partition: PartitionIndex
    ) -> Record {
        var size = unsafe message.pointee.key_len + message.pointee.len + Consumer.holdingCost
        let headers = unsafe MessageHeaders(of: message)
        if unsafe headers.count > 0 { size += unsafe headers.byteCount }
        return unsafe Record(
            partition: partition, offset: message.pointee.offset, size: Int32(clamping: size), slot: slot,
            keyHash: keyHash.flatMap { unsafe hash(of: message, $0) })
    }

    /// The hash of the message's key, nil where it has none.
    private func hash(of message: UnsafeMutablePointer<rd_kafka_message_t>, _ keyHash: KeyHash) -> UInt64? {
        guard let key = unsafe message.pointee.key else { return nil }
        return unsafe keyHash.value(of: UnsafeRawBufferPointer(start: key, count: message.pointee.key_len))
    }

    /// The partition that a message is about, nil for an error of the whole consumer.
    func index(of message: UnsafeMutablePointer<rd_kafka_message_t>) -> PartitionIndex? {
        guard let handle = unsafe handle, let topic = unsafe message.pointee.rkt,
            unsafe message.pointee.partition >= 0
        else { return nil }
        return unsafe topics.index(topic, message.pointee.partition, client: handle, table: partitions)
    }

    private func growBatch(to count: Int) {
        guard unsafe batch.count < count else { return }
        unsafe batch.deallocate()
        unsafe batch = .allocate(capacity: count)
    }
}
