/// What a handler asks to be done with a delivery, or a record of a batch, that failed (`action` in `nack` and `result`).
package enum FailureAction: String, Hashable, Sendable, CaseIterable {
    /// Deliver again after the backoff; the attempt is charged.
    case retry
    /// To the dead letter at once, without further attempts.
    case reject
    /// Count as done.
    case skip
    /// Not attempted: deliver again, the attempt number unchanged.
    case release
}

/// A failure as the handler reported it.
package struct Failure: Equatable, Sendable {
    package var action: FailureAction
    /// Replaces the backoff, clamped to `Limits.maxRetryDelay`.
    package var delay: Interval?

    /// A failure that asks for `action`, after `delay` if there is one.
    package init(_ action: FailureAction, delay: Interval? = nil) {
        self.action = action
        self.delay = delay
    }
}

/// A failed record of a batch, by its place in the batch from 0.
package struct FailedRecord: Equatable, Sendable {
    package var index: Int
    package var failure: Failure

    /// The record at `index` failed.
    package init(index: Int, _ failure: Failure) {
        self.index = index
        self.failure = failure
    }
}

/// An answer to one or several deliveries of one worker.
package enum Verdict: Equatable, Sendable {
    case ack(id: UInt64)
    case ackMany(ids: [UInt64])
    /// Every outstanding id up to this one.
    case ackThrough(id: UInt64)
    case nack(id: UInt64, Failure)
    /// A batch: what is not listed succeeded.
    case result(id: UInt64, failed: [FailedRecord])
}

/// Why a verdict breaks the protocol; the worker is to be replaced.
package enum VerdictProblem: Error, Equatable, Sendable {
    /// The id was never issued to this worker.
    case unknownID(UInt64)
    /// `result` lists an index that the batch does not have.
    case indexOutOfRange(id: UInt64, index: Int, count: Int)
    case repeatedIndex(id: UInt64, index: Int)
    /// `result` answers a message.
    case resultForMessage(id: UInt64)
}
