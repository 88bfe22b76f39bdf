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
        if headerCount == 0 { buffer.append(words.firstHeader) } else { buffer.append(UInt8(ascii: ",")) }
        headerCount &+= 1
        try payload(name, .headerName, form: .auto, into: &buffer)
        try payload(value, .value, form: .auto, into: &buffer)
        buffer.append(UInt8(ascii: "}"))
        if writesMeta { meta.take(name: name, value: value) }
    }

    private mutating func payload(
        _ bytes: Span<UInt8>?, _ member: PayloadMember, form: PayloadForm, into buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        assert(state == .message || state == .record, "no record was begun")
        guard let bytes else {
            buffer.append(words[member].null)
            return
        }
        switch form {
        case .auto:
            let mark = buffer.pendingCount
            if writeText(bytes, member, into: &buffer) { return }
            buffer.truncate(toPending: mark)
            writeBase64(bytes, member, into: &buffer)
        case .text:
            if writeText(bytes, member, into: &buffer) { return }
            takeBackRecord(in: &buffer)
            throw .notUTF8(member: "\(words[member].name)")
        case .base64:
            writeBase64(bytes, member, into: &buffer)
        case .json:
            if !JSONDocument.isValid(bytes) { try explainInvalid(bytes, member, in: &buffer) }
            buffer.append(words[member].json)
            writeJSON(bytes, into: &buffer)
        }
    }

    /// Throws what the scanner finds, which knows the place and the reason; what it takes for valid is.
    private mutating func explainInvalid(
        _ bytes: Span<UInt8>, _ member: PayloadMember, in buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        do throws(JSONFault) {
            try JSONScanner.validateDocument(bytes)
        } catch {
            takeBackRecord(in: &buffer)
            throw .invalidJSON(member: "\(words[member].name)", atByte: error.atByte, reason: error.reason)
        }
    }

    /// Answers false where `bytes` is not UTF-8; what was written before is then still in the buffer, after it a part of the text.
    private mutating func writeText(
        _ bytes: Span<UInt8>, _ member: PayloadMember, into buffer: inout OutboundBuffer
    ) -> Bool {
        buffer.append(words[member].text)
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
        _ bytes: Span<UInt8>, _ member: PayloadMember, into buffer: inout OutboundBuffer
    ) {
        buffer.append(words[member].base64)
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

extension OutboundBuffer {
    fileprivate mutating func appendJSONOnOneLine(_ bytes: Span<UInt8>, from index: inout Int, to stop: Int) {
        write(room: (stop &- index) &* 3 &+ 6 &+ TextBlock.byteCount) { target, start in
            var at = start
            while index < stop {
                while index &+ 32 <= stop {
                    // Quotes and backslashes need nothing here: only what is below 0x20 or above 0x7F stops the copying.
                    target.store(bytes.block(at: index), at: at)
                    if !bytes.isVisibleASCII(at: index) { break }
                    index &+= 32
                    at &+= 32
                }
                let pause = min(index &+ 32, stop)
                while index < pause {
                    let byte = bytes[index]
                    if byte >= 0x80, let lineEnd = UTF8Sequence.unicodeLineEnd(in: bytes, at: index) {
                        at = writeUnicodeEscape(lineEnd, into: &target, at: at)
                        index &+= lineEnd == 0x85 ? 2 : 3
                        continue
                    }
                    let isLineEnd = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
                    target.put(isLineEnd ? UInt8(ascii: " ") : byte, at: at)
                    at &+= 1
                    index &+= 1
                }
            }
            return at
        }
    }
}
