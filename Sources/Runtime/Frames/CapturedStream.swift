package import HandlerProtocol

/// Who wrote a captured stream.
package enum StreamSide: String, Sendable, CaseIterable { case bridge, handler }

/// A whole frame of a captured stream.
package struct CapturedFrame: Sendable {
    /// Where its length, or its line, begins; bytes from 0.
    package var offset: Int
    /// With its length or its line's end.
    package var size: Int
    package var body: [UInt8]
    package var content: Content

    /// What it says.
    package enum Content: Sendable {
        case bridge(BridgeFrame)
        case handler(HandlerFrame)
    }
}

/// Where a captured stream breaks, and why.
package struct StreamBreak: Error, Sendable, Equatable {
    /// The byte that is wrong, from 0.
    package var at: Int
    /// Where the frame begins that it is part of.
    package var frame: Int
    /// The rule's number in protocol.md.
    package var rule: String
    /// What was found, and the likely cause.
    package var message: String
}

/// Takes a stream of bytes apart, as bridge or handler would, and stops where one of them would. Bytes are added as they
/// come; what was taken is forgotten.
package struct CapturedStream: Sendable {
    /// Nil until the first bytes tell.
    package private(set) var framing: Framing?
    package private(set) var side: StreamSide?
    /// Bytes that belong to no frame yet.
    private var rest: [UInt8] = []
    private var start = 0
    /// Where `rest` begins in the stream.
    private var base = 0
    /// Bytes after `start` in which there is no line's end.
    private var searched = 0
    private var order = FrameOrder()
    /// Bytes of what is no length that are looked at.
    private static let shownOfText = 200
    /// Nothing more comes: what there is has to be judged.
    package var isAtEnd = false

    /// A stream of this framing from this side; nil is found out from what comes first.
    package init(framing: Framing?, side: StreamSide?) {
        self.framing = framing
        self.side = side
    }

    /// Where the next frame begins.
    package var position: Int { base + start }
    /// How many bytes were added in all.
    package var total: Int { base + rest.count }

    /// Adds the next bytes of the stream.
    package mutating func append(_ bytes: Span<UInt8>) {
        if start > 0 {
            rest.removeFirst(start)
            base += start
            start = 0
        }
        rest.reserveCapacity(rest.count + bytes.count)
        for index in bytes.indices { rest.append(bytes[index]) }
    }

    /// The next whole frame; nil where more bytes are needed.
    package mutating func next() throws(StreamBreak) -> CapturedFrame? {
        guard let framing = findFraming() else { return nil }
        guard let (body, end) = try framing == .length ? nextByLength() : nextLine() else { return nil }
        let bytes = Array(rest[body])
        let offset = position
        let content = try decode(bytes, at: base + body.lowerBound, frame: offset)
        let frame = CapturedFrame(offset: offset, size: end - start, body: bytes, content: content)
        try order.check(frame, bodyAt: base + body.lowerBound)
        start = end
        searched = 0
        return frame
    }

    /// The break at the end of the stream: a frame that has begun and is not whole.
    package func breakAtEnd() -> StreamBreak? {
        guard start < rest.count else { return nil }
        var reader = FrameReader(framing: framing ?? .length, maxFrameBytes: Framing.largestFrameLimit)
        reader.append(rest.span.extracting(start..<rest.count))
        let found = reader.describePartial().split(separator: ";")[0]
        return StreamBreak(
            at: total, frame: position, rule: "F8",
            message:
                "the stream ends within a frame: \(found). It was cut short here, or its writer ended or did not flush")
    }

    private mutating func findFraming() -> Framing? {
        if let framing { return framing }
        guard start < rest.count else { return nil }
        let first = rest[start]
        framing = first == UInt8(ascii: "{") || first == 0x20 || first == 0x0A ? .lines : .length
        return framing
    }

    private func nextByLength() throws(StreamBreak) -> (body: Range<Int>, end: Int)? {
        guard start < rest.count else { return nil }
        // The reader that the daemon uses judges the length; it need not see the body.
        var reader = FrameReader(framing: .length, maxFrameBytes: Framing.largestFrameLimit)
        reader.append(rest.span.extracting(start..<min(rest.count, start + Self.shownOfText)))
        do throws(ProtocolError) {
            _ = try reader.next { _ in }
        } catch {
            // What follows tells more about the cause.
            if !isAtEnd, rest.count - start < Self.shownOfText { return nil }
            throw StreamBreak(at: position, frame: position, rule: error.rule.rawValue, message: error.message)
        }
        guard rest.count - start >= 4 else { return nil }
        let length = rest[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
        let body = start + 4
        guard rest.count - body >= length else { return nil }
        return (body..<(body + length), body + length)
    }

    private mutating func nextLine() throws(StreamBreak) -> (body: Range<Int>, end: Int)? {
        while true {
            guard let end = rest[(start + searched)...].firstIndex(of: 0x0A) else {
                searched = rest.count - start
                if searched > Framing.largestFrameLimit {
                    throw StreamBreak(
                        at: position, frame: position, rule: "F10",
                        message: "a line is longer than \(Framing.largestFrameLimit) bytes, which no frame may be")
                }
                return nil
            }
            let hasReturn = end > start && rest[end - 1] == 0x0D
            let body = start..<(end - (hasReturn ? 1 : 0))
            if !body.isEmpty { return (body, end + 1) }
            start = end + 1
            searched = 0
        }
    }

    private mutating func decode(
        _ body: [UInt8], at bodyAt: Int, frame: Int
    ) throws(StreamBreak) -> CapturedFrame.Content {
        if side == nil { side = Self.writer(of: body) }
        if side == .bridge {
            do throws(BridgeFrameFault) {
                return .bridge(try BridgeFrameDecoder().decode(body.span))
            } catch {
                throw StreamBreak(
                    at: bodyAt + error.atByte, frame: frame, rule: error.rule.rawValue, message: error.message)
            }
        }
        do throws(ProtocolError) {
            return .handler(try HandlerFrameDecoder().decode(body.span))
        } catch {
            throw StreamBreak(
                at: bodyAt + FramePlaces.place(of: error, in: body.span), frame: frame, rule: error.rule.rawValue,
                message: error.message)
        }
    }

    /// Types tell the sides apart: no type is of both.
    private static func writer(of body: [UInt8]) -> StreamSide {
        do throws(BridgeFrameFault) {
            switch try BridgeFrameDecoder().decode(body.span) {
            case .unknown: return .handler
            default: return .bridge
            }
        } catch {
            // A bridge's first frame is its hello; a broken one is still meant as such.
            let text = String(decoding: body.prefix(64), as: UTF8.self)
            return text.contains("\"hello\"") || text.contains("\"message\"") || text.contains("\"batch\"")
                ? .bridge : .handler
        }
    }
}

/// What may come when, as far as one direction alone can tell (protocol.md, H1 to H3, H7 and H9).
private struct FrameOrder: Sendable {
    private var frames = 0
    private var isReady = false
    private var hasRefused = false
    private var session: String?

    mutating func check(_ frame: CapturedFrame, bodyAt: Int) throws(StreamBreak) {
        defer { frames += 1 }
        func broken(_ rule: String, _ message: String) -> StreamBreak {
            StreamBreak(at: bodyAt, frame: frame.offset, rule: rule, message: message)
        }
        switch frame.content {
        case .bridge(.hello):
            if frames > 0 {
                throw broken("H1", "\"hello\" stands behind other frames; the stream of another process begins here")
            }
        case .bridge:
            if frames == 0 {
                throw broken("H1", "the first frame is not \"hello\"; the beginning of the stream is missing")
            }
        case .handler(let said):
            if hasRefused { throw broken("H9", "init_error is the last frame of a process") }
            if let session { try checkSession(frame, session, bodyAt) }
            switch said {
            case .log, .metric: break
            case .ready(let ready):
                if isReady { throw broken("H3", "a second \"ready\"; the stream of another process may begin here") }
                isReady = true
                session = ready.session
            case .initError: hasRefused = true
            default:
                if !isReady {
                    throw broken("H2", "only log, metric, init_error and ready are legal before \"ready\"")
                }
            }
        }
    }

    private func checkSession(_ frame: CapturedFrame, _ session: String, _ bodyAt: Int) throws(StreamBreak) {
        let decoded = try? HandlerFrameDecoder().decode(frame.body.span, expectedSession: session)
        if let decoded, decoded.session != .equal {
            throw StreamBreak(
                at: bodyAt, frame: frame.offset, rule: "H7",
                message: "\"ready\" had \"session\", so that every later frame must repeat it; this one does not")
        }
    }
}
