import DeliveryCore

/// What the world knows by itself of one record that a daemon has taken.
struct LedgerRecord {
    enum State {
        /// To be delivered, for the first time or again.
        case waiting
        /// Part of a delivery that counts.
        case outstanding
        case settled
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
    /// Nothing is delivered before: a handler's delay, or the least backoff.
    var heldUntil = Instant(nanoseconds: 0)
}

/// What the world knows by itself of one assignment of a partition; none of it is read from the machine.
struct Ledger {
    /// Unique in the world.
    let generation: Int
    /// The ownership that the coordinator gave, and the log that was read.
    let ownership: Int
    var log: Int
    /// Where reading began; the position was chosen and is to be committed although nothing moved.
    let start: Int64
    let commitsStart: Bool
    /// The next offset that the machine may take.
    private(set) var nextOffset: Int64
    private(set) var records: [LedgerRecord] = []
    /// Everything before this place is settled.
    private(set) var head = 0
    private(set) var unsettled = 0
    private(set) var unsettledBytes = 0
    /// The highest offset that the machine sent to be committed.
    var lastSent: Int64
    var revokedSince: Instant?
    /// Given up: no verdict counts any more.
    var isOver = false
    /// When a record was last settled, or the first one came.
    private(set) var lastProgress: Instant

    init(generation: Int, ownership: Int, log: Int, start: Int64, commitsStart: Bool, now: Instant) {
        self.generation = generation
        self.ownership = ownership
        self.log = log
        self.start = start
        self.commitsStart = commitsStart
        nextOffset = start
        lastSent = start
        lastProgress = now
    }

    /// The lowest offset that is not settled.
    var committable: Int64 { head < records.count ? records[head].offset : nextOffset }

    /// What has to be committed at the end at least: gaps after the last settled record may be passed or not.
    var owed: Int64 { head > 0 ? records[head - 1].offset + 1 : start }

    mutating func take(_ record: LedgerRecord, now: Instant) {
        if unsettled == 0 { lastProgress = now }
        records.append(record)
        unsettled += 1
        unsettledBytes += Int(record.size)
        nextOffset = record.offset + 1
    }

    /// A record that nobody has to handle has come by.
    mutating func pass(_ offset: Int64) { nextOffset = max(nextOffset, offset + 1) }

    /// Reading goes on at the offset: nothing that could be read is left before it.
    mutating func skip(to offset: Int64) { nextOffset = max(nextOffset, offset) }

    mutating func settle(_ place: Int, now: Instant) {
        guard records[place].state != .settled else { return }
        records[place].state = .settled
        records[place].isSuspect = false
        unsettled -= 1
        unsettledBytes -= Int(records[place].size)
        lastProgress = now
        while head < records.count, records[head].state == .settled { head += 1 }
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
