/// One record that has arrived and is not given back yet.
struct TrackedRecord {
    enum Phase {
        /// Arrived, or to be delivered again: the dispatcher may take it. -> outstanding
        case waiting
        /// Part of an unanswered delivery. -> waiting, retrying, settled
        case outstanding
        /// With order `none` only: waits on its own for its backoff. -> waiting
        case retrying
        /// Done; its place is kept until every earlier record is done too.
        case settled
    }

    var offset: Int64
    var arrived: Instant
    var slot: RecordSlot
    var size: Int32
    var charges: Int32 = 0
    var phase = Phase.waiting
    /// It may have been handled before.
    var wasDelivered = false
    /// It was unanswered when a worker died with company, or it killed one alone: it is delivered alone.
    var isSuspect = false
}

/// What has arrived of one assigned partition and is not settled, and the offset that may be committed.
///
/// Records are named by their sequence, which counts arrivals from 0 in each assignment: offsets have gaps (compaction,
/// control records), sequences have none, so that every look-up is an index. All operations are O(1) a record.
struct PartitionTracker {
    /// The assignment to which all of this belongs.
    let epoch: UInt32
    /// The lowest offset that is not settled: nothing above it is ever committed.
    private(set) var committable: Int64
    /// The next offset that may arrive; anything lower is a repetition.
    private(set) var position: Int64
    /// Sequence of the oldest record that is kept.
    private(set) var head: UInt64 = 0
    /// Sequence of the next record that was never dispatched, or is to be dispatched again (order `partition`).
    private(set) var cursor: UInt64 = 0
    private(set) var unsettled = 0
    private(set) var unsettledBytes = 0
    /// Bytes of the records that wait from the cursor on.
    private(set) var waitingBytes = 0
    /// When a record was last settled, or the first one arrived in an empty tracker.
    private(set) var lastProgress: Instant
    /// Where the end was at the assignment (`--exit-at-end`); nothing from there on is taken.
    let end: Int64?
    private(set) var reachedEnd = false
    /// A record was given back unhandled: neither a later one nor the partition's end may move the offset past it.
    private var isClosed = false
    private var records = Ring<TrackedRecord>()

    init(epoch: UInt32, position: Int64, end: Int64?, now: Instant) {
        self.epoch = epoch
        committable = position
        self.position = position
        self.end = end
        lastProgress = now
        reachedEnd = end.map { position >= $0 } ?? false
    }

    /// One past the sequence of the newest record.
    var tail: UInt64 { head + UInt64(records.count) }

    /// Places that are kept: what is not settled, and what is but waits for something before it.
    var kept: Int { records.count }

    /// Records that wait from the cursor on.
    var waiting: Int { cursor < tail ? Int(tail - cursor) : 0 }

    /// Everything up to the end at the assignment is settled.
    var isFinished: Bool { reachedEnd && unsettled == 0 }

    /// Takes nothing more in this assignment.
    mutating func close() { isClosed = true }

    /// Takes a record; false where it is a repetition or lies behind the end, and is to be given back.
    mutating func arrive(_ record: Record, now: Instant) -> Bool {
        guard record.offset >= position, !isClosed else { return false }
        if let end, record.offset >= end {
            reachedEnd = true
            return false
        }
        if records.isEmpty { lastProgress = now }
        position = record.offset + 1
        if let end, position >= end { reachedEnd = true }
        records.append(TrackedRecord(offset: record.offset, arrived: now, slot: record.slot, size: record.size))
        unsettled += 1
        unsettledBytes += Int(record.size)
        waitingBytes += Int(record.size)
        return true
    }

    /// The partition was read up to `offset`, past control records that never arrive.
    mutating func reachEnd(at offset: Int64) {
        if isClosed { return }
        position = max(position, min(offset, end ?? offset))
        if records.isEmpty { committable = position }
        if let end, position >= end { reachedEnd = true }
    }

    subscript(sequence: UInt64) -> TrackedRecord? {
        sequence >= head ? records[Int(sequence - head)] : nil
    }

    mutating func update(_ sequence: UInt64, _ change: (inout TrackedRecord) -> Void) {
        guard sequence >= head else { return }
        records.update(Int(sequence - head), change)
    }

    /// The record is part of a delivery now; the cursor passes it.
    mutating func dispatch(_ sequence: UInt64) {
        guard let record = self[sequence] else { return }
        update(sequence) { $0.phase = .outstanding }
        if sequence >= cursor {
            cursor = sequence + 1
            waitingBytes -= Int(record.size)
        }
    }

    /// Everything from `sequence` on waits to be delivered (again); the lane has no delivery under way.
    mutating func rewind(to sequence: UInt64) {
        while cursor > max(sequence, head) {
            cursor -= 1
            guard let record = self[cursor] else { return }
            waitingBytes += Int(record.size)
            if record.phase != .settled { update(cursor) { $0.phase = .waiting } }
        }
    }

    /// Marks a record as done and moves the committable offset over everything that is done without a hole.
    mutating func settle(_ sequence: UInt64, now: Instant) {
        guard let record = self[sequence], record.phase != .settled else { return }
        update(sequence) { $0.phase = .settled }
        unsettled -= 1
        unsettledBytes -= Int(record.size)
        lastProgress = now
        while let oldest = records.first, oldest.phase == .settled {
            records.popFirst()
            head += 1
        }
        committable = records.first?.offset ?? position
    }

    /// Every record that is kept and not settled, oldest first.
    func forEachUnsettled(_ body: (UInt64, TrackedRecord) -> Void) {
        for distance in 0..<records.count {
            if let record = records[distance], record.phase != .settled { body(head + UInt64(distance), record) }
        }
    }
}
