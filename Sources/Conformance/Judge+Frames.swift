import HandlerProtocol

/// What the handler writes.
extension Judge {
    /// Takes bytes that were read, in any pieces.
    package mutating func read(_ bytes: [UInt8], now: Int64) {
        lastNow = now
        bytesRead += bytes.count
        guard !isBroken else { return }
        raw += bytes
        reader.append(bytes.span)
        while !isBroken, takeFrame() {}
    }

    /// A frame was begun, and not completed within the frame time-out.
    package mutating func frameStuck(milliseconds: Int64) {
        guard isInsideFrame else { return }
        isBroken = true
        note(.frame(.handler, raw))
        if reportWrongLength() { return }
        find(
            "F7", "a frame was begun and not completed within \(milliseconds) ms: \(reader.describePartial())",
            expected: "the whole frame at once: write length and body together, and flush")
    }

    /// The handler closed its output, or ended.
    package mutating func outputEnded() {
        guard isInsideFrame else { return }
        isBroken = true
        note(.frame(.handler, raw))
        if reportWrongLength() { return }
        // A crash may cut a frame; that is no fault of its own.
        guard case .exited? = exit else { return }
        find(
            "F6", "the handler ended within a frame: \(reader.describePartial())",
            expected: "frames that are whole: write all of it, also where write() takes a part only, and flush")
    }

    /// Takes the next complete frame, if there is one.
    private mutating func takeFrame() -> Bool {
        var body: [UInt8] = []
        var conversation = conversation
        do throws(ProtocolError) {
            let frame = try reader.next { bytes throws(ProtocolError) in
                body.reserveCapacity(bytes.count)
                for index in bytes.indices { body.append(bytes[index]) }
                return try conversation.receive(bytes)
            }
            self.conversation = conversation
            guard let frame else { return false }
            note(.frame(.handler, body))
            dropRaw(body.count)
            framesRead += 1
            take(frame, body)
        } catch {
            isBroken = true
            if body.isEmpty {
                note(.frame(.handler, raw))
                reportUnframed(error)
            } else {
                note(.frame(.handler, body))
                reportBody(error, body)
            }
        }
        return true
    }

    /// Forgets the bytes of a frame that is understood.
    private mutating func dropRaw(_ count: Int) {
        switch framing {
        case .length: raw.removeFirst(min(raw.count, count + 4))
        case .lines:
            // Empty lines may stand before it.
            var end = 0
            while end < raw.count, raw[end] == 0x0A || raw[end] == 0x0D { end += 1 }
            while end < raw.count, raw[end] != 0x0A { end += 1 }
            raw.removeFirst(min(raw.count, end + 1))
        }
    }

    // MARK: What is no frame

    /// No length, or a line that is too long.
    private mutating func reportUnframed(_ error: ProtocolError) {
        guard error.rule == .frameLength else {
            return find(
                error.rule.rawValue, error.message,
                expected: "frames of at most \(maxFrameBytes) bytes, as \"hello\" says")
        }
        let start = raw.prefix(64)
        let isText = start.prefix(4).allSatisfy {
            ($0 >= 0x20 && $0 != 0x7F) || (0x09...0x0D).contains($0) || $0 == 0x1B
        }
        if isText, start.first != UInt8(ascii: "{") || contains(raw, RecordSource.mark) {
            return reportPrinted(error.message)
        }
        find(
            "F2", error.message,
            expected: "4 bytes, big-endian, that tell the length of the body in bytes: 1 to \(maxFrameBytes)")
    }

    /// Something is printed to the protocol's descriptor: a record's data, or anything else.
    private mutating func reportPrinted(_ message: String) {
        let remedy =
            "nothing but frames there: keep a private copy of descriptor 1 for the protocol and point descriptor 1 at "
            + "descriptor 2 before anything else runs, or use --protocol-fd 3"
        if contains(raw, RecordSource.mark) {
            find("S1", "data of a record is printed to the protocol's descriptor: \(message)", expected: remedy)
        } else {
            find("F5", message, expected: remedy)
        }
    }

    /// A frame that says something wrong, or nothing.
    private mutating func reportBody(_ error: ProtocolError, _ body: [UInt8]) {
        exercise("F1", "F5", "J1")
        if error.rule == .unknownType, contains(body, RecordSource.mark) { return reportPrinted(error.message) }
        guard error.rule == .notOneObject else {
            return find(error.rule.rawValue, error.message, expected: Remedies.expected(error.rule.rawValue))
        }
        if framing == .length {
            if reportWrongLength() { return }
        } else {
            let first = body.first { $0 != 0x20 && $0 != 0x09 } ?? 0
            if let end = ObjectEnd.find(in: raw), end > body.count {
                return find(
                    "F9", "a frame goes over several lines",
                    expected: "one compact object a line, then LF: no pretty-printing")
            }
            let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || JSONDocument.isValid(body.span)
            if !isJSON, first != 0xEF, first >= 0x20 { return reportPrinted(error.message) }
        }
        if ObjectEnd.looksMixed(body) {
            return find(
                "F6", "two frames are mixed: \(error.message)",
                expected: "one writer: one thread writes all frames, or a lock is held around length, body and flush")
        }
        find("J1", error.message, expected: Remedies.expected("J1"))
    }

    /// Whether the JSON in the bytes ends elsewhere than the length says; then it is reported.
    private mutating func reportWrongLength() -> Bool {
        guard framing == .length, raw.count > 4 else { return false }
        let length = raw.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let rest = Array(raw.dropFirst(4))
        guard let end = ObjectEnd.find(in: rest), end != length, !ObjectEnd.looksMixed(Array(rest.prefix(end))) else {
            return false
        }
        find(
            "F1", "a frame's length is \(length), and its JSON ends after \(end) bytes",
            expected: "the length of the body in bytes of UTF-8: not in characters, and without the 4 bytes before it")
        return true
    }

    func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains { start in
            bytes[start] == wanted[0] && bytes[start..<(start + wanted.count)].elementsEqual(wanted)
        }
    }
}

/// Where an object ends in bytes that need not be right otherwise.
enum ObjectEnd {
    /// Bytes up to the end of the object that they begin with; nil where it does not end, or there is none.
    static func find(in bytes: [UInt8]) -> Int? {
        guard bytes.first == UInt8(ascii: "{") else { return nil }
        var depth = 0
        var isInString = false
        var place = 0
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\\") where isInString: place += 1
            case UInt8(ascii: "\""): isInString.toggle()
            case UInt8(ascii: "{") where !isInString: depth += 1
            case UInt8(ascii: "}") where !isInString:
                depth -= 1
                if depth == 0 { return place + 1 }
            default: break
            }
            place += 1
        }
        return nil
    }

    /// Whether a second frame seems to begin before the first one ends.
    static func looksMixed(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes.prefix(4_096), as: UTF8.self)
        return text.ranges(of: "\"type\"").count > 1
    }
}
