/// Writes the bridge's frames into a worker's buffer. The order of members is fixed: it is what `protocol.md` shows.
///
/// One record frame is written by a fixed sequence of calls: `beginMessage`, `key`, `value`, `header` for each header,
/// `endMessage`; a batch is `beginBatch`, then for each record `beginRecord`, `key`, `value`, `header`..., `endRecord`,
/// then `endBatch`. All calls of a frame name the same buffer, and nothing is consumed from it in between. Bytes are copied
/// straight into the buffer: in steady state nothing is allocated. Used on the service's thread alone; one encoder can
/// serve all workers of a service, one frame after the other.
package struct FrameEncoder {
    enum State { case idle, message, batch, record }

    /// How frames are told apart.
    package let framing: Framing
    /// Bytes of a frame's body at most, without the length and without the line's end.
    package let maxFrameBytes: Int
    let keyForm: PayloadForm
    let valueForm: PayloadForm
    /// Whether each record also has its headers as the object `meta`.
    let writesMeta: Bool

    let words = FrameWords()

    var state = State.idle
    var shared = SharedMembers()
    /// Whether the batch says all of its records' topic, partition, attempt and timestamp type.
    var sharesAll = false
    /// What was written for the last timestamp: the next one is often the same.
    var lastTimestamp = TimestampText(0)
    /// Pending bytes of the buffer at which the frame, or the record within the batch, begins.
    var frameStart = 0
    var recordStart = 0
    /// Bytes that were taken back because the frame is too large already: they count for the size told in the error.
    var dropped = 0
    var recordCount = 0
    var headerCount = 0
    /// The headers of the record that is being written; stays empty where `meta` is not written.
    var meta = HeaderMap()

    /// An encoder for workers that were told this framing and this limit (bytes; see `Framing.largestFrameLimit`).
    /// `writesMeta` adds the member `meta` to each record (protocol.md, section 6).
    package init(
        framing: Framing, maxFrameBytes: Int, keyForm: PayloadForm, valueForm: PayloadForm, writesMeta: Bool = false
    ) {
        self.framing = framing
        self.maxFrameBytes = maxFrameBytes
        self.keyForm = keyForm
        self.valueForm = valueForm
        self.writesMeta = writesMeta
    }

    /// Begins the frame of one record. `id` grows by 1 for each delivery of a worker, `attempt` counts from 1.
    package mutating func beginMessage(
        id: UInt64, attempt: Int, redelivered: Bool, place: RecordPlace, into buffer: inout OutboundBuffer
    ) {
        assert(state == .idle, "the frame before was not ended")
        openFrame(into: &buffer)
        state = .message
        recordStart = frameStart
        shared = SharedMembers()
        buffer.append(words.message)
        buffer.appendInteger(Int64(clamping: id))
        writePlace(attempt: attempt, redelivered: redelivered, place, separator: UInt8(ascii: ","), into: &buffer)
    }

    /// Begins an object that tells of a record and of no delivery, as `RecordLine` reads it: a `message` without `type`, `id` and
    /// `attempt`. It is ended by `endMessage`; with the framing `lines` it is a line of a JSON-lines file.
    package mutating func beginRecordLine(place: RecordPlace, into buffer: inout OutboundBuffer) {
        assert(state == .idle, "the frame before was not ended")
        openFrame(into: &buffer)
        state = .message
        recordStart = frameStart
        shared = SharedMembers(attempt: 1)
        writePlace(attempt: 1, redelivered: false, place, separator: UInt8(ascii: "{"), into: &buffer)
    }

    /// Begins a frame of several records, which inherit the members in `shared`.
    package mutating func beginBatch(id: UInt64, shared: SharedMembers, into buffer: inout OutboundBuffer) {
        assert(state == .idle, "the frame before was not ended")
        openFrame(into: &buffer)
        state = .batch
        self.shared = shared
        sharesAll =
            shared.topic != nil && shared.partition != nil && shared.attempt != nil && shared.timestampType != nil
        recordCount = 0
        buffer.append("{\"type\":\"batch\",\"id\":")
        buffer.appendInteger(Int64(clamping: id))
        if let topic = shared.topic {
            buffer.append(",\"topic\":")
            buffer.append(topic.json.span)
        }
        if let partition = shared.partition {
            buffer.append(",\"partition\":")
            buffer.appendInteger(Int64(partition))
        }
        if let attempt = shared.attempt {
            buffer.append(",\"attempt\":")
            buffer.appendInteger(Int64(attempt))
        }
        if let timestampType = shared.timestampType { buffer.append(words[timestampType]) }
        buffer.append(",\"messages\":[")
    }

    /// Begins the next record of a batch; members that the batch shares are not written again.
    package mutating func beginRecord(
        attempt: Int, redelivered: Bool, place: RecordPlace, into buffer: inout OutboundBuffer
    ) {
        assert(state == .batch, "a record outside of a batch, or the record before was not ended")
        state = .record
        recordStart = buffer.pendingCount
        dropped = 0
        headerCount = 0
        meta.removeAll()
        if recordCount > 0 { buffer.append(UInt8(ascii: ",")) }
        writePlace(attempt: attempt, redelivered: redelivered, place, separator: UInt8(ascii: "{"), into: &buffer)
    }

    /// Ends the record and answers how many records the frame holds now. A record with which the frame would be too large
    /// is taken back alone: the batch can then be ended without it, or, where it holds nothing else, abandoned.
    @discardableResult
    package mutating func endRecord(into buffer: inout OutboundBuffer) throws(EncodingFailure) -> Int {
        assert(state == .record, "no record was begun")
        closeHeaders(into: &buffer)
        buffer.append(UInt8(ascii: "}"))
        return try closeRecord(in: &buffer)
    }

    /// The record is whole: counts it, or takes it back.
    @inline(__always)
    mutating func closeRecord(in buffer: inout OutboundBuffer) throws(EncodingFailure) -> Int {
        state = .batch
        // The two bytes are the end of the list and of the frame, which must fit too.
        let size = bodyBytes(in: buffer) &+ 2
        if size > maxFrameBytes {
            buffer.truncate(toPending: recordStart)
            dropped = 0
            throw .tooLarge(bytes: size, limit: maxFrameBytes)
        }
        recordCount &+= 1
        return recordCount
    }

    /// Ends a batch, which must hold a record. One that is too large is taken back (`endRecord` has seen to it that it is not).
    package mutating func endBatch(into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        assert(state == .batch && recordCount > 0, "a batch is never empty")
        buffer.append("]}")
        try closeFrame(into: &buffer)
    }

    /// Ends the frame of one record; one that is too large is taken back.
    package mutating func endMessage(into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        assert(state == .message, "no message was begun")
        closeHeaders(into: &buffer)
        buffer.append(UInt8(ascii: "}"))
        try closeFrame(into: &buffer)
    }

    /// Takes back the whole unfinished frame; does nothing where there is none.
    package mutating func abandon(into buffer: inout OutboundBuffer) {
        guard state != .idle else { return }
        buffer.truncate(toPending: frameStart)
        state = .idle
        dropped = 0
    }

    mutating func openFrame(into buffer: inout OutboundBuffer) {
        frameStart = buffer.pendingCount
        dropped = 0
        headerCount = 0
        meta.removeAll()
        if framing == .length { buffer.append(words.length) }
    }

    mutating func closeFrame(into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        let size = bodyBytes(in: buffer)
        if size > maxFrameBytes {
            abandon(into: &buffer)
            throw .tooLarge(bytes: size, limit: maxFrameBytes)
        }
        finishFrame(size: size, into: &buffer)
    }

    mutating func finishFrame(size: Int, into buffer: inout OutboundBuffer) {
        switch framing {
        case .length: buffer.patch(UInt32(truncatingIfNeeded: size), at: frameStart)
        case .lines: buffer.append(UInt8(ascii: "\n"))
        }
        state = .idle
    }

    /// Bytes of the body so far, those counted that were dropped.
    func bodyBytes(in buffer: OutboundBuffer) -> Int {
        buffer.pendingCount &- frameStart &- (framing == .length ? 4 : 0) &+ dropped
    }
}

extension FrameEncoder {
    private mutating func writePlace(
        attempt: Int, redelivered: Bool, _ place: borrowing RecordPlace, separator: UInt8,
        into buffer: inout OutboundBuffer
    ) {
        let topic = place.topic.json.span
        let partition = place.partition
        // Seven members, each a literal and a number at most.
        buffer.write(room: 7 &* 64 &+ topic.count) { target, start in
            var at = start
            if shared.attempt == nil {
                at = target.write(words.attempt, at: at)
                at = Decimal.write(Int64(attempt), into: &target, at: at)
            }
            if redelivered { at = target.write(words.redelivered, at: at) }
            if shared.topic == nil {
                at = target.write(words.topic, at: at)
                target.copy(topic, to: at)
                at &+= topic.count
            }
            if shared.partition == nil {
                at = target.write(words.partition, at: at)
                at = Decimal.write(Int64(partition), into: &target, at: at)
            }
            at = target.write(words.offset, at: at)
            at = Decimal.write(place.offset, into: &target, at: at)
            at = writeTimestamp(place.timestamp, into: &target, at: at)
            if shared.timestampType == nil { at = target.write(words[place.timestampType], at: at) }
            // Each member begins with a comma; the first one of an object has a brace in its place.
            target.put(separator, at: start)
            return at
        }
    }

    private mutating func closeHeaders(into buffer: inout OutboundBuffer) {
        if headerCount == 0 { buffer.append(words.noHeaders) } else { buffer.append(UInt8(ascii: "]")) }
        if writesMeta { writeMeta(into: &buffer) }
    }
}
