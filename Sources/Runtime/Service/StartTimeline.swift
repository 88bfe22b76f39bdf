import DeliveryCore
import Logging

/// Tells once, for each step on the way to the first record, how long it took since the start and since the step before.
struct StartTimeline {
    enum Step: String {
        case workerReady = "first worker ready"
        case assigned = "partitions assigned by the group"
        case positioned = "positions looked up"
        case firstRecord = "first record taken"
        case firstDelivery = "first delivery written"
        case firstVerdict = "first verdict"
    }

    private let started: Instant
    private var last: Instant
    private var passed: Set<String> = []

    init(started: Instant) {
        self.started = started
        last = started
    }

    /// Logs the step, if it is the first time.
    mutating func pass(_ step: Step, now: Instant, log: Logger) {
        guard passed.insert(step.rawValue).inserted else { return }
        log.info(
            "start: \(step.rawValue)",
            metadata: [
                "since.start.ms": "\((now - started).nanoseconds / 1_000_000)",
                "since.step.ms": "\((now - last).nanoseconds / 1_000_000)",
            ])
        last = now
    }
}
