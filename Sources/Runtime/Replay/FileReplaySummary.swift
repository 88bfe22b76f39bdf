package import Configuration
package import Observability

/// What became of the records of a replayed file.
package struct FileReplaySummary: Equatable, Sendable {
    /// What a handler said of a record; a record of a batch that `result` does not list was acknowledged.
    package enum Verdict: String, CaseIterable, Sendable {
        case ack, retry, reject, skip, release
    }

    /// A record that was not handled.
    package struct Failure: Equatable, Sendable {
        /// Where it comes from.
        package var topic: String
        package var partition: Int32
        package var offset: Int64
        /// Its line in the file, from 1; nil where it is not known any more.
        package var line: Int?
        /// Attempts that were made.
        package var attempts: Int
        /// What the handler, or ackpipe, said was wrong.
        package var reason: String

        /// A failure; `line` counts from 1.
        package init(topic: String, partition: Int32, offset: Int64, line: Int?, attempts: Int, reason: String) {
            self.topic = topic
            self.partition = partition
            self.offset = offset
            self.line = line
            self.attempts = attempts
            self.reason = reason
        }
    }

    /// The file's name.
    package var file = ""
    /// The line that ended the reading, and what is wrong with it.
    package var fault: String?
    /// What the process answers with because of it.
    package var faultCode = ExitCode.data
    /// The file was read to its end, or to --limit.
    package var isComplete = false

    /// Records that were read.
    package var read = 0
    package var acked = 0
    /// Skipped by the handler's verdict.
    package var skipped = 0
    /// Failed for good.
    package var failed = 0
    /// Not delivered because of --filter.
    package var filtered = 0
    /// Of those that failed, those that the machine counts as skipped.
    var skippedFailures = 0

    /// Frames handed over.
    package var deliveries = 0
    /// Records handed over, each attempt counted.
    package var delivered = 0
    /// Of these, records that had been handed over before.
    package var redelivered = 0
    /// Records by what was said of them, each attempt counted.
    package var verdicts: [Verdict: Int] = [:]
    /// Deliveries without a verdict within --ack-timeout.
    package var timeouts = 0
    /// Processes that ended without being asked to, by why.
    package var workerFailures: [String: Int] = [:]
    /// From a delivery to its verdict, those alone that got one.
    package var latency = LatencyHistogram()
    /// From the first delivery to the last verdict.
    package var nanoseconds: Int64 = 0
    /// The first ones, in the order in which they failed.
    package var failures: [Failure] = []

    /// A replay that has done nothing.
    package init() {}

    /// Records that were read and came to no end: the replay was stopped.
    package var unsettled: Int {
        // One that stopped the service is both unsettled and failed.
        max(0, read - acked - skipped - failed - filtered)
    }

    /// Records that came to an end, a second; nil where that took no time.
    package var recordsPerSecond: Double? {
        let settled = acked + skipped + skippedFailures
        return nanoseconds > 0 && settled > 0 ? Double(settled) * 1e9 / Double(nanoseconds) : nil
    }

    /// What the process answers with: the service's own code where it is a failure, then the file's, then the records'.
    package func exitCode(_ outcome: ExitCode) -> ExitCode {
        if outcome != .ok { return outcome }
        if fault != nil { return faultCode }
        return isComplete && failed == 0 && unsettled == 0 ? .ok : .failures
    }
}
