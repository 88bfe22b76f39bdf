import Configuration
import DeliveryCore
import Observability
import Reactor

/// Counts what handlers say during a replay, how long they take to say it, and what fails. One thread, the service's.
final class FileReplayTally {
    /// Between two lines of the log about how far the replay is.
    static let reportInterval = Interval.seconds(2)

    let replay: FileReplay
    let source: FileSource
    /// When the log tells next how far it is.
    var nextReport: Instant
    private let started: Instant
    private var sent: [SentTimes]
    private var summary = FileReplaySummary()
    private var firstSent: Int64?
    private var lastAnswered: Int64?
    private let clock: () -> Int64

    init(
        _ replay: FileReplay, _ source: FileSource, workers: Int, now: Instant,
        clock: @escaping () -> Int64 = MonotonicClock.nanoseconds
    ) {
        self.replay = replay
        self.source = source
        self.clock = clock
        started = now
        nextReport = now + FileReplayTally.reportInterval
        sent = Array(repeating: SentTimes(), count: workers)
    }

    /// A new process at this place: its ids begin again at 1.
    func launched(_ worker: WorkerIndex) { sent[worker.value] = SentTimes() }

    /// Everything up to this id was handed to the worker.
    func handed(_ worker: WorkerIndex, through id: UInt64) {
        let time = clock()
        if firstSent == nil { firstSent = time }
        sent[worker.value].add(through: id, at: time)
    }

    /// A verdict that counts, for `records` records of one delivery.
    func answered(_ worker: WorkerIndex, _ id: UInt64, now: Instant, _ verdicts: [(FileReplaySummary.Verdict, Int)]) {
        guard let time = sent[worker.value].take(id) else { return }
        lastAnswered = now.nanoseconds
        summary.latency.record(nanoseconds: now.nanoseconds - time)
        for (verdict, records) in verdicts where records > 0 { summary.verdicts[verdict, default: 0] += records }
    }

    /// What is said of a delivery that was cancelled counts for nothing.
    func forget(_ worker: WorkerIndex, _ id: UInt64) { _ = sent[worker.value].take(id) }

    func timedOut() { summary.timeouts += 1 }

    func ended(_ failure: WorkerFailure) { summary.workerFailures[failure.rawValue, default: 0] += 1 }

    /// A record failed for good; the first ones are kept.
    func failed(_ failure: FileReplaySummary.Failure, isSkipped: Bool) {
        if isSkipped { summary.skippedFailures += 1 }
        summary.failed += 1
        if summary.failures.count < replay.maxFailures { summary.failures.append(failure) }
    }

    /// What has become of all, at the end.
    func conclude(_ counters: DeliveryCounters) -> FileReplaySummary {
        var summary = summary
        summary.file = replay.file.path
        summary.fault = source.fault?.description
        summary.faultCode = source.fault?.code ?? .data
        summary.isComplete = source.isAtEnd && source.fault == nil
        summary.read = source.recordCount
        summary.filtered = counters.filtered
        // What the machine skipped is what the handler asked to be skipped, and what failed for good.
        summary.skipped = counters.skipped - summary.skippedFailures
        summary.acked = counters.settled - counters.skipped
        summary.deliveries = counters.deliveries
        summary.delivered = counters.delivered
        summary.redelivered = counters.redelivered
        if let firstSent, let lastAnswered { summary.nanoseconds = max(0, lastAnswered - firstSent) }
        return summary
    }

    /// For the log, while it lasts.
    func progress(_ counters: DeliveryCounters, now: Instant) -> String? {
        guard nextReport <= now else { return nil }
        nextReport = now + FileReplayTally.reportInterval
        let part =
            replay.file.size.map { size in size > 0 ? " (\(source.position * 100 / size) % of the file)" : "" } ?? ""
        return "\(counters.settled + counters.filtered) of \(source.recordCount) records read are done\(part)"
    }
}
