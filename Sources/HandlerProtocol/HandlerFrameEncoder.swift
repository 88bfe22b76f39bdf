import DeliveryCore

/// Writes a handler's frames into a buffer. The counterpart of `HandlerFrameDecoder`, and no part of the daemon's work.
///
/// A frame that would be larger than `max_frame_bytes` is taken back, and `EncodingFailure` says so. A value type; whoever
/// holds the buffer uses it.
package struct HandlerFrameEncoder: Sendable {
    /// How frames are told apart.
    package let framing: Framing
    /// Bytes of a body at most, as `hello` tells it.
    package var maxFrameBytes: Int
    /// The session that `ready` chose, repeated in every frame; nil where it was not chosen.
    package var session: String?

    /// An encoder for the framing that the environment names.
    package init(framing: Framing, maxFrameBytes: Int = Framing.largestFrameLimit, session: String? = nil) {
        self.framing = framing
        self.maxFrameBytes = maxFrameBytes
        self.session = session
    }

    /// Writes `ready`.
    package func ready(_ ready: Ready, into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        try frame("ready", into: &buffer) { buffer in
            buffer.member("protocol", Int64(ready.protocolVersion))
            buffer.member("name", ready.name)
            if !ready.features.isEmpty {
                buffer.name("features")
                buffer.append("[")
                for (index, feature) in ready.features.enumerated() {
                    if index > 0 { buffer.append(",") }
                    buffer.appendQuoted(feature)
                }
                buffer.append("]")
            }
            if ready.concurrency != 1 { buffer.member("concurrency", Int64(ready.concurrency)) }
            if let maxInFlight = ready.maxInFlight { buffer.member("max_in_flight", Int64(maxInFlight)) }
        }
    }

    /// Writes `init_error`.
    package func initError(_ error: String, into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        try frame("init_error", into: &buffer) { $0.member("error", error) }
    }

    /// Writes an `ack` of one delivery or of several: `id` or `ids`; `ids` is not empty.
    package func ack(_ ids: ArraySlice<UInt64>, into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        try frame("ack", into: &buffer) { buffer in
            if ids.count == 1, let id = ids.first { return buffer.member("id", Int64(clamping: id)) }
            buffer.name("ids")
            buffer.append("[")
            var isFirst = true
            for id in ids {
                if !isFirst { buffer.append(UInt8(ascii: ",")) }
                isFirst = false
                buffer.appendInteger(Int64(clamping: id))
            }
            buffer.append("]")
        }
    }

    /// Writes `nack`.
    package func nack(
        id: UInt64, _ detail: FailureDetail, into buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        try frame("nack", into: &buffer) { buffer in
            buffer.member("id", Int64(clamping: id))
            buffer.detail(detail)
        }
    }

    /// Writes `result`; each index stands once in `failed`.
    package func result(
        id: UInt64, failed: [RecordFailure], into buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        try frame("result", into: &buffer) { buffer in
            buffer.member("id", Int64(clamping: id))
            buffer.name("failed")
            buffer.append("[")
            for (place, failure) in failed.enumerated() {
                buffer.append(place > 0 ? ",{\"index\":" : "{\"index\":")
                buffer.appendInteger(Int64(failure.index))
                buffer.detail(failure.detail)
                buffer.append("}")
            }
            buffer.append("]")
        }
    }

    /// Writes `extend`.
    package func extend(
        id: UInt64, milliseconds: Int64, into buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        try frame("extend", into: &buffer) { buffer in
            buffer.member("id", Int64(clamping: id))
            buffer.member("ms", milliseconds)
        }
    }

    /// Writes `pause`; nil lasts until `resume`.
    package func pause(milliseconds: Int64?, into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        try frame("pause", into: &buffer) { buffer in
            if let milliseconds { buffer.member("ms", milliseconds) }
        }
    }

    /// Writes `resume`.
    package func resume(into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        try frame("resume", into: &buffer) { _ in }
    }

    /// Writes `pong`.
    package func pong(nonce: String, into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        try frame("pong", into: &buffer) { $0.member("nonce", nonce) }
    }

    /// Writes `log`; values of fields are strings. Of fields with the same name the last one counts (J2).
    package func log(_ log: LogFrame, into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        try frame("log", into: &buffer) { buffer in
            buffer.member("level", log.level.rawValue)
            buffer.member("message", log.message)
            if log.fields.isEmpty { return }
            buffer.texts("fields", log.fields.map { ($0.name, $0.value) })
        }
    }

    /// Writes `metric`.
    package func metric(_ metric: MetricFrame, into buffer: inout OutboundBuffer) throws(EncodingFailure) {
        try frame("metric", into: &buffer) { buffer in
            buffer.member("name", metric.name)
            buffer.member("kind", metric.kind.rawValue)
            buffer.name("value")
            // A finite number's description is JSON: "1.0", "1e+300", "-0.5".
            buffer.append("\(metric.value)")
            if !metric.labels.isEmpty { buffer.texts("labels", metric.labels.map { ($0.name, $0.value) }) }
        }
    }

    private func frame(
        _ type: String, into buffer: inout OutboundBuffer, _ members: (inout OutboundBuffer) -> Void
    ) throws(EncodingFailure) {
        let start = buffer.pendingCount
        if framing == .length { for _ in 0..<4 { buffer.append(0) } }
        buffer.append("{\"type\":\"")
        buffer.append(type)
        buffer.append("\"")
        members(&buffer)
        if let session { buffer.member("session", session) }
        buffer.append("}")
        let size = buffer.pendingCount - start - (framing == .length ? 4 : 0)
        if size > maxFrameBytes {
            buffer.truncate(toPending: start)
            throw .tooLarge(bytes: size, limit: maxFrameBytes)
        }
        if framing == .length { buffer.patch(UInt32(size), at: start) } else { buffer.append(0x0A) }
    }
}

extension OutboundBuffer {
    fileprivate mutating func name(_ name: String) {
        append(",\"")
        append(name)
        append("\":")
    }

    fileprivate mutating func member(_ name: String, _ number: Int64) {
        self.name(name)
        appendInteger(number)
    }

    fileprivate mutating func member(_ name: String, _ text: String) {
        self.name(name)
        appendQuoted(text)
    }

    fileprivate mutating func detail(_ detail: FailureDetail) {
        if let error = detail.error { member("error", error) }
        if detail.action != .retry { member("action", detail.action.rawValue) }
        if let delay = detail.delayMilliseconds { member("delay_ms", delay) }
    }

    /// An object of strings; a name that occurs twice is written once, with its last value.
    fileprivate mutating func texts(_ name: String, _ entries: [(String, String)]) {
        self.name(name)
        append("{")
        var isFirst = true
        for (index, entry) in entries.enumerated()
        where !entries[(index + 1)...].contains(where: { $0.0 == entry.0 }) {
            if !isFirst { append(",") }
            isFirst = false
            appendQuoted(entry.0)
            append(":")
            appendQuoted(entry.1)
        }
        append("}")
    }
}
