import DeliveryCore

/// What the world knows by itself of one record that a daemon has taken.
struct LedgerRecord {
    /// What was said of a record for good.
    enum Answer {
        case acked
        case skipped
        case rejected
    }

    enum State {
        /// To be delivered, for the first time or again.
        case waiting
        /// Part of a delivery that counts.
        case outstanding
        /// Answered; it counts when everything before it in its lane is settled.
        case answered(Answer)
        /// To be written as a dead letter; not settled before that is confirmed.
        case letter(DeadLetter.Cause)
        case settled

        /// It is not delivered again in this assignment.
        var isOver: Bool {
            switch self {
            case .settled, .letter: true
            case .waiting, .outstanding, .answered: false
            }
        }

        var isSettled: Bool { if case .settled = self { true } else { false } }
        var isWaiting: Bool { if case .waiting = self { true } else { false } }
    }

    var offset: Int64
    /// Records of one lane are handled in their order.
    var lane: UInt64
    var slot: Int32
    var size: Int32
    var state = State.waiting
    var charges = 0
    /// It is to be delivered alone.
    var isSuspect = false
    var wasDelivered = false
    /// Whether it counts as delivered before is left open.
    var mayBeMarked = false
    /// Nothing is delivered before: a handler's delay, or the least backoff.
    var heldUntil = Instant(nanoseconds: 0)
    /// Which half of a failed batch it was in; halves are not mixed.
    var half = 0

    mutating func wait() { if !state.isOver { state = .waiting } }
}

/// What the world knows by itself of one assignment of a partition; none of it is read from the machine.
struct Ledger {
    /// Unique in the world.
    let generation: Int
    /// The ownership that the coordinator gave, and the log that was read.
    let ownership: Int
    var log: Int
    /// Where reading began.
    let start: Int64
    /// Nothing from there on is wanted (`--exit-at-end`).
    var end: Int64?
    /// What the commit's metadata said is settled above the start.
    var spared: [ClosedRange<Int64>] = []
    /// The next offset that the machine may take.
    private(set) var nextOffset: Int64
    private(set) var records: [LedgerRecord] = []
    /// Everything before this place is settled.
    private(set) var head = 0
    private(set) var unsettled = 0
    private(set) var unsettledBytes = 0
    private var lastPassed: Int64 = -1
    /// The highest offset that the machine sent to be committed, and what it said of higher ones with the last commit.
    var lastSent: Int64
    var lastClaims: [ClosedRange<Int64>] = []
    /// Dead letters that failed and are not with the cluster again.
    var failedLetters = 0
    var revokedSince: Instant?
    /// Given up: no verdict counts any more.
    var isOver = false
    /// When a record was last settled, or the first one came.
    private(set) var lastProgress: Instant

    init(generation: Int, ownership: Int, log: Int, start: Int64, now: Instant) {
        self.generation = generation
        self.ownership = ownership
        self.log = log
        self.start = start
        nextOffset = start
        lastSent = start
        lastProgress = now
    }

    /// The lowest offset that is not settled.
    var committable: Int64 { head < records.count ? records[head].offset : nextOffset }

    /// What has to be committed at the end at least: gaps after the last settled record may be passed or not.
    var owed: Int64 {
        let settled = head > 0 ? records[head - 1].offset + 1 : start
        return unsettled == 0 ? max(settled, lastPassed + 1) : settled
    }

    func isSpared(_ offset: Int64) -> Bool { spared.contains { $0.contains(offset) } }

    mutating func take(_ record: LedgerRecord, now: Instant) {
        if unsettled == 0 { lastProgress = now }
        records.append(record)
        unsettled += 1
        unsettledBytes += Int(record.size)
        nextOffset = record.offset + 1
    }

    /// A record that nobody has to handle has come by.
    mutating func pass(_ offset: Int64, now: Instant) {
        if unsettled == 0 { lastProgress = now }
        lastPassed = offset
        nextOffset = offset + 1
    }

    /// Reading goes on at the offset: nothing that could be read is left before it.
    mutating func skip(to offset: Int64) { nextOffset = max(nextOffset, offset) }

    mutating func settle(_ place: Int, now: Instant) {
        guard !records[place].state.isSettled else { return }
        records[place].state = .settled
        records[place].isSuspect = false
        unsettled -= 1
        unsettledBytes -= Int(records[place].size)
        lastProgress = now
        while head < records.count, records[head].state.isSettled { head += 1 }
    }

    mutating func update(_ place: Int, _ change: (inout LedgerRecord) -> Void) { change(&records[place]) }

    /// The place of the record with this offset.
    func place(of offset: Int64) -> Int? {
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low < records.count && records[low].offset == offset ? low : nil
    }
}

/// A delivery as a handler's process sees it, from its being sent to its being answered or its process reaped.
struct Execution {
    var id: UInt64
    var partition: Int
    var generation: Int
    /// Places in the ledger, in the order of delivery.
    var places: [Int]
    /// Without repetitions.
    var lanes: [UInt64]
    var cancelled: CancelReason?
    /// It was the only unanswered record of its worker when it was taken back for being late.
    var isChargedOnEnd = false
    var count: Int { places.count }
}
