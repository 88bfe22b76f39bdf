/// The headers of one record as a map from name to value: of a repeated name the last value counts, in the place of the first.
///
/// Only text has a place in it: a header whose name or value is not UTF-8 is left out, and a later one of that kind also takes an
/// earlier one of its name away, so that the map never shows a value that the list `headers` has replaced.
struct HeaderMap {
    /// A header that is not taken back; the bytes are valid UTF-8.
    private struct Entry {
        var name: [UInt8]
        var value: [UInt8]?
        var isGone: Bool
    }

    private var entries: [Entry] = []
    private var places: [[UInt8]: Int] = [:]

    /// Forgets all headers; the room for their number is kept.
    mutating func removeAll() {
        guard !entries.isEmpty else { return }
        entries.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
    }

    /// Takes the next header; nil is a header without a value.
    mutating func take(name: Span<UInt8>, value: Span<UInt8>?) {
        guard UTF8Sequence.isWellFormed(name, from: 0) else { return }
        var isText = true
        if let value { isText = UTF8Sequence.isWellFormed(value, from: 0) }
        let key = copied(name)
        var copy: [UInt8]?
        if isText, let value { copy = copied(value) }
        let entry = Entry(name: key, value: copy, isGone: !isText)
        if let place = places[key] {
            entries[place] = entry
        } else {
            places[key] = entries.count
            entries.append(entry)
        }
    }

    /// Hands each header, in order, to `body`.
    func forEach(_ body: (_ name: [UInt8], _ value: [UInt8]?) -> Void) {
        for entry in entries where !entry.isGone { body(entry.name, entry.value) }
    }

    private func copied(_ span: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(span.count)
        for index in span.indices { bytes.append(span[index]) }
        return bytes
    }
}

extension FrameEncoder {
    /// Writes the member `meta`, after the headers.
    mutating func writeMeta(into buffer: inout OutboundBuffer) {
        // Taken out while it is read, since writing changes the encoder; put back for its memory.
        var headers = HeaderMap()
        swap(&headers, &meta)
        defer { swap(&headers, &meta) }
        var isFirst = true
        buffer.append(",\"meta\":{")
        headers.forEach { name, value in
            buffer.append(isFirst ? "\"" : ",\"")
            isFirst = false
            writeKnownText(name, into: &buffer)
            guard let value else { return buffer.append("\":null") }
            buffer.append("\":\"")
            writeKnownText(value, into: &buffer)
            buffer.append("\"")
        }
        buffer.append("}")
    }

    /// Writes the inside of a JSON string; `bytes` are known to be UTF-8.
    private mutating func writeKnownText(_ bytes: [UInt8], into buffer: inout OutboundBuffer) {
        let lineEnds: LineEnds = framing == .lines ? .escaped : .kept
        let span = bytes.span
        var index = 0
        while index < span.count {
            guard buffer.appendEscapedPiece(of: span, from: &index, lineEnds: lineEnds) else { return }
            dropIfTooLarge(in: &buffer)
        }
    }
}
