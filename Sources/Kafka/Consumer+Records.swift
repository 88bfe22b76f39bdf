internal import CRDKafka
internal import CRecords
internal import DeliveryCore

extension Consumer {
    /// Takes up to `max` things from the message queue, without waiting, and tells whether more may be there: the
    /// eventfd is written only when the queue goes from empty to non-empty, so whoever gets true must come back unasked.
    ///
    /// The take ends when records (`Record.size`) make `bytes` full; at least one is taken. It goes over that only where
    /// records become larger within one take. What `arrivals` held before is forgotten. Call `pollEvents` first. Costs no allocation in the steady state.
    @discardableResult
    package func takeRecords(upTo max: Int, bytes: Int, into arrivals: inout Arrivals) -> Bool {
        arrivals.removeAll()
        guard max > 0, let handle = unsafe handle else { return max <= 0 }
        let store = unsafe records.store
        unsafe crecords_take(store, handle, messageQueue, UInt32(clamping: max), UInt64(clamping: bytes))
        unsafe read(store.pointee.taken, into: &arrivals)
        let mayHaveMore = unsafe store.pointee.taken.may_have_more
        noteTake(records: arrivals.records.count, bytes: unsafe Int(store.pointee.taken.bytes), isLast: !mayHaveMore)
        return mayHaveMore
    }

    /// The same, one by one and appended, without a bound on bytes: for where speed does not matter.
    @discardableResult
    package func takeRecords(upTo max: Int, into arrivals: inout [Arrival]) -> Bool {
        var taken = Arrivals()
        let mayHaveMore = takeRecords(upTo: max, bytes: .max, into: &taken)
        arrivals += taken.inOrder
        return mayHaveMore
    }

    /// Takes a message that came by another queue. It stays the caller's.
    func takeMessage(_ message: UnsafeMutablePointer<rd_kafka_message_t>, into arrivals: inout Arrivals) {
        arrivals.removeAll()
        guard let handle = unsafe handle else { return }
        unsafe crecords_take_message(records.store, handle, message)
        unsafe read(records.store.pointee.taken, into: &arrivals)
    }

    private func read(_ taken: crecords_taken, into arrivals: inout Arrivals) {
        unsafe arrivals.records.reserveCapacity(Int(taken.arrival_count))
        for place in unsafe 0..<Int(taken.run_count) {
            let run = unsafe taken.runs[place]
            let partition = unsafe topics.index(run.topic, run.partition, in: records.store, table: partitions)
            for place in Int(run.first)..<Int(run.first + run.count) {
                let arrival = unsafe taken.arrivals[place]
                let slot = RecordSlot(arrival.slot)
                arrivals.records.append(
                    Record(
                        partition: partition, offset: arrival.offset, size: Int32(clamping: arrival.size), slot: slot,
                        keyHash: keyHash.flatMap { hash(of: slot, $0) }))
            }
        }
        for place in unsafe 0..<Int(taken.event_count) {
            let event = unsafe taken.events[place]
            unsafe arrivals.others.append((position: Int(event.position), arrival: translate(event)))
        }
    }

    private func translate(_ event: crecords_event) -> OtherArrival {
        let partition: PartitionIndex? =
            unsafe event.topic < 0
            ? nil : topics.index(event.topic, event.partition, in: records.store, table: partitions)
        if unsafe event.error == RD_KAFKA_RESP_ERR__PARTITION_EOF.rawValue, let partition {
            return unsafe .endReached(partition, offset: event.offset)
        }
        let offset = unsafe event.offset >= 0 ? event.offset : nil
        let text = unsafe event.text.map { unsafe String(cString: $0) }
        return unsafe .failed(partition, KafkaError(code: event.error, message: text, offset: offset))
    }

    /// The hash of the record's key, nil where it has none.
    private func hash(of slot: RecordSlot, _ keyHash: KeyHash) -> UInt64? {
        unsafe records.withFields(slot) { fields in
            unsafe fields.key.map { unsafe keyHash.value(of: $0) }
        }
    }
}
