import DeliveryCore
import HandlerProtocol

/// Deliver again after a time of your choice, in place of the bridge's backoff; the attempt is charged.
public struct Retry: Error, Sendable, CustomStringConvertible {
    /// Why, for the log and for dead letters.
    public let reason: String
    /// At most an hour counts; nil is the bridge's backoff.
    public let delay: Duration?
    /// The reason.
    public var description: String { reason }

    /// Deliver again, for this reason, after this time.
    public init(_ reason: String, after delay: Duration? = nil) {
        self.reason = reason
        self.delay = delay
    }
}

/// No further attempt: to the dead letters at once, or what `--on-exhausted` says.
public struct Reject: Error, Sendable, CustomStringConvertible {
    /// Why, for the log and for dead letters.
    public let reason: String
    /// The reason.
    public var description: String { reason }

    /// Never deliver this again, for this reason.
    public init(_ reason: String) { self.reason = reason }
}

/// Count as done, although it was not.
public struct Skip: Error, Sendable, CustomStringConvertible {
    /// Why, for the log.
    public let reason: String
    /// The reason.
    public var description: String { reason }

    /// Leave this out, for this reason.
    public init(_ reason: String) { self.reason = reason }
}

/// Not attempted: deliver again, the attempt number unchanged.
public struct Release: Error, Sendable, CustomStringConvertible {
    /// Why, for the log.
    public let reason: String
    /// At most an hour counts; nil is the bridge's first backoff.
    public let delay: Duration?
    /// The reason.
    public var description: String { reason }

    /// Give this back untried, for this reason.
    public init(_ reason: String = "released", after delay: Duration? = nil) {
        self.reason = reason
        self.delay = delay
    }
}

extension FailureDetail {
    /// What a thrown error asks for. Any error but ours is a failed attempt with the error's description as its text; that a
    /// task was cancelled means that the work was not done.
    init(_ error: any Error) {
        switch error {
        case let retry as Retry: self.init(retry.reason, .retry, retry.delay)
        case let reject as Reject: self.init(reject.reason, .reject, nil)
        case let skip as Skip: self.init(skip.reason, .skip, nil)
        case let release as Release: self.init(release.reason, .release, release.delay)
        case is CancellationError: self.init("cancelled", .release, nil)
        default: self.init(String(describing: error), .retry, nil)
        }
    }

    private init(_ reason: String, _ action: FailureAction, _ delay: Duration?) {
        self.init(
            error: reason.cut(at: Self.longestError), action: action, delayMilliseconds: delay.map(\.milliseconds))
    }

    /// The bridge cuts there too: more is not worth its bytes.
    private static let longestError = 4096
}

extension String {
    /// The text, cut at a character's boundary so that at most `limit` bytes of UTF-8 remain.
    func cut(at limit: Int) -> String {
        if utf8.count <= limit { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while end > startIndex, String.Index(end, within: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}

extension Duration {
    /// Whole milliseconds from 0 to what the protocol can say.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        return min(seconds, 9_000_000_000_000) * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
