/// Every bound and time-out of one service, in one place, with its default.
package struct Limits: Equatable, Sendable {
    /// Handler processes of the service.
    package var workers = 1
    /// Unanswered deliveries of one worker at most.
    package var maxInFlight = 64
    /// Unsettled records of the service at most; paused partitions may hold as many again.
    package var maxTotalInFlight = 10_000
    /// Bytes of unsettled records of the service at most; paused partitions may hold half as many again.
    package var maxInFlightBytes = 64 << 20

    /// A worker with this many bytes unwritten gets no further delivery: what a handler does not read is not encoded.
    package var maxUnwrittenBytes = 1 << 20

    /// Records of one batch at most; 1 in message mode.
    package var batchSize = 1
    /// Bytes of one batch at most (a single larger record still goes alone).
    package var batchBytes = 1 << 20
    /// How long the first record of a batch waits for company.
    package var batchLinger = Interval.milliseconds(10)

    /// From the last byte written, or from entering the set that the worker works on, to the verdict.
    package var ackTimeout = Interval.seconds(300)
    /// What `extend` may add to one delivery in all.
    package var maxExtend = Interval.seconds(3600)
    /// From the start of a process to its `ready`.
    package var startTimeout = Interval.seconds(30)
    /// From `cancel` to the verdict that says "I have stopped"; then the worker is killed.
    package var cancelGrace = Interval.seconds(5)
    /// Silence after which a worker with the feature `ping` is asked for life, and again until it counts as hung; zero is never.
    package var pingInterval = Interval.seconds(30)
    /// From a revoke to its answer, at most.
    package var revokeTimeout = Interval.seconds(10)
    /// From the request to stop to the end of everything.
    package var drainTimeout = Interval.seconds(20)
    /// Between two commits of offsets that have moved.
    package var commitInterval = Interval.seconds(1)

    /// Wait before the second attempt; it doubles with each further one.
    package var retryBackoffInitial = Interval.milliseconds(500)
    /// The longest wait between two attempts.
    package var retryBackoffMaximum = Interval.seconds(30)
    /// A handler's `delay_ms` is clamped to this.
    package var maxRetryDelay = Interval.seconds(3600)

    /// Wait before a worker is started again after its first failure in a row; it doubles with each further one.
    package var restartBackoffInitial = Interval.milliseconds(100)
    /// The longest wait between two starts of a worker.
    package var restartBackoffMaximum = Interval.seconds(30)
    /// From the closing of a worker's stdin to `SIGTERM`.
    package var exitGrace = Interval.seconds(5)
    /// From `SIGTERM` to `SIGKILL`.
    package var terminateGrace = Interval.seconds(2)
    /// A partition that settled nothing for this long while the window is full may be paused, so that others go on.
    package var stuckAfter = Interval.seconds(1)

    /// The defaults of product.md.
    package init() {}
}

/// Within what order is kept (`--order`).
package enum DeliveryOrder: Equatable, Sendable {
    /// One delivery of a (topic, partition) is unanswered at a time.
    case partition
    /// Each record stands alone.
    case none
}

/// What the machine is told once, when the service starts.
package struct ServicePolicy: Equatable, Sendable {
    package var order = DeliveryOrder.partition
    /// False where no offset may be committed (`--assign` without a group).
    package var commits = true
    /// Stop when everything up to the end at assignment is settled.
    package var exitAtEnd = false
    /// Stop when this many records are settled; nil is without end.
    package var maxMessages: Int?
    /// Whether deliveries are batches; a batch delivery answers to `result`, a message does not.
    package var isBatch = false

    /// At-least-once in partition order, without end.
    package init() {}
}
