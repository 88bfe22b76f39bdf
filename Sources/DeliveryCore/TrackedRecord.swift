/// What a verdict in a lane's window says of a record while an earlier delivery of the lane is unanswered.
enum ProvisionalVerdict {
    case acked
    case skipped
    case rejected
}

/// One record that has arrived and is not given back yet.
struct TrackedRecord {
    enum Phase: Equatable {
        /// Arrived, or to be delivered again: the dispatcher may take it. -> outstanding
        case waiting
        /// Part of an unanswered delivery. -> waiting, retrying, answered, deadLetter, settled
        case outstanding
        /// With order `none` only: waits on its own for its backoff. -> waiting
        case retrying
        /// Answered, but an earlier delivery of its lane is not: if that fails it is delivered again. -> waiting, deadLetter,
        /// settled
        case answered(ProvisionalVerdict)
        /// Its dead letter is not confirmed. -> settled
        case deadLetter
        /// Done; its place is kept until every earlier record is done too.
        case settled
        /// Done without having been delivered (`--filter`).
        case filtered
    }

    var offset: Int64
    var arrived: Instant
    var slot: RecordSlot
    var size: Int32
    var charges: Int32 = 0
    var lane: LaneIndex
    /// Sequence of the next record of its lane, 0 where it is the newest: nothing comes after sequence 0's own place.
    var next: UInt64 = 0
    /// Records of one half of a batch that failed as a whole go together and with nobody else; 0 is none.
    var group: UInt32 = 0
    var phase = Phase.waiting
    /// It may have been handled before.
    var wasDelivered = false
    /// Reading went on here after a position that the log had lost: what lies between is not settled, though passed.
    var followsJump = false
    /// It was unanswered when a worker died with company, or it killed one alone: it is delivered alone.
    var isSuspect = false

    /// Nothing is left to be done about it.
    var isDone: Bool { phase == .settled || phase == .filtered }
}

/// Records that were taken together: neighbours in the tracker.
struct ArrivedRun {
    /// Sequence of the first one.
    var first: UInt64
    var count = 0
    var bytes = 0
}

/// What became of a lane when its next records were handed to a worker one by one.
struct HandedOut {
    var bytes = 0
    /// Of the records, those that may have been handled before.
    var redelivered = 0
    /// Sequence of the next one that waits, nil where none does.
    var next: UInt64?
}

/// Records of one lane that leave its waiting ones.
struct Stretch {
    var records = 0
    var bytes = 0
    /// Sequence of the last one.
    var last: UInt64 = 0
}
