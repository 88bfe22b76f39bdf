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
