import DeliveryCore

/// What a readiness event is about, packed into the poller's token: the place in the pool, a number that grows with each
/// process there (so that an event for a descriptor of the process before is told apart), and which descriptor.
struct WorkerToken: Equatable {
    enum Channel: UInt64 {
        case exit = 1
        case output = 2
        case input = 3
        /// Log descriptors count on from here.
        case log = 4
    }

    /// Tokens below this are the service's own.
    static let firstWorkerToken: UInt64 = 1 << 48
    static let wake: UInt64 = 1
    static let recordWake: UInt64 = 2
    /// A replayed file has more.
    static let input: UInt64 = 3

    var worker: WorkerIndex
    var life: UInt32
    var channel: UInt64

    init(_ worker: WorkerIndex, life: UInt32, _ channel: Channel, log index: Int = 0) {
        self.worker = worker
        self.life = life
        self.channel = channel.rawValue + UInt64(index)
    }

    init?(token: UInt64) {
        guard token >= WorkerToken.firstWorkerToken else { return nil }
        worker = WorkerIndex(Int(token >> 48) - 1)
        life = UInt32(truncatingIfNeeded: (token >> 8) & 0xFFFF_FFFF)
        channel = token & 0xFF
    }

    var token: UInt64 { UInt64(worker.value + 1) << 48 | UInt64(life) << 8 | channel }
}
