import Configuration
import DeliveryCore
import HandlerProtocol
import Kafka
import Logging

extension Service {
    /// Encodes a delivery into the worker's buffer. What does not fit is handed back to the machine.
    func send(_ key: DeliveryKey, to worker: WorkerIndex) {
        guard let connection = connections[worker.value], !connection.isBroken else { return }
        let delivery = machine.delivery(key)
        // A handler that answers what it was not asked yet has ended the delivery: its place may be another's.
        guard delivery.worker == worker, machine.outstandingDelivery(worker, id: delivery.id) == delivery,
            connection.marks.lastAdded < delivery.id
        else { return }
        // Its partition may have been lost since the machine decided, in the same turn: then it is cancelled already.
        guard machine.record(0, of: delivery) != nil else {
            machine.refuse(key, now: now, actions: &actions)
            return
        }
        let failure =
            plan.policy.isBatch
            ? sendBatch(delivery, key, to: connection) : sendMessage(delivery, to: connection)
        if let failure {
            refuse(delivery, key, failure)
            return
        }
        connection.marks.add(id: delivery.id, end: connection.outbound.totalAppended)
        timeline.pass(.firstDelivery, now: now, log: log)
    }

    private func refuse(_ delivery: Delivery, _ key: DeliveryKey, _ failure: EncodingFailure) {
        if let record = machine.record(0, of: delivery) {
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

    private func sendMessage(_ delivery: Delivery, to connection: WorkerConnection) -> EncodingFailure? {
        guard let record = machine.record(0, of: delivery) else { return nil }
        do {
            try unsafe consumer.records.withFields(record.slot) { fields throws(EncodingFailure) in
                if unsafe fields.headersAreDamaged { throw .unreadableHeaders }
                encoder.beginMessage(
                    id: delivery.id, attempt: record.attempt, redelivered: record.redelivered,
                    place: unsafe recordPlace(delivery, record, fields), into: &connection.outbound)
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
    private func sendBatch(_ delivery: Delivery, _ key: DeliveryKey, to connection: WorkerConnection)
        -> EncodingFailure?
    {
        let shared = sharedMembers(delivery)
        encoder.beginBatch(id: delivery.id, shared: shared, into: &connection.outbound)
        for index in 0..<delivery.count {
            guard let record = machine.record(index, of: delivery) else { continue }
            do {
                try unsafe consumer.records.withFields(record.slot) { fields throws(EncodingFailure) in
                    if unsafe fields.headersAreDamaged { throw .unreadableHeaders }
                    encoder.beginRecord(
                        attempt: record.attempt, redelivered: record.redelivered,
                        place: unsafe recordPlace(delivery, record, fields), into: &connection.outbound)
                    try unsafe write(fields, to: connection)
                    try encoder.endRecord(into: &connection.outbound)
                }
            } catch {
                guard index > 0 else {
                    encoder.abandon(into: &connection.outbound)
                    return error
                }
                // The machine learns that the rest was not sent; a record without an encoding then comes first, and stops.
                machine.shorten(key, to: index, now: now, actions: &actions)
                break
            }
        }
        do {
            try encoder.endBatch(into: &connection.outbound)
            return nil
        } catch {
            return error
        }
    }

    private func recordPlace(_ delivery: Delivery, _ record: DeliveredRecord, _ fields: RecordFields) -> RecordPlace {
        let place = topics.place(of: delivery.partition, in: consumer.partitions)
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

    /// What all records of the batch have in common is written once.
    private func sharedMembers(_ delivery: Delivery) -> SharedMembers {
        let place = topics.place(of: delivery.partition, in: consumer.partitions)
        var attempt: Int?
        var type: Kafka.TimestampType?
        var sameAttempt = true
        var sameType = true
        for index in 0..<delivery.count {
            guard let record = machine.record(index, of: delivery) else { continue }
            sameAttempt = sameAttempt && attempt ?? record.attempt == record.attempt
            attempt = record.attempt
            let recordType = unsafe consumer.records.withFields(record.slot) { unsafe $0.timestampType }
            sameType = sameType && type ?? recordType == recordType
            type = recordType
        }
        let shared: HandlerProtocol.TimestampType? =
            switch sameType ? type : nil {
            case .none?: HandlerProtocol.TimestampType.none
            case .create?: .create
            case .append?: .append
            case nil: nil
            }
        return SharedMembers(
            topic: place.topic, partition: place.partition, attempt: sameAttempt ? attempt : nil, timestampType: shared)
    }
}
