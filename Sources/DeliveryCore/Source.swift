/// The lanes of one partition that could deliver at once: what batches are taken from.
struct Source {
    /// Lanes whose next delivery waits for nothing but company and a worker.
    var ready = Ring<LaneIndex>()
    /// Records that wait in them, and their bytes.
    var readyRecords = 0
    var readyBytes = 0
    /// Lanes whose window has room, and whose next batch waits for company.
    var awaitingCompany = Ring<LaneIndex>()
    /// It stands in the dispatcher's queue.
    var isQueued = false
    /// It stands in the queue of those that wait for company (`--batch-linger`).
    var isLingering = false
    /// The next batch goes without waiting for company.
    var skipsLinger = false
    /// Dead letters that wait to be written: nothing of the partition is delivered meanwhile.
    var heldLetters = 0
}
