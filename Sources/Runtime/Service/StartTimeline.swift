import DeliveryCore
import Logging

/// Tells once, for each step on the way to the first record, how long it took since the start and since the step before.
struct StartTimeline {
    enum Step: String, CaseIterable {
        case workerReady = "first worker ready"
        case assigned = "partitions assigned by the group"
        case positioned = "positions looked up"
        case firstRecord = "first record taken"
        case firstDelivery = "first delivery written"
        case firstVerdict = "first verdict"

        var place: Int {
            switch self {
            case .workerReady: 0
            case .assigned: 1
            case .positioned: 2
            case .firstRecord: 3
            case .firstDelivery: 4
            case .firstVerdict: 5
            }
        }
    }

    private let started: Instant
    private let level: Logger.Level
    private var last: Instant
    /// By step: looked at for each delivery.
    private var passed = [Bool](repeating: false, count: Step.allCases.count)

    /// Logs with `level`.
    init(started: Instant, level: Logger.Level = .info) {
        self.started = started
        self.level = level
        last = started
    }

    /// Logs the step, if it is the first time.
    mutating func pass(_ step: Step, now: Instant, log: Logger) {
        if passed[step.place] { return }
        passed[step.place] = true
        log.log(
            level: level, "start: \(step.rawValue)",
            metadata: [
                "since.start.ms": "\((now - started).nanoseconds / 1_000_000)",
                "since.step.ms": "\((now - last).nanoseconds / 1_000_000)",
            ])
        last = now
    }
}
