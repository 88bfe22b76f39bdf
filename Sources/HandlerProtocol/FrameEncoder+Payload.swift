extension FrameEncoder {
    /// Writes the record's key; nil is a record without a key. Where the bytes do not fit the fixed form, the frame (in a
    /// batch: this record alone) is taken back and the failure thrown.
    package mutating func key(_ bytes: Span<UInt8>?, into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        try payload(bytes, .key, form: keyForm, into: &buffer)
    }

    /// Writes the record's value, after the key; nil is a tombstone. Fails as `key` does.
    package mutating func value(_ bytes: Span<UInt8>?, into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        try payload(bytes, .value, form: valueForm, into: &buffer)
    }

    /// Writes the record's next header, after the value; a nil value is a header without one. Names and values are text
    /// where they are valid UTF-8, else base64, whatever the forms of key and value are.
    package mutating func header(
        name: Span<UInt8>, value: Span<UInt8>?, into buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        buffer.append(headerCount == 0 ? ",\"headers\":[" : ",")
        headerCount &+= 1
        try payload(name, .headerName, form: .auto, into: &buffer)
        try payload(value, .value, form: .auto, into: &buffer)
        buffer.append(UInt8(ascii: "}"))
        if writesMeta { meta.take(name: name, value: value) }
    }

    private mutating func payload(
        _ bytes: Span<UInt8>?, _ names: PayloadNames, form: PayloadForm, into buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        assert(state == .message || state == .record, "no record was begun")
        guard let bytes else {
            buffer.append(names.null)
            return
        }
        switch form {
        case .auto:
            let mark = buffer.pendingCount
            if writeText(bytes, names, into: &buffer) { return }
            buffer.truncate(toPending: mark)
            writeBase64(bytes, names, into: &buffer)
        case .text:
            if writeText(bytes, names, into: &buffer) { return }
            takeBackRecord(in: &buffer)
            throw .notUTF8(member: names.member)
        case .base64:
            writeBase64(bytes, names, into: &buffer)
        case .json:
            do throws(JSONFault) {
                try JSONScanner.validateDocument(bytes)
            } catch {
                takeBackRecord(in: &buffer)
                throw .invalidJSON(member: names.member, atByte: error.atByte, reason: error.reason)
            }
            buffer.append(names.json)
            writeJSON(bytes, into: &buffer)
        }
    }

    /// Answers false where `bytes` is not UTF-8; what was written before is then still in the buffer, after it a part of the text.
    private mutating func writeText(
        _ bytes: Span<UInt8>, _ names: PayloadNames, into buffer: inout OutboundBuffer
    ) -> Bool {
        buffer.append(names.text)
        var index = 0
        let lineEnds: LineEnds = framing == .lines ? .escaped : .kept
        var restIsKnown = false
        while index < bytes.count {
            if !buffer.appendEscapedPiece(of: bytes, from: &index, lineEnds: lineEnds) { return false }
            if bodyBytes(in: buffer) > maxFrameBytes, !restIsKnown {
                // Base64 may be shorter than the escaped text: nothing is dropped before the form is certain.
                if !UTF8Sequence.isWellFormed(bytes, from: index) { return false }
                restIsKnown = true
            }
            dropIfTooLarge(in: &buffer)
        }
        buffer.append(UInt8(ascii: "\""))
        return true
    }

    private mutating func writeBase64(
        _ bytes: Span<UInt8>, _ names: PayloadNames, into buffer: inout OutboundBuffer
    ) {
        buffer.append(names.base64)
        // A multiple of three: only the last piece is padded.
        let piece = 24 * 1024
        var index = 0
        while index < bytes.count {
            let stop = min(index &+ piece, bytes.count)
            buffer.appendBase64(bytes.extracting(index..<stop))
            index = stop
            dropIfTooLarge(in: &buffer)
        }
        buffer.append(UInt8(ascii: "\""))
    }

    /// Passes a validated document through. In a line, CR and LF can only stand between tokens, where a space means the
    /// same, and the other line ends only within strings, where an escape means the same.
    private mutating func writeJSON(_ bytes: Span<UInt8>, into buffer: inout OutboundBuffer) {
        var index = 0
        while index < bytes.count {
            let stop = min(index &+ OutboundBuffer.largestPiece, bytes.count)
            switch framing {
            case .length:
                buffer.append(bytes.extracting(index..<stop))
                index = stop
            case .lines:
                buffer.appendJSONOnOneLine(bytes, from: &index, to: stop)
            }
            dropIfTooLarge(in: &buffer)
        }
    }

    /// Keeps memory bounded while a record that cannot fit is measured: its bytes are dropped and only counted.
    mutating func dropIfTooLarge(in buffer: inout OutboundBuffer) {
        guard bodyBytes(in: buffer) > maxFrameBytes else { return }
        dropped &+= buffer.pendingCount &- recordStart
        buffer.truncate(toPending: recordStart)
    }

    private mutating func takeBackRecord(in buffer: inout OutboundBuffer) {
        if state == .message {
            abandon(into: &buffer)
        } else {
            buffer.truncate(toPending: recordStart)
            dropped = 0
            state = .batch
        }
    }
}

/// How a key, a value or a header's name begins in each form.
private struct PayloadNames {
    let member: String
    let text: String
    let base64: String
    let json: String
    let null: String

    static var key: PayloadNames {
        PayloadNames(
            member: "key", text: ",\"key\":\"", base64: ",\"key_base64\":\"", json: ",\"key_json\":",
            null: ",\"key\":null")
    }
    static var value: PayloadNames {
        PayloadNames(
            member: "value", text: ",\"value\":\"", base64: ",\"value_base64\":\"", json: ",\"value_json\":",
            null: ",\"value\":null")
    }
    /// The first member of a header: it has neither a JSON form nor null.
    static var headerName: PayloadNames {
        PayloadNames(member: "header", text: "{\"key\":\"", base64: "{\"key_base64\":\"", json: "", null: "")
    }
}

extension OutboundBuffer {
    fileprivate mutating func appendJSONOnOneLine(_ bytes: Span<UInt8>, from index: inout Int, to stop: Int) {
        write(room: (stop &- index) &* 3 &+ 6) { target, start in
            var at = start
            while index < stop {
                let byte = bytes[index]
                if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                    target[at] = UInt8(ascii: " ")
                } else if byte >= 0x80, let lineEnd = UTF8Sequence.unicodeLineEnd(in: bytes, at: index) {
                    at = writeUnicodeEscape(lineEnd, into: &target, at: at)
                    index &+= lineEnd == 0x85 ? 2 : 3
                    continue
                } else {
                    target[at] = byte
                }
                at &+= 1
                index &+= 1
            }
            return at
        }
    }
}
