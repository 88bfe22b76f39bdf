import HandlerProtocol

/// A frame, or what came in place of one, or an event, as it is shown to people.
package struct TranscriptLine: Hashable, Sendable {
    /// Who did it.
    package enum Side: String, Hashable, Sendable {
        case bridge = ">"
        case handler = "<"
        /// Neither: an event, or what the check did.
        case note = "-"
    }

    package var side: Side
    /// Bytes of the body; nil for a note.
    package var bytes: Int?
    /// Printable; long bodies are cut.
    package var text: String

    /// A line about an event.
    package static func note(_ text: String) -> TranscriptLine { TranscriptLine(side: .note, bytes: nil, text: text) }

    /// A line about a frame with this body.
    package static func frame(_ side: Side, _ body: [UInt8]) -> TranscriptLine {
        TranscriptLine(side: side, bytes: body.count, text: Excerpt.of(body.span))
    }

    /// As in `< {"type":"ack","id":1} (21 bytes)`.
    package var description: String {
        let size = bytes.map { $0 == 1 ? " (1 byte)" : " (\($0) bytes)" } ?? ""
        return "\(side.rawValue) \(text)\(size)"
    }
}

/// A rule that a handler broke in a session, and the evidence.
package struct Finding: Hashable, Sendable {
    /// The rule's number.
    package var rule: String
    /// What was found, in one sentence or two.
    package var found: String
    /// What a handler does instead, and how it gets there.
    package var expected: String
    /// The last frames and events up to the finding, oldest first.
    package var frames: [TranscriptLine]
    /// True where the rule says "should": it is told, and nothing fails for it.
    package var isAdvice = false

    /// A broken rule with its evidence.
    package init(rule: String, found: String, expected: String, frames: [TranscriptLine], isAdvice: Bool = false) {
        self.rule = rule
        self.found = found
        self.expected = expected
        self.frames = frames
        self.isAdvice = isAdvice
    }
}

/// How a handler's process ended, in the words of the judge.
package enum HandlerExit: Hashable, Sendable {
    case exited(Int32)
    /// The signal's name.
    case signaled(String)
    /// The check had to kill it.
    case killed

    package var description: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .signaled(let name): "was killed by \(name)"
        case .killed: "did not end, and was killed"
        }
    }
}
