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

    /// A number for a look-up that is not used again.
    mutating func issueToken() -> UInt64 {
        defer { nextToken += 1 }
        return nextToken
    }

    /// The current event is answered.
    mutating func finish() {
        waiting.removeFirst()
        step = .idle
    }
}

/// Partitions of the assignment that are not read yet, because their leader, or the coordinator, was away when the position
/// was looked up: the others do not wait for them.
struct MissingPositions {
    private(set) var partitions: [PartitionIndex] = []
    /// The look-up that is under way, if one is.
    private(set) var token: UInt64?
    /// When they are looked up again.
    private(set) var retryAt: Instant?

    mutating func add(_ more: [PartitionIndex], retryAt: Instant) {
        guard !more.isEmpty else { return }
        partitions += more.filter { !partitions.contains($0) }
        self.retryAt = retryAt
    }

    /// These partitions are given up.
    mutating func forget(_ gone: [PartitionIndex]) {
        partitions.removeAll { gone.contains($0) }
        if partitions.isEmpty { retryAt = nil }
    }

    /// What is to be looked up now under the token; empty where nothing is due.
    mutating func takeDue(now: Instant, token: UInt64) -> [PartitionIndex] {
        guard let retryAt, retryAt <= now, !partitions.isEmpty else { return [] }
        self.retryAt = nil
        self.token = token
        return partitions
    }

    /// The partition's position was found.
    mutating func found(_ partition: PartitionIndex) -> Bool {
        guard let place = partitions.firstIndex(of: partition) else { return false }
        partitions.remove(at: place)
        if partitions.isEmpty { retryAt = nil }
        return true
    }
}
