/// What one worker may say next: the protocol's state on top of single frames.
///
/// States: before `ready` (log, metric, ready, init_error are legal), ready (all but `ready` and `init_error`), refused
/// (after `init_error`: nothing but the end). A protocol error leaves it as it is; the worker is replaced then.
package struct HandlerConversation: Sendable {
    private enum State { case awaitingReady, ready, refused }

    /// What `hello` offered: versions, features, the number of unanswered deliveries, and the session.
    package struct Offer: Hashable, Sendable {
        /// The oldest to the newest version that the bridge speaks.
        package var versions: ClosedRange<Int>
        /// What the handler may choose from.
        package var features: [String]
        /// Unanswered deliveries at most.
        package var maxInFlight: Int
        /// What `ready` repeats to choose the feature `session`.
        package var session: String

        /// The offer of `hello`.
        package init(hello: Hello) {
            versions = min(hello.protocolMinimum, hello.protocolVersion)...hello.protocolVersion
            features = hello.features
            maxInFlight = hello.maxInFlight
            session = hello.session
        }
    }

    /// Features that `ready` chose and that were not offered: they have no effect, and are worth a warning.
    package private(set) var featuresWithoutEffect: [String] = []
    private let offer: Offer
    private let decoder = HandlerFrameDecoder()
    private var state = State.awaitingReady
    private var sessionIsRequired = false

    /// A conversation in which `hello` with this offer is the first frame.
    package init(offer: Offer) { self.offer = offer }

    /// Whether `ready` has come: deliveries may be written.
    package var isReady: Bool { state == .ready }

    /// Takes the next frame's body and answers what it says. In `ready` the features are those that are on, and
    /// `maxInFlight` is the number that holds. Throws the rule that is broken.
    package mutating func receive(_ body: Span<UInt8>) throws(ProtocolError) -> HandlerFrame {
        let decoded = try decoder.decode(body, expectedSession: offer.session)
        if state == .refused {
            throw ProtocolError(
                rule: .afterInitError, message: "init_error is the last frame of a process", frame: body)
        }
        if sessionIsRequired, decoded.session != .equal {
            let found = decoded.session == .absent ? "this frame has none" : "this frame has another one"
            throw ProtocolError(
                rule: .wrongSession,
                message: "\"ready\" had \"session\", so that every later frame must repeat it; \(found)", frame: body)
        }
        switch decoded.frame {
        case .log, .metric: return decoded.frame
        case .ready(let ready):
            if state == .ready {
                throw ProtocolError(rule: .secondReady, message: "a second \"ready\"", frame: body)
            }
            return .ready(try accept(ready, body))
        case .initError:
            if state == .ready {
                throw ProtocolError(
                    rule: .beforeReady, message: "\"init_error\" stands in place of \"ready\", not after it",
                    frame: body)
            }
            state = .refused
            return decoded.frame
        default:
            if state == .awaitingReady {
                throw ProtocolError(
                    rule: .beforeReady, message: "only log, metric, init_error and ready are legal before \"ready\"",
                    frame: body)
            }
            return decoded.frame
        }
    }

    /// Whether a frame that `FrameReader.nextAcknowledgement` takes may come now: what it takes need not be received here.
    package var acceptsPlainAcknowledgements: Bool { state == .ready && !sessionIsRequired }

    private mutating func accept(_ ready: Ready, _ body: Span<UInt8>) throws(ProtocolError) -> Ready {
        guard offer.versions.contains(ready.protocolVersion) else {
            throw ProtocolError(
                rule: .noCommonVersion,
                message: "the handler speaks version \(ready.protocolVersion) of the protocol, the bridge "
                    + "\(offer.versions.lowerBound) to \(offer.versions.upperBound)",
                frame: body)
        }
        if let session = ready.session, session != offer.session {
            throw ProtocolError(rule: .wrongSession, message: "\"session\" is not that of \"hello\"", frame: body)
        }
        if ready.session == nil, ready.features.contains("session") {
            throw ProtocolError(
                rule: .wrongSession,
                message:
                    "\"features\" names \"session\", which is chosen by repeating the member \"session\" of \"hello\"",
                frame: body)
        }
        var accepted = ready
        accepted.features = offer.features.filter(ready.features.contains)
        accepted.maxInFlight = min(ready.maxInFlight ?? offer.maxInFlight, offer.maxInFlight)
        featuresWithoutEffect = ready.features.filter { !offer.features.contains($0) }
        sessionIsRequired = ready.session != nil
        state = .ready
        return accepted
    }
}
