import DeliveryCore

/// What a frame said of its session.
package enum SessionMember: Hashable, Sendable {
    case absent
    /// It is the expected one.
    case equal
    /// It is another one, or none was expected.
    case different
}

/// A decoded frame and its `session` member.
package struct DecodedFrame: Hashable, Sendable {
    /// What the handler said.
    package var frame: HandlerFrame
    /// Whether the frame repeats the expected session.
    package var session: SessionMember
}

/// Turns the body of a handler's frame into a value, or names the rule that it breaks.
///
/// A pure function of the bytes: it holds no state, never recurses and reads nothing outside of `body`. An `ack` by id
/// allocates nothing. The order among conversations' frames is `HandlerConversation`'s business.
package struct HandlerFrameDecoder: Sendable {
    /// A decoder; all are alike.
    package init() {}

    /// Decodes one body, without length or line end. Throws the first broken rule that it meets.
    package func decode(_ body: Span<UInt8>) throws(ProtocolError) -> HandlerFrame {
        try decode(body, expectedSession: nil).frame
    }

    /// Decodes one body and compares its `session` with `expectedSession`.
    package func decode(_ body: Span<UInt8>, expectedSession: String?) throws(ProtocolError) -> DecodedFrame {
        do throws(FrameFault) {
            let members = try topLevel(body)
            let frame = try interpret(body, members)
            return DecodedFrame(frame: frame, session: try session(body, members, expected: expectedSession))
        } catch {
            throw ProtocolError(rule: error.rule, message: error.message, frame: body)
        }
    }

    private func topLevel(_ body: Span<UInt8>) throws(FrameFault) -> Members {
        var scanner = JSONScanner(refusesRepeatedNames: true)
        scanner.skipSpace(body)
        guard scanner.at < body.count, body[scanner.at] == UInt8(ascii: "{") else {
            throw FrameFault(.notOneObject, BodyDiagnosis.ofWhatIsNotAnObject(body, from: scanner.at))
        }
        do throws(JSONFault) {
            let members = try Members(body, &scanner, openAlready: 0)
            try scanner.expectEnd(body)
            return members
        } catch {
            throw FrameFault(error)
        }
    }

    private func interpret(_ body: Span<UInt8>, _ members: Members) throws(FrameFault) -> HandlerFrame {
        guard let start = members.start(of: .type, in: body) else {
            throw FrameFault(.unknownType, "member \"type\" is missing")
        }
        guard body[start] == UInt8(ascii: "\"") else {
            throw FrameFault(.unknownType, "\"type\" is \(MemberValue.kind(body, start)); a string is needed")
        }
        func isType(_ text: String) -> Bool { JSONString.equals(text, in: body, from: start &+ 1) }
        if isType("ack") { return try ack(body, members) }
        if isType("nack") { return try nack(body, members) }
        if isType("result") { return try result(body, members) }
        if isType("extend") { return try extend(body, members) }
        if isType("pong") { return .pong(nonce: try requiredText(.nonce, body, members, limit: 256)) }
        if isType("log") { return .log(try log(body, members)) }
        if isType("metric") { return .metric(try metric(body, members)) }
        if isType("pause") { return .pause(milliseconds: try optionalDuration(.milliseconds, body, members)) }
        if isType("resume") { return .resume }
        if isType("ready") { return .ready(try ready(body, members)) }
        if isType("init_error") { return .initError(try requiredText(.error, body, members, limit: 4096)) }
        throw unknownType(JSONString.text(in: body, from: start &+ 1, limit: 64))
    }

    private func unknownType(_ type: String) -> FrameFault {
        if type == "seek" {
            return FrameFault(.unknownType, "type \"seek\" answers \"assigned\", which this bridge has not offered")
        }
        let known = [
            "ready", "init_error", "ack", "nack", "result", "extend", "pause", "resume", "log", "metric", "pong",
        ]
        let hint = Suggestion.nearest(to: type, among: known).map { "; the nearest valid one is \"\($0)\"" } ?? ""
        return FrameFault(.unknownType, "unknown type \(quotedForMessage(type))\(hint)")
    }

    private func session(
        _ body: Span<UInt8>, _ members: Members, expected: String?
    ) throws(FrameFault) -> SessionMember {
        guard let start = members.start(of: .session, in: body) else { return .absent }
        let isString = body[start] == UInt8(ascii: "\"")
        try MemberValue.expect(body, start, "session", isString, "a string is needed")
        guard let expected, JSONString.equals(expected, in: body, from: start &+ 1) else { return .different }
        return .equal
    }

    func required(_ name: MemberName, _ body: Span<UInt8>, _ members: Members) throws(FrameFault) -> Int {
        guard let start = members.start(of: name, in: body) else {
            throw FrameFault(.wrongMember, "member \"\(name.text)\" is missing")
        }
        return start
    }

    func requiredText(
        _ name: MemberName, _ body: Span<UInt8>, _ members: Members, limit: Int
    ) throws(FrameFault) -> String {
        try MemberValue.text(body, try required(name, body, members), name.text, limit: limit)
    }

    func optionalDuration(_ name: MemberName, _ body: Span<UInt8>, _ members: Members) throws(FrameFault) -> Int64? {
        guard let start = members.start(of: name, in: body) else { return nil }
        return try MemberValue.duration(body, start, name.text)
    }
}

/// What came in place of a JSON object.
private enum BodyDiagnosis {
    static func ofWhatIsNotAnObject(_ body: Span<UInt8>, from start: Int) -> String {
        guard start < body.count else { return "the frame is empty; an object is needed" }
        if body.count >= 3, body[0] == 0xEF, body[1] == 0xBB, body[2] == 0xBF {
            return "the frame begins with a byte order mark; write UTF-8 without one"
        }
        if body[start] == 0 {
            return
                "the frame begins with a zero byte, as a length does: ACKPIPE_FRAMING tells which framing is asked for"
        }
        var scanner = JSONScanner(at: start)
        guard (try? scanner.skipValue(body, openAlready: 0)) != nil else {
            return "the frame is not JSON; the handler, or a library of it, prints to the protocol's descriptor. Point "
                + "descriptor 1 at descriptor 2, or use --protocol-fd 3"
        }
        return "the frame is \(MemberValue.kind(body, start)); an object is needed"
    }
}
