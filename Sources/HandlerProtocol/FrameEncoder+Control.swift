package import DeliveryCore

extension FrameEncoder {
    /// Writes `hello`, the first frame to every worker.
    package mutating func hello(_ hello: Hello, into buffer: inout OutboundBuffer) {
        openFrame(into: &buffer)
        buffer.append("{\"type\":\"hello\"")
        buffer.appendMember("protocol", Int64(hello.protocolVersion))
        buffer.appendMember("protocol_min", Int64(hello.protocolMinimum))
        buffer.appendMember("bridge", hello.bridge)
        buffer.appendMember("worker", Int64(hello.worker))
        buffer.appendMember("service", hello.service)
        buffer.appendMember("group", hello.group)
        buffer.appendMember("topics", hello.topics)
        buffer.appendMember("mode", hello.mode.rawValue)
        buffer.appendMember("max_in_flight", Int64(hello.maxInFlight))
        buffer.appendMember("max_frame_bytes", Int64(hello.maxFrameBytes))
        buffer.appendMember("ack_timeout_ms", hello.ackTimeoutMilliseconds)
        buffer.appendMember("max_extend_ms", hello.maxExtendMilliseconds)
        buffer.appendMember("ready_timeout_ms", hello.readyTimeoutMilliseconds)
        buffer.appendMember("cancel_grace_ms", hello.cancelGraceMilliseconds)
        buffer.appendMember("features", hello.features)
        buffer.appendMember("session", hello.session)
        closeControlFrame(into: &buffer)
    }

    /// Writes `ping`; the handler sends `nonce` back in a `pong`.
    package mutating func ping(nonce: String, into buffer: inout OutboundBuffer) {
        openFrame(into: &buffer)
        buffer.append("{\"type\":\"ping\"")
        buffer.appendMember("nonce", nonce)
        closeControlFrame(into: &buffer)
    }

    /// Writes `cancel` for deliveries whose verdict no longer counts.
    package mutating func cancel(ids: [UInt64], reason: CancelReason, into buffer: inout OutboundBuffer) {
        openFrame(into: &buffer)
        buffer.append("{\"type\":\"cancel\",\"ids\":[")
        var isFirst = true
        for id in ids {
            if !isFirst { buffer.append(UInt8(ascii: ",")) }
            isFirst = false
            buffer.appendInteger(Int64(clamping: id))
        }
        buffer.append(UInt8(ascii: "]"))
        buffer.appendMember("reason", reason.rawValue)
        closeControlFrame(into: &buffer)
    }

    /// Writes `shutdown`; `deadlineMilliseconds` is the time until SIGTERM, from receipt.
    package mutating func shutdown(reason: String, deadlineMilliseconds: Int64, into buffer: inout OutboundBuffer) {
        openFrame(into: &buffer)
        buffer.append("{\"type\":\"shutdown\"")
        buffer.appendMember("reason", reason)
        buffer.appendMember("deadline_ms", deadlineMilliseconds)
        closeControlFrame(into: &buffer)
    }

    /// These frames hold nothing of a record and are small: no limit that is allowed is below them.
    mutating func closeControlFrame(into buffer: inout OutboundBuffer) {
        assert(state == .idle, "a frame is unfinished")
        buffer.append(UInt8(ascii: "}"))
        finishFrame(size: bodyBytes(in: buffer), into: &buffer)
    }
}

extension OutboundBuffer {
    fileprivate mutating func appendName(_ name: String) {
        append(",\"")
        append(name)
        append("\":")
    }

    fileprivate mutating func appendMember(_ name: String, _ number: Int64) {
        appendName(name)
        appendInteger(number)
    }

    fileprivate mutating func appendMember(_ name: String, _ text: String) {
        appendName(name)
        appendQuoted(text)
    }

    fileprivate mutating func appendMember(_ name: String, _ texts: [String]) {
        appendName(name)
        append(UInt8(ascii: "["))
        var isFirst = true
        for text in texts {
            if !isFirst { append(UInt8(ascii: ",")) }
            isFirst = false
            appendQuoted(text)
        }
        append(UInt8(ascii: "]"))
    }
}
