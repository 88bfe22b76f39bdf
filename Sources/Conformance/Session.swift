package import HandlerProtocol

/// How the bytes of frames are handed to the pipe.
package enum Writing: Hashable, Sendable {
    /// All frames of the step in one write.
    case together
    /// Byte by byte, those of a header with pauses between them.
    case bytes
    /// In two writes: the second begins in the middle of the last frame.
    case cut
}

/// How the check reads what the handler writes.
package enum Reading: Hashable, Sendable {
    case open, stopped
    /// A few bytes at a time.
    case slow
}

/// One thing that the bridge does.
package indirect enum Step: Hashable, Sendable {
    /// Hands out deliveries, no more at a time than the handler and `hello` allow.
    case deliver([Delivery], Writing = .together)
    /// Another frame; it goes out together with what stands before and after it.
    case control(JSONTree)
    /// Cancels these ids, as far as they were issued.
    case cancel([UInt64], reason: String)
    case ping(nonce: String)
    /// No further deliveries; the deadline is the session's.
    case shutdown(reason: String)
    /// These, if the handler chose the feature.
    case ifChosen(String, [Step])
    case reading(Reading)
    /// Waits until everything was handed to the pipe.
    case awaitWritten
    /// Waits until every delivery is answered; in the session of single deliveries, goes on when it takes too long.
    case awaitAnswers
    /// The same, for a moment only: what follows is legal without the answers, too.
    case awaitAnswersBriefly
    case awaitPongs
    /// Does nothing for so many milliseconds.
    case stall(milliseconds: Int64)
    /// Writes the frame of a delivery but for its end: the last byte of the body, and the LF of a line.
    case partial(Delivery)
    /// End of file.
    case closeInput
}

/// What a bridge does to one process of the handler, from `hello` to its end.
package struct Session: Hashable, Sendable {
    /// Short, without blanks; those of batch mode begin with "batch-".
    package var name: String
    /// What it does, as one clause.
    package var title: String
    package var mode: Hello.Mode
    /// The rules that are at stake; a handler that ends or falls silent here breaks the first of them.
    package var rules: [String]
    /// Before everything else, when the handler was not ready yet.
    package var isPlain = false
    package var steps: [Step]
    /// What is delivered where the answer to a single delivery takes too long: it might be waiting for more.
    package var pressing: [Delivery] = []
    /// Deliveries that may be outstanding, as told in `hello`.
    package var maxInFlight = 64
    /// Whether `hello` is that of a newer bridge.
    package var isNewerBridge = false
    /// Whether the bridge waits for `ready` before its first step.
    package var awaitsReady = true
    /// Pipes of one page.
    package var hasSmallPipes = false

    init(
        _ name: String, _ title: String, _ mode: Hello.Mode = .message, rules: [String], _ steps: [Step]
    ) {
        self.name = name
        self.title = title
        self.mode = mode
        self.rules = rules
        self.steps = steps
    }

    func with(_ change: (inout Session) -> Void) -> Session {
        var copy = self
        change(&copy)
        return copy
    }

    /// The body of `hello`.
    package func hello(maxFrameBytes: Int, readyTimeoutMilliseconds: Int64, session: String, _ framing: Framing)
        -> [UInt8]
    {
        var members: [JSONTree.Member] = [
            .init("type", .string("hello")),
            .init("protocol", .integer(isNewerBridge ? Session.newerVersion : 1)),
            .init("protocol_min", .integer(1)),
            .init("bridge", .string("ackpipe-check")),
            .init("worker", .integer(0)),
            .init("service", .string("check")),
            .init("group", .string("check")),
            .init("topics", .list([.string("ackpipe-check")])),
            .init("mode", .string(mode.rawValue)),
            .init("max_in_flight", .integer(Int64(maxInFlight))),
            .init("max_frame_bytes", .integer(Int64(maxFrameBytes))),
            .init("ack_timeout_ms", .integer(300_000)),
            .init("max_extend_ms", .integer(3_600_000)),
            .init("ready_timeout_ms", .integer(readyTimeoutMilliseconds)),
            .init("cancel_grace_ms", .integer(5_000)),
            .init("features", .list(offeredFeatures.map { .string($0) })),
            .init("session", .string(session)),
        ]
        if isNewerBridge { members += Unknown.members }
        return JSONTree.object(members).body(framing)
    }

    /// What `hello` offers.
    package var offeredFeatures: [String] {
        ["cancel", "ping", "session"] + (isNewerBridge ? ["future", "x_future"] : [])
    }

    /// No document describes it.
    static let newerVersion: Int64 = 9
}
