import Configuration
import DeliveryCore
import HandlerProtocol
import Kafka
import Logging

extension Service {
    /// What is needed to write to a worker, lent out as a whole, because each access to a variable of a class pays for a check
    /// at run time that no other access overlaps: several times a record, it would cost more than the encoding.
    struct Pen {
        var encoder: FrameEncoder
        /// The worker's, while it is written to.
        var buffer = OutboundBuffer()
        var marks = WriteMarks()
        /// Those of the batch that is being written.
        var records: [DeliveredRecord] = []
        /// Those that are being written, where deliveries are messages.
        var messages: [OutgoingMessage] = []
        /// The partition whose name was looked up last.
        var partition: (index: PartitionIndex, name: QuotedPartition)?

        /// Takes the worker's buffer, or brings it back.
        mutating func exchange(with connection: WorkerConnection) {
            swap(&buffer, &connection.outbound)
            swap(&marks, &connection.marks)
        }
    }

    /// With so many bytes in a worker's buffer they are written while the rest of the turn's deliveries is being encoded: else
    /// the handler and this thread take turns, and neither keeps its core busy.
    private static let writesEarlyFrom = 32 << 10

    /// Encodes the deliveries that go to one worker one after the other in `actions`, from `start` on; answers how many
    /// actions that were. What does not fit is handed back to the machine.
    func sendRun(_ actions: [Action], from start: Int, to worker: WorkerIndex) -> Int {
        guard let connection = connections[worker.value], !connection.isBroken else { return 1 }
        let count = sendRun(actions, from: start, to: connection, &pen)
        tally?.handed(worker, through: connection.marks.lastAdded)
        timeline.pass(.firstDelivery, now: now, log: log)
        return count
    }

    private func sendRun(
        _ actions: [Action], from start: Int, to connection: WorkerConnection, _ pen: inout Pen
    ) -> Int {
        pen.exchange(with: connection)
        let worker = connection.index
        var index = start
        while index < actions.count, case .send(let key, worker) = actions[index] {
            if plan.policy.isBatch {
                sendBatch(key, to: connection, &pen)
                index += 1
                flushEarly(connection, &pen)
            } else {
                index += sendMessages(actions, from: index, to: connection, &pen)
            }
        }
        pen.exchange(with: connection)
        return index - start
    }

    @inline(__always)
    private func flushEarly(_ connection: WorkerConnection, _ pen: inout Pen) {
        guard pen.buffer.pendingCount >= Service.writesEarlyFrom, !connection.awaitsInput else { return }
        pen.exchange(with: connection)
        flush(connection)
        pen.exchange(with: connection)
    }

    /// Encodes the messages that stand together in `actions`; answers how many actions are done with.
    private func sendMessages(
        _ actions: [Action], from start: Int, to connection: WorkerConnection, _ pen: inout Pen
    ) -> Int {
        var messages: [OutgoingMessage] = []
        swap(&messages, &pen.messages)
        defer { swap(&messages, &pen.messages) }
        let count = machine.collectMessages(actions, from: start, to: connection.index, into: &messages)
        for message in messages where pen.marks.lastAdded < message.id {
            let failure = message.record.flatMap { encodeMessage(message, $0, &pen) }
            if failure != nil || message.record == nil {
                // Without a record its partition was lost since the machine decided, in the same turn: it is cancelled already.
                refuse(message.key, failure)
                // That may have changed what was looked up.
                return message.place + 1 - start
            }
            pen.marks.add(id: message.id, end: pen.buffer.totalAppended)
            flushEarly(connection, &pen)
        }
        return count
    }

    private func sendBatch(_ key: DeliveryKey, to connection: WorkerConnection, _ pen: inout Pen) {
        guard let head = machine.head(of: key, for: connection.index), pen.marks.lastAdded < head.id else { return }
        let encoding = encodeBatch(key, head, &pen)
        if encoding.failure != nil || encoding.count == 0 {
            // Without a record its partition was lost since the machine decided, in the same turn: it is cancelled already.
            refuse(key, encoding.failure)
            return
        }
        if encoding.count < head.count {
            machine.shorten(key, to: encoding.count, now: now, actions: &self.actions)
        }
        pen.marks.add(id: head.id, end: pen.buffer.totalAppended)
    }

    private static var nothing: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: nil, count: 0) }

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
        _ message: OutgoingMessage, _ record: DeliveredRecord, _ pen: inout Pen
    ) -> EncodingFailure? {
        let partition = name(of: message.partition, &pen)
        let fields = unsafe store.fields(record.slot)
        let position = unsafe position(of: record, fields)
        do throws(EncodingFailure) {
            if unsafe fields.headersAreDamaged { throw .unreadableHeaders }
            if unsafe fields.headerCount > 0 {
                pen.encoder.beginMessage(
                    id: message.id, attempt: record.attempt, redelivered: record.redelivered,
                    place: RecordPlace(partition, at: position), into: &pen.buffer)
                try unsafe write(fields, &pen)
                try pen.encoder.endMessage(into: &pen.buffer)
                return nil
            }
            let (keyBytes, valueBytes) = unsafe (fields.key ?? Service.nothing, fields.value ?? Service.nothing)
            let key = unsafe Span<UInt8>(_unsafeBytes: keyBytes)
            let value = unsafe Span<UInt8>(_unsafeBytes: valueBytes)
            try pen.encoder.message(
                id: message.id, attempt: record.attempt, redelivered: record.redelivered, partition: partition,
                position: position, key: unsafe fields.key == nil ? nil : key,
                value: unsafe fields.value == nil ? nil : value, into: &pen.buffer)
            return nil
        } catch {
            pen.encoder.abandon(into: &pen.buffer)
            return error
        }
    }

    @inline(__always)
    private func name(of partition: PartitionIndex, _ pen: inout Pen) -> QuotedPartition {
        if let known = pen.partition, known.index == partition { return known.name }
        let name = topics.partition(partition, in: partitionTable)
        pen.partition = (partition, name)
        return name
    }

    /// Writes as many of the delivery's records as have an encoding and fit the frame, at least one.
    ///
    /// What records have in common is written once. As a rule that is all that can be: so the first record's is taken for
    /// everybody's, and only where that was wrong the frame is written again.
    private func encodeBatch(_ key: DeliveryKey, _ head: DeliveryHead, _ pen: inout Pen) -> Encoding {
        let encoding = encodeBatch(key, head, sharing: true, &pen)
        return encoding.isMixed ? encodeBatch(key, head, sharing: false, &pen) : encoding
    }

    private func encodeBatch(
        _ key: DeliveryKey, _ head: DeliveryHead, sharing: Bool, _ pen: inout Pen
    ) -> Encoding {
        machine.collectRecords(of: key, into: &pen.records)
        var encoding = Encoding()
        guard let first = pen.records.first else { return encoding }
        let partition = name(of: head.partition, &pen)
        var shared = SharedMembers(topic: partition.topic, partition: partition.partition)
        if sharing {
            shared.attempt = first.attempt
            shared.timestampType = unsafe position(of: first, store.fields(first.slot)).timestampType
        }
        pen.encoder.beginBatch(id: head.id, shared: shared, into: &pen.buffer)
        do throws(EncodingFailure) {
            while encoding.count < pen.records.count, !encoding.isMixed {
                encoding.isMixed = try !encodeRecord(pen.records[encoding.count], partition, shared, sharing, &pen)
                encoding.count += 1
            }
        } catch {
            // The machine learns that the rest was not sent; a record without an encoding then comes first, and stops.
            if encoding.count == 0 { encoding.failure = error }
        }
        if encoding.isMixed || encoding.count == 0 {
            pen.encoder.abandon(into: &pen.buffer)
            return encoding
        }
        do {
            try pen.encoder.endBatch(into: &pen.buffer)
        } catch {
            encoding.failure = error
        }
        return encoding
    }

    /// Writes the next record of a batch; false, having written nothing, where it does not have what is shared.
    @inline(__always)
    private func encodeRecord(
        _ record: DeliveredRecord, _ partition: QuotedPartition, _ shared: SharedMembers, _ sharing: Bool,
        _ pen: inout Pen
    ) throws(EncodingFailure) -> Bool {
        let fields = unsafe store.fields(record.slot)
        let position = unsafe position(of: record, fields)
        if sharing, shared.attempt != record.attempt || shared.timestampType != position.timestampType { return false }
        if unsafe fields.headersAreDamaged { throw .unreadableHeaders }
        if unsafe fields.headerCount > 0 {
            pen.encoder.beginRecord(
                attempt: record.attempt, redelivered: record.redelivered,
                place: RecordPlace(partition, at: position), into: &pen.buffer)
            try unsafe write(fields, &pen)
            try pen.encoder.endRecord(into: &pen.buffer)
            return true
        }
        let (keyBytes, valueBytes) = unsafe (fields.key ?? Service.nothing, fields.value ?? Service.nothing)
        let key = unsafe Span<UInt8>(_unsafeBytes: keyBytes)
        let value = unsafe Span<UInt8>(_unsafeBytes: valueBytes)
        try pen.encoder.record(
            attempt: record.attempt, redelivered: record.redelivered, partition: partition, position: position,
            key: unsafe fields.key == nil ? nil : key, value: unsafe fields.value == nil ? nil : value,
            into: &pen.buffer)
        return true
    }

    private func position(of record: DeliveredRecord, _ fields: RecordFields) -> RecordPosition {
        unsafe position(record.offset, fields)
    }

    @inline(__always)
    func position(_ offset: Int64, _ fields: RecordFields) -> RecordPosition {
        let type: HandlerProtocol.TimestampType =
            switch unsafe fields.timestampType {
            case .none: .none
            case .create: .create
            case .append: .append
            }
        return RecordPosition(offset: offset, timestamp: unsafe fields.timestamp, timestampType: type)
    }

    private func write(_ fields: RecordFields, _ pen: inout Pen) throws(EncodingFailure) {
        if let key = unsafe fields.key {
            try pen.encoder.key(unsafe Span(_unsafeBytes: key), into: &pen.buffer)
        } else {
            try pen.encoder.key(nil, into: &pen.buffer)
        }
        if let value = unsafe fields.value {
            try pen.encoder.value(unsafe Span(_unsafeBytes: value), into: &pen.buffer)
        } else {
            try pen.encoder.value(nil, into: &pen.buffer)
        }
        for position in unsafe 0..<fields.headerCount {
            let header = unsafe fields.header(at: position)
            let name = unsafe Span<UInt8>(_unsafeBytes: header.name)
            if let value = unsafe header.value {
                try pen.encoder.header(
                    name: name, value: unsafe Span(_unsafeBytes: value), into: &pen.buffer)
            } else {
                try pen.encoder.header(name: name, value: nil, into: &pen.buffer)
            }
        }
    }
}
