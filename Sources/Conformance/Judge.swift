package import HandlerProtocol

/// Watches one session and tells which rules the handler kept and which it broke. Pure: it is told what was written, read and
/// happened, with the time in nanoseconds, and performs nothing.
package struct Judge: Sendable {
    /// A delivery that was handed out.
    struct Issue: Sendable {
        /// Nil for a message.
        var lanes: [String]?
        /// How its frame is shown.
        var line: TranscriptLine
        var comparison: Delivery.Comparison?
        /// Its frame was cut off by the end of the input.
        var isPartial = false
        var isCancelled = false
        var sentAt: Int64
        var answeredAt: Int64?
        /// Every record in it succeeded.
        var isAcknowledged = false
    }

    /// A `ping` that was written.
    struct Ping: Sendable {
        var sentAt: Int64
        var answeredAt: Int64?
        /// Deliveries that were outstanding when it was written, and when its answer came.
        var outstandingBefore: Int
        var outstandingAfter = 0
    }

    let session: Session
    let framing: Framing
    let maxFrameBytes: Int
    var reader: FrameReader
    var conversation: HandlerConversation
    /// What was read from the beginning of the frame that is not complete, or broken, on.
    var raw: [UInt8] = []

    var issued: [UInt64: Issue] = [:]
    /// Those that are owed a verdict.
    var unanswered: Set<UInt64> = []
    var pings: [String: Ping] = [:]
    var lastNow: Int64 = 0
    var lastVerdictAt: Int64?
    /// When the check went on with another delivery because the one before had no answer; and how often the answer came then.
    var pressedOnAt: Int64?
    var answersAfterPressing = 0
    var unansweredWhenPressed: Set<UInt64> = []
    var sawInitError = false
    var wroteShutdown = false
    var inputIsClosed = false
    /// The session's time was over while something was missing.
    var gaveUp: GaveUp?
    var missingWhenGivenUp: Missing?
    var exit: HandlerExit?
    /// Whether the end of the process was still to come when the input was closed.
    var endedUnasked = false
    var isConcluded = false

    /// What was being waited for.
    struct Missing: Sendable {
        var ready: Bool
        var verdicts: Set<UInt64>
        var pongs: Set<String>
    }

    /// Why the session did not come to its end.
    enum GaveUp: Sendable { case silent, slow }

    /// All that happened, for `--verbose`.
    package private(set) var transcript: [TranscriptLine] = []
    /// The rules that were put to the test.
    package internal(set) var exercised: Set<String> = []
    /// What is broken, in the order in which it was found.
    package private(set) var findings: [Finding] = []
    /// Why the session says nothing about some rules, though nothing is broken.
    package internal(set) var obstacle: String?
    /// What `ready` said; features are those that are on.
    package internal(set) var ready: Ready?
    /// Bytes of the handler's that were read.
    package internal(set) var bytesRead = 0
    /// Frames of the handler's that were read.
    package internal(set) var framesRead = 0
    var pause: Pause?
    /// Nothing that is read from now on has a meaning.
    package internal(set) var isBroken = false

    /// A session whose `hello` has this body and these limits.
    package init(
        _ session: Session, hello: [UInt8], sessionNumber: String, framing: Framing, maxFrameBytes: Int, now: Int64
    ) {
        self.session = session
        self.framing = framing
        self.maxFrameBytes = maxFrameBytes
        lastNow = now
        reader = FrameReader(framing: framing, maxFrameBytes: maxFrameBytes)
        let offer = Hello(
            protocolVersion: session.isNewerBridge ? Int(Session.newerVersion) : 1, bridge: "", worker: 0, service: "",
            group: "", topics: [], mode: session.mode, maxInFlight: session.maxInFlight, maxFrameBytes: maxFrameBytes,
            ackTimeoutMilliseconds: 0, maxExtendMilliseconds: 0, readyTimeoutMilliseconds: 0,
            cancelGraceMilliseconds: 0,
            features: session.offeredFeatures, session: sessionNumber)
        conversation = HandlerConversation(offer: .init(hello: offer))
        note(.frame(.bridge, hello))
    }

    // MARK: What the bridge does

    /// A delivery is handed to the pipe, all of it or, where `isPartial`, without its end.
    package mutating func issue(
        _ id: UInt64, _ delivery: Delivery, _ body: [UInt8], isPartial: Bool = false, now: Int64
    ) {
        lastNow = now
        let line = TranscriptLine.frame(.bridge, body)
        issued[id] = Issue(
            lanes: delivery.lanes, line: line, comparison: delivery.comparison, isPartial: isPartial, sentAt: now)
        if !isPartial { unanswered.insert(id) }
        note(line)
        if isPartial { note(.note("the last byte of that frame is left out")) }
    }

    /// Another frame is handed to the pipe.
    package mutating func wrote(_ body: [UInt8]) { note(.frame(.bridge, body)) }

    /// `cancel` was written for these ids.
    package mutating func cancelled(_ ids: [UInt64]) { for id in ids { issued[id]?.isCancelled = true } }

    /// `ping` was written.
    package mutating func pinged(_ nonce: String, now: Int64) {
        pings[nonce] = Ping(sentAt: now, outstandingBefore: outstanding.count)
    }

    /// `shutdown` was written.
    package mutating func shutDown() { wroteShutdown = true }

    /// The input is closed, as the session wants it.
    package mutating func closedInput() {
        inputIsClosed = true
        note(.note("end of file on the handler's input"))
    }

    /// Goes on with another delivery, because the answer takes so long.
    package mutating func pressedOn(now: Int64) {
        pressedOnAt = now
        unansweredWhenPressed = outstanding
        note(.note("no verdict for a long time: another delivery follows"))
    }

    /// The session's time is over; the input is closed now, to see what that brings. `window` is how long ago, in nanoseconds, a
    /// verdict counts as progress.
    package mutating func giveUp(now: Int64, window: Int64) {
        let isProgressing = lastVerdictAt.map { now - $0 < window } ?? false
        gaveUp = isProgressing ? .slow : .silent
        missingWhenGivenUp = Missing(ready: ready == nil, verdicts: outstanding, pongs: Set(missingPongs))
        inputIsClosed = true
        note(.note("the session's time is over; end of file on the handler's input, to see what comes then"))
    }

    /// The session cannot go on, and nobody broke a rule.
    package mutating func obstruct(_ why: String) { obstacle = why }

    // MARK: What it asks

    /// The handler said that it cannot start.
    package var sawRefusal: Bool { sawInitError }

    /// What the handler wants since the last call: no deliveries for so many milliseconds (nil: until it resumes), or deliveries
    /// again.
    package mutating func takePause() -> Pause? {
        let taken = pause
        pause = nil
        return taken
    }

    /// What `pause` and `resume` ask for.
    package enum Pause: Hashable, Sendable {
        case paused(milliseconds: Int64?)
        case resumed
    }

    /// Ids that are owed a verdict, in no order.
    package var outstanding: Set<UInt64> { unanswered }

    /// Pings without their pong.
    package var missingPongs: [String] { pings.filter { $0.value.answeredAt == nil }.map(\.key) }

    /// A frame was begun and is not complete.
    package var isInsideFrame: Bool { !isBroken && reader.isInsideFrame }

    /// Deliveries that may be outstanding: the least of what bridge and handler want.
    package var window: Int { min(session.maxInFlight, ready?.maxInFlight ?? session.maxInFlight) }

    // MARK: Evidence

    mutating func note(_ line: TranscriptLine) {
        // What floods the check must not fill its memory.
        if transcript.count >= Judge.longestTranscript {
            transcript.removeSubrange(10..<(Judge.longestTranscript / 2))
            transcript.insert(.note("some thousand lines are left out here"), at: 10)
        }
        transcript.append(line)
    }

    private static let longestTranscript = 20_000

    mutating func exercise(_ rules: String...) { exercised.formUnion(rules) }

    /// A finding after which a bridge reads nothing more.
    mutating func breakOff(_ rule: String, _ found: String, expected: String) {
        isBroken = true
        find(rule, found, expected: expected)
    }

    /// Keeps the first finding of each rule, with the frames before it.
    mutating func find(_ rule: String, _ found: String, expected: String, isAdvice: Bool = false) {
        exercised.insert(rule)
        guard !findings.contains(where: { $0.rule == rule }) else { return }
        var frames = Array(transcript.suffix(6))
        // Handlers work in order as a rule: the first one without an answer is the one to look at.
        if let first = unanswered.min(), let line = issued[first]?.line, !frames.isEmpty, !frames.contains(line) {
            frames[0] = line
        }
        findings.append(
            Finding(
                rule: rule, found: found, expected: expected, frames: frames, isAdvice: isAdvice))
    }
}
