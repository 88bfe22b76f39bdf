import DeliveryCore

/// What happens to the world next, besides the passing of time.
enum Event {
    /// Producers write.
    case append
    /// Something goes wrong, or somebody does something, somewhere.
    case trouble
    /// The group's members are spread over the partitions anew.
    case rebalance
    /// The coordinator has not heard from a member for the session timeout.
    case sessionExpires(member: Int)
    /// A daemon that ended, or was killed, is started again.
    case start(Int)
    /// A commit comes to the coordinator.
    case commitArrives(CommitRequest)
    /// For a daemon's own eyes; dropped where another incarnation runs by then.
    case daemon(Int, incarnation: Int, DaemonEvent)
}

/// What happens to one daemon.
enum DaemonEvent {
    case fetch
    /// The group gives partitions, each with the number of its ownership.
    case assigned([Int32], ownerships: [Int])
    case revoked([Int32])
    /// The session is over: everything belongs to somebody else by now.
    case lost
    /// Committed offsets were looked up for the assignment under way.
    case lookedUp
    /// Log start and end were looked up for a position that the log does not have.
    case relocated(Int32)
    case commitDone(CommitRequest, failed: [PartitionIndex], isMetadataRefused: Bool)
    case letterDone(DeadLetterKey, confirmed: Bool)
    case signal
    case worker(Int, process: Int, WorkerEvent)
    case launched(Int)
}

/// What happens to one process; dropped where another one runs by then.
enum WorkerEvent {
    case ready
    case wrote(through: UInt64, pendingBytes: Int)
    case verdict(Answer)
    /// What it has acknowledged since the last time is written at once.
    case flush
    case extend(id: UInt64, Interval)
    case pong
    case pause(Interval?)
    case resume
    case exits(isPermanent: Bool)
}

/// A handler's verdict.
enum Answer {
    case ack([UInt64])
    case ackThrough(UInt64)
    case nack(UInt64, Failure)
    case result(UInt64, [FailedRecord])
    /// An id that was never issued.
    case unknownID
    /// A `result` with an index that the batch does not have, or with one twice, or for a message.
    case wrongResult(UInt64, [FailedRecord])
}

/// Offsets on their way to the coordinator.
struct CommitRequest {
    var daemon: Int
    var incarnation: Int
    var token: UInt64
    var entries: [CommitEntry]
    /// Of each entry: which member owned the partition, and for which time, when the daemon sent it.
    var member: Int
    var ownerships: [Int]
    /// Of each entry: which log it speaks of.
    var logs: [Int]
    var fate: Fate

    enum Fate {
        case stored
        /// Neither stored nor good: the coordinator moved, was loading, ...
        case refused
        /// Stored, but the answer never came: the client reports a time-out.
        case storedUnheard
        /// Never arrived: the client reports a time-out.
        case lost
    }
}
