import DeliveryCore

/// Rebalance events in the order in which they came: each is answered before the next one is looked at.
struct RebalanceQueue {
    enum Event: Equatable {
        /// To be answered with the positions from which to read.
        case assign([PartitionIndex], explicit: [PartitionIndex: Int64])
        case revoke([PartitionIndex], lost: Bool)

        var partitions: [PartitionIndex] {
            switch self {
            case .assign(let partitions, _), .revoke(let partitions, _): partitions
            }
        }
    }

    enum Step: Equatable {
        case idle
        /// Positions are being looked up under the token.
        case lookingUp(token: UInt64)
        /// The look-up failed and is made again at the instant.
        case waitingToRetry(at: Instant)
        /// The machine was asked and has not let go yet.
        case revoking
    }

    var waiting: [Event] = []
    var step = Step.idle
    var nextToken: UInt64 = 1

    var current: Event? { waiting.first }

    var retryAt: Instant? {
        if case .waitingToRetry(let at) = step { at } else { nil }
    }

    /// The current event is answered.
    mutating func finish() {
        waiting.removeFirst()
        step = .idle
    }
}
