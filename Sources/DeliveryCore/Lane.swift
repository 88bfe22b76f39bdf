/// The order of one partition: whether a delivery of it is unanswered, and what its next one waits for.
struct Lane {
    /// An unanswered delivery of the current assignment.
    var isBusy = false
    /// Its first record waits in the retry schedule.
    var waitsForRetry = false
    /// It stands in a queue of the dispatcher.
    var isQueued = false
    /// It stands in the queue of lanes that wait for company (`--batch-linger`).
    var isLingering = false
    /// The next batch goes without waiting for company.
    var skipsLinger = false
    /// Executions of an older assignment that a worker has not let go of: nothing is delivered meanwhile.
    var lateExecutions = 0
    /// Where its last delivery went: handlers may keep state for what they saw before.
    var preferredWorker: WorkerIndex?

    /// A new assignment: late executions stay.
    mutating func restart() {
        isBusy = false
        waitsForRetry = false
        skipsLinger = false
    }
}
