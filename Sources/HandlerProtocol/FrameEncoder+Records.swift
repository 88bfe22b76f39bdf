/// A topic's partition as record frames name it, made once for each partition and copied into each frame.
package struct QuotedPartition: Sendable {
    /// The topic, also alone.
    package let topic: QuotedTopic
    /// Counts from 0.
    package let partition: Int32
    /// `,"topic":...,"partition":N,"offset":`, filled up to whole blocks.
    let blocks: [TextBlock]
    let count: Int

    /// The partition of a topic.
    package init(topic: QuotedTopic, partition: Int32) {
        self.topic = topic
        self.partition = partition
        var text: [UInt8] = Array(",\"topic\":".utf8)
        text += topic.json
        text += Array(",\"partition\":\(partition),\"offset\":".utf8)
        count = text.count
        text += [UInt8](repeating: 0x20, count: (32 - text.count % 32) % 32)
        let bytes = text.span
        blocks = stride(from: 0, to: text.count, by: 32).map { bytes.block(at: $0) }
    }
}

/// Where in its partition a record stands, and when it was written.
package struct RecordPosition: Hashable, Sendable {
    /// The record's place in its partition.
    package var offset: Int64
    /// Milliseconds since 1970; nil where the record has no timestamp.
    package var timestamp: Int64?
    /// Where the timestamp comes from; without one it is written as "none" whatever this says.
    package var timestampType: TimestampType

    /// The position of one record.
    package init(offset: Int64, timestamp: Int64?, timestampType: TimestampType) {
        self.offset = offset
        self.timestamp = timestamp
        self.timestampType = timestamp == nil ? .none : timestampType
    }
}

// The private methods are mutating though they change nothing: the encoder would be copied for each call otherwise.

extension RecordPlace {
    /// The place of a record in a partition.
    package init(_ partition: QuotedPartition, at position: RecordPosition) {
        self.init(
            topic: partition.topic, partition: partition.partition, offset: position.offset,
            timestamp: position.timestamp, timestampType: position.timestampType)
    }
}

/// Records without headers in one call each. They are byte for byte what the calls one by one write; what is large, rare or
/// wrong takes that way.
extension FrameEncoder {
    /// Bytes of key and value of a record that is written in one go.
    private static var largestInOneGo: Int { 4096 }

    /// Writes a whole `message` frame of a record without headers. Where it cannot be written, nothing of it is left in
    /// the buffer and the failure is thrown.
    package mutating func message(
        id: UInt64, attempt: Int, redelivered: Bool, partition: borrowing QuotedPartition, position: RecordPosition,
        key: Span<UInt8>?, value: Span<UInt8>?, into buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        assert(state == .idle, "the frame before was not ended")
        let payloadBytes = (key?.count ?? 0) &+ (value?.count ?? 0)
        if payloadBytes <= Self.largestInOneGo, !writesMeta, framing == .length,
            mayGoInOneGo(key, keyForm), mayGoInOneGo(value, valueForm)
        {
            let room = 384 &+ partition.count &+ EscapedText.room(for: payloadBytes) &+ TextBlock.byteCount
            let before = buffer.pendingCount
            let blocks = partition.blocks.span
            let placeBytes = partition.count
            buffer.write(room: room) { target, start in
                var at = target.write(words.message, at: start &+ 4)
                at = Decimal.write(id, into: &target, at: at)
                at = target.write(words.attempt, at: at)
                at = Decimal.write(Int64(attempt), into: &target, at: at)
                if redelivered { at = target.write(words.redelivered, at: at) }
                for index in blocks.indices { target.store(blocks[index], at: at &+ index &* 32) }
                at &+= placeBytes
                at = Decimal.write(position.offset, into: &target, at: at)
                at = writeTimestamp(position.timestamp, into: &target, at: at)
                at = target.write(words[position.timestampType], at: at)
                at = writeKeyAndValue(key, value, into: &target, at: at)
                if at < 0 || at &- start &- 4 > maxFrameBytes { return start }
                target.putBigEndian(UInt32(truncatingIfNeeded: at &- start &- 4), at: start)
                return at
            }
            if buffer.pendingCount > before { return }
        }
        beginMessage(
            id: id, attempt: attempt, redelivered: redelivered, place: Self.place(partition, position), into: &buffer)
        try self.key(key, into: &buffer)
        try self.value(value, into: &buffer)
        try endMessage(into: &buffer)
    }

    /// Writes the next record of a batch, one without headers, whole, and answers how many the frame holds now. `partition` is
    /// that of the batch, where the batch names one. Fails as `key`, `value` and `endRecord` do.
    @discardableResult
    package mutating func record(
        attempt: Int, redelivered: Bool, partition: borrowing QuotedPartition, position: RecordPosition,
        key: Span<UInt8>?, value: Span<UInt8>?, into buffer: inout OutboundBuffer
    ) throws(EncodingFailure) -> Int {
        assert(state == .batch, "a record outside of a batch, or the record before was not ended")
        let payloadBytes = (key?.count ?? 0) &+ (value?.count ?? 0)
        if sharesAll, payloadBytes <= Self.largestInOneGo, !writesMeta, !redelivered,
            mayGoInOneGo(key, keyForm), mayGoInOneGo(value, valueForm)
        {
            recordStart = buffer.pendingCount
            dropped = 0
            let room = 256 &+ EscapedText.room(for: payloadBytes) &+ TextBlock.byteCount
            buffer.write(room: room) { target, start in
                var at = target.write(recordCount == 0 ? words.firstRecord : words.nextRecord, at: start)
                at = Decimal.write(position.offset, into: &target, at: at)
                at = writeTimestamp(position.timestamp, into: &target, at: at)
                at = writeKeyAndValue(key, value, into: &target, at: at)
                return at < 0 ? start : at
            }
            if buffer.pendingCount > recordStart { return try closeRecord(in: &buffer) }
        }
        beginRecord(attempt: attempt, redelivered: redelivered, place: Self.place(partition, position), into: &buffer)
        try self.key(key, into: &buffer)
        try self.value(value, into: &buffer)
        return try endRecord(into: &buffer)
    }

    private static func place(_ partition: borrowing QuotedPartition, _ position: RecordPosition) -> RecordPlace {
        RecordPlace(
            topic: partition.topic, partition: partition.partition, offset: position.offset,
            timestamp: position.timestamp, timestampType: position.timestampType)
    }

    /// Whether nothing but the bytes themselves can stand against writing them in one go.
    @inline(__always)
    private mutating func mayGoInOneGo(_ bytes: Span<UInt8>?, _ form: PayloadForm) -> Bool {
        guard let bytes else { return true }
        switch form {
        case .auto, .text: return true
        case .base64: return false
        case .json: return framing == .length && JSONDocument.isValid(bytes)
        }
    }

    /// Writes both members, the empty list of headers and the record's end. Answers where they end, or -1 where text is not
    /// UTF-8.
    @inline(__always)
    private mutating func writeKeyAndValue(
        _ key: Span<UInt8>?, _ value: Span<UInt8>?, into target: inout MutableRawSpan, at start: Int
    ) -> Int {
        var at = start
        if key == nil, let value, valueForm != .json {
            at = writeText(value, into: &target, at: target.write(words.nullKeyTextValue, at: at))
            return at < 0 ? -1 : target.write(words.endOfText, at: at)
        }
        at = writeMember(key, .key, form: keyForm, into: &target, at: at)
        if at < 0 { return -1 }
        at = writeMember(value, .value, form: valueForm, into: &target, at: at)
        return at < 0 ? -1 : target.write(words.endOfOther, at: at)
    }

    @inline(__always)
    private mutating func writeMember(
        _ bytes: Span<UInt8>?, _ member: PayloadMember, form: PayloadForm, into target: inout MutableRawSpan,
        at start: Int
    ) -> Int {
        guard let bytes else { return target.write(words[member].null, at: start) }
        if form == .json {
            let at = target.write(words[member].json, at: start)
            target.copy(bytes, to: at)
            return at &+ bytes.count
        }
        let at = writeText(bytes, into: &target, at: target.write(words[member].text, at: start))
        if at < 0 { return -1 }
        target.put(UInt8(ascii: "\""), at: at)
        return at &+ 1
    }

    /// Writes the inside of a JSON string; -1 where the bytes are not UTF-8.
    @inline(__always)
    private mutating func writeText(_ bytes: Span<UInt8>, into target: inout MutableRawSpan, at start: Int) -> Int {
        let plain = EscapedText.copyPlain(bytes, into: &target, at: start)
        if plain == bytes.count { return start &+ plain }
        let progress = EscapedText.write(
            bytes, EscapedText.Progress(next: plain, at: start &+ plain), to: bytes.count,
            framing == .lines ? .escaped : .kept, into: &target)
        return progress.isValid ? progress.at : -1
    }
}
