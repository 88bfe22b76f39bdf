/// What a handler said of itself in `ready`.
package struct WorkerAbilities: Equatable, Sendable {
    /// Deliveries that it works on at once: the ack clock runs for that many.
    package var concurrency: Int
    /// Deliveries that it wants unanswered at most; clamped to the offer.
    package var maxInFlight: Int
    package var canCancel: Bool
    package var canPing: Bool
    /// It wants to be told which partitions come and go.
    package var wantsAssignments: Bool

    /// A serial handler without features has `concurrency` 1.
    package init(
        concurrency: Int = 1, maxInFlight: Int = .max, canCancel: Bool = false, canPing: Bool = false,
        wantsAssignments: Bool = false
    ) {
        self.concurrency = concurrency
        self.maxInFlight = maxInFlight
        self.canCancel = canCancel
        self.canPing = canPing
        self.wantsAssignments = wantsAssignments
    }
}

/// One place of the pool: the process that runs there now, and the deliveries that it has not answered.
struct Worker {
    enum Phase: Equatable {
        /// No process; one is started at the instant. -> launching, gone
        case waiting(startAt: Instant)
        /// The runner was asked to start a process. -> starting, waiting, gone
        case launching
        /// The process runs and owes its `ready`. -> ready, closing, killed, waiting
        case starting(deadline: Instant)
        /// Takes deliveries. -> draining, closing, killed, waiting
        case ready
        /// `shutdown` was sent; verdicts are still owed. -> closing, terminating, killed, gone
        case draining
        /// Its stdin is closed: it should leave by itself. -> terminating, killed, waiting, gone
        case closing(terminateAt: Instant)
        /// `SIGTERM` was sent. -> killed, waiting, gone
        case terminating(killAt: Instant)
        /// `SIGKILL` was sent; the process is not reaped yet. -> waiting, gone
        case killed
        /// No process, and none is started again.
        case gone
    }

    var phase: Phase
    var abilities = WorkerAbilities()
    /// Failures in a row; a verdict sets it back.
    var failures = 0
    /// Why we ended the process; nil where it ends by itself.
    var failure: WorkerFailure?

    /// Deliveries that take a slot, cancelled ones included.
    private var outstanding = OutstandingDeliveries()
    /// Ids below this one were issued.
    private(set) var nextID: UInt64 = 1
    /// How many deliveries take a slot.
    var live: Int { outstanding.count }
    /// Records of the live deliveries: a cancelled one that the handler has not let go of may still bring it down.
    var unansweredRecords = 0
    /// The last id whose frame has left the bridge.
    var writtenThrough: UInt64 = 0
    /// Bytes that wait to be written, as far as known: records given since the last report count with their own size.
    var unwrittenBytes = 0
    /// Since when bytes wait and none was taken.
    var stalledSince: Instant?
    /// Deliveries whose clock runs, and the next id that may enter that set.
    var clocked = 0
    var nextClockID: UInt64 = 1
    /// No delivery or cancellation is due before this; nil where none is.
    var nextDue: Instant?

    /// Lanes that have a delivery here and room in their window for another, which the worker or the rate did not allow.
    var awaitingRoom = Ring<LaneIndex>()
    /// Until then nothing is delivered (`pause`).
    var pausedUntil: Instant?
    var lastHeard = Instant(nanoseconds: 0)
    var pingedAt: Instant?

    init(startAt: Instant) { phase = .waiting(startAt: startAt) }

    var hasProcess: Bool {
        switch phase {
        case .waiting, .launching, .gone: false
        case .starting, .ready, .draining, .closing, .terminating, .killed: true
        }
    }

    /// Whether a delivery may go to it, reservations aside.
    @inline(__always)
    func takesDeliveries(now: Instant, maxUnwritten: Int) -> Bool {
        phase == .ready && live < abilities.maxInFlight && unwrittenBytes < maxUnwritten
            && !isPaused(now: now)
    }

    /// It asked for nothing more for now.
    @inline(__always)
    func isPaused(now: Instant) -> Bool { pausedUntil.map { $0 > now } ?? false }

    /// A new process: everything of the old one is forgotten, but for its failures.
    mutating func begin(deadline: Instant, now: Instant) {
        phase = .starting(deadline: deadline)
        abilities = WorkerAbilities()
        failure = nil
        outstanding = OutstandingDeliveries()
        nextID = 1
        unansweredRecords = 0
        writtenThrough = 0
        unwrittenBytes = 0
        stalledSince = nil
        clocked = 0
        nextClockID = 1
        nextDue = nil
        awaitingRoom = Ring()
        pausedUntil = nil
        lastHeard = now
        pingedAt = nil
    }

    mutating func issueID() -> UInt64 {
        defer { nextID += 1 }
        return nextID
    }

    /// Remembers the delivery under the id that was issued last.
    mutating func hold(_ key: DeliveryKey, records: Int) {
        outstanding.append(key, id: nextID - 1)
        unansweredRecords += records
    }

    /// The delivery with this id, or nil where it is answered or was never issued.
    @inline(__always)
    func key(of id: UInt64) -> DeliveryKey? {
        outstanding[id]
    }

    @inline(__always)
    func wasIssued(_ id: UInt64) -> Bool { id >= 1 && id < nextID }

    /// The slot of this id is free again.
    mutating func release(_ id: UInt64) {
        guard outstanding.remove(id) else { return }
        if id < nextClockID { clocked -= 1 }
    }

    /// The lowest id that takes a slot, or where there is none the next one to be issued.
    @inline(__always)
    var lowestLiveID: UInt64 { outstanding.lowest ?? nextID }

    /// Ids that take a slot, lowest first.
    var liveIDs: [UInt64] { outstanding.ids }

    /// Those up to `last`, lowest first.
    func appendLiveIDs(through last: UInt64, to ids: inout [UInt64]) { outstanding.appendIDs(through: last, to: &ids) }
}
