/// Every bound and time-out of one service, in one place, with its default.
package struct Limits: Equatable, Sendable {
    /// Handler processes of the service.
    package var workers = 1
    /// Unanswered deliveries of one worker at most.
    package var maxInFlight = 64
    /// Unanswered deliveries of one lane at most; above 1 a failure rewinds the lane.
    package var laneWindow = 1
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
    /// By how much the wait grows with each further attempt.
    package var retryBackoffFactor = 2.0
    /// The share of a wait by which it is spread either way, from 0 to 1.
    package var retryJitter = 0.2
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

    /// Records handed over a second at most; nil is without a bound.
    package var rate: RateLimit?
    /// Dead letters written a second at most; nil is without a bound.
    package var deadLetterRate: RateLimit?
    /// A partition that holds records and settles none of them for this long is reported; zero is never.
    package var stallTimeout = Interval.seconds(120)

    /// The defaults of product.md.
    package init() {}
}

/// Within what order is kept (`--order`).
package enum DeliveryOrder: Equatable, Sendable {
    /// A lane is a (topic, partition).
    case partition
    /// A lane is a (topic, partition, hash of the key); records without a key share one lane of their partition.
    case key
    /// Each record stands alone.
    case none
}

/// What becomes of a record that no further attempt is made at (`--on-exhausted`).
package enum ExhaustedPolicy: Equatable, Sendable {
    /// Into the dead-letter topic; needs `ServicePolicy.hasDeadLetters`.
    case deadLetter
    /// Counted as done.
    case skip
    /// The service drains and stops; the record is not settled.
    case stop
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
    /// A batch that fails as a whole is halved until the record that fails is alone (`--bisect`).
    package var bisects = false
    /// Attempts at a record at most; nil is without end.
    package var maxAttempts: Int?
    /// What becomes of a record whose attempts are used up, that was rejected, or that cannot be encoded.
    package var onExhausted = ExhaustedPolicy.stop
    /// A dead-letter topic is named: a rejected record goes there, whatever `onExhausted` says.
    package var hasDeadLetters = false
    /// Whether what is settled above the committed offset travels in the commit's metadata.
    package var commitsMetadata = true

    /// At-least-once in partition order, without end.
    package init() {}
}
