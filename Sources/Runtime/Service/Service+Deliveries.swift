import Configuration
import DeliveryCore
import HandlerProtocol
import Kafka
import Logging

extension Service {
    /// Encodes a delivery into the worker's buffer. What does not fit is handed back to the machine.
    func send(_ key: DeliveryKey, to worker: WorkerIndex) {
        guard let connection = connections[worker.value], !connection.isBroken,
            let head = machine.head(of: key, for: worker), connection.marks.lastAdded < head.id
        else { return }
        var encoding = Encoding()
        if plan.policy.isBatch {
            encoding = encodeBatch(key, head, to: connection)
        } else {
            machine.forEachRecord(of: key) { _, record in
                encoding.count = 1
                encoding.failure = encodeMessage(head, record, to: connection)
                return true
            }
        }
        if encoding.failure != nil || encoding.count == 0 {
            // Without a record its partition was lost since the machine decided, in the same turn: it is cancelled already.
            refuse(key, encoding.failure)
            return
        }
        if encoding.count < head.count { machine.shorten(key, to: encoding.count, now: now, actions: &actions) }
        connection.marks.add(id: head.id, end: connection.outbound.totalAppended)
        timeline.pass(.firstDelivery, now: now, log: log)
    }

    /// How far a delivery was encoded.
    private struct Encoding {
        /// Records that are in the frame.
        var count = 0
        /// Why not even the first one is.
        var failure: EncodingFailure?
        /// The records do not have in common what the first one made believe.
        var isMixed = false
    }

    private func refuse(_ key: DeliveryKey, _ failure: EncodingFailure?) {
        let delivery = machine.delivery(key)
        if let failure, let record = machine.record(0, of: delivery) {
            let place = FailedPlace(partition: delivery.partition, offset: record.offset)
            encodingFailure = (place, "\(failure)")
            note("the record cannot be handed over: \(failure)", of: delivery, index: 0)
            if mayTellFailure() {
                log.warning(
                    "record cannot be handed over",
                    metadata: at(place.partition, place.offset).merging(["error": "\(failure)"]) { $1 })
            }
        }
        machine.refuse(key, now: now, actions: &actions)
    }

    private func encodeMessage(
        _ head: DeliveryHead, _ record: DeliveredRecord, to connection: WorkerConnection
    ) -> EncodingFailure? {
        do {
            try unsafe consumer.records.withFields(record.slot) { fields throws(EncodingFailure) in
                if unsafe fields.headersAreDamaged { throw .unreadableHeaders }
                encoder.beginMessage(
                    id: head.id, attempt: record.attempt, redelivered: record.redelivered,
                    place: unsafe place(of: record, in: head.partition, fields), into: &connection.outbound)
                try unsafe write(fields, to: connection)
                try encoder.endMessage(into: &connection.outbound)
            }
            return nil
        } catch {
            encoder.abandon(into: &connection.outbound)
            return error
        }
    }

    /// Writes as many of the delivery's records as have an encoding and fit the frame, at least one.
    ///
    /// What records have in common is written once. As a rule that is all that can be: so the first record's is taken for
    /// everybody's, and only where that was wrong the frame is written again.
    private func encodeBatch(_ key: DeliveryKey, _ head: DeliveryHead, to connection: WorkerConnection) -> Encoding {
        let encoding = encodeBatch(key, head, sharing: true, to: connection)
        return encoding.isMixed ? encodeBatch(key, head, sharing: false, to: connection) : encoding
    }

    private func encodeBatch(
        _ key: DeliveryKey, _ head: DeliveryHead, sharing: Bool, to connection: WorkerConnection
    ) -> Encoding {
        var encoding = Encoding()
        let partition = topics.place(of: head.partition, in: consumer.partitions)
        var shared = SharedMembers(
            topic: partition.topic, partition: partition.partition, attempt: nil, timestampType: nil)
        machine.forEachRecord(of: key) { index, record in
            do throws(EncodingFailure) {
                try unsafe consumer.records.withFields(record.slot) { fields throws(EncodingFailure) in
                    let place = unsafe place(of: record, in: head.partition, fields)
                    if index == 0 {
                        if sharing { (shared.attempt, shared.timestampType) = (record.attempt, place.timestampType) }
                        encoder.beginBatch(id: head.id, shared: shared, into: &connection.outbound)
                    } else if sharing, shared.attempt != record.attempt || shared.timestampType != place.timestampType {
                        encoding.isMixed = true
                        return
                    }
                    if unsafe fields.headersAreDamaged { throw .unreadableHeaders }
                    encoder.beginRecord(
                        attempt: record.attempt, redelivered: record.redelivered, place: place,
                        into: &connection.outbound)
                    try unsafe write(fields, to: connection)
                    try encoder.endRecord(into: &connection.outbound)
                }
            } catch {
                // The machine learns that the rest was not sent; a record without an encoding then comes first, and stops.
                if index == 0 { encoding.failure = error }
                return false
            }
            if encoding.isMixed { return false }
            encoding.count = index + 1
            return true
        }
        if encoding.isMixed || encoding.count == 0 {
            encoder.abandon(into: &connection.outbound)
            return encoding
        }
        do {
            try encoder.endBatch(into: &connection.outbound)
        } catch {
            encoding.failure = error
        }
        return encoding
    }

    private func place(
        of record: DeliveredRecord, in partition: PartitionIndex, _ fields: RecordFields
    ) -> RecordPlace {
        let place = topics.place(of: partition, in: consumer.partitions)
        let type: HandlerProtocol.TimestampType =
            switch unsafe fields.timestampType {
            case .none: .none
            case .create: .create
            case .append: .append
            }
        return RecordPlace(
            topic: place.topic, partition: place.partition, offset: record.offset, timestamp: unsafe fields.timestamp,
            timestampType: type)
    }

    private func write(_ fields: RecordFields, to connection: WorkerConnection) throws(EncodingFailure) {
        if let key = unsafe fields.key {
            try encoder.key(unsafe Span(_unsafeBytes: key), into: &connection.outbound)
        } else {
            try encoder.key(nil, into: &connection.outbound)
        }
        if let value = unsafe fields.value {
            try encoder.value(unsafe Span(_unsafeBytes: value), into: &connection.outbound)
        } else {
            try encoder.value(nil, into: &connection.outbound)
        }
        for position in unsafe 0..<fields.headerCount {
            let header = unsafe fields.header(at: position)
            let name = unsafe Span<UInt8>(_unsafeBytes: header.name)
            if let value = unsafe header.value {
                try encoder.header(
                    name: name, value: unsafe Span(_unsafeBytes: value), into: &connection.outbound)
            } else {
                try encoder.header(name: name, value: nil, into: &connection.outbound)
            }
        }
    }
}
