/// Names a lane in the table; a free place is given to another lane.
struct LaneIndex: Hashable {
    var value: Int32
}

/// The order of a partition, or of one key in it: its records as a chain through the tracker, what of them is unanswered,
/// and what its next delivery waits for. With order `none` it only holds what was never delivered.
struct Lane {
    /// Where a lane stands while it waits for its turn.
    enum Place {
        case nowhere
        /// Among the ready lanes of its source.
        case source
        /// Among the suspects.
        case suspects
    }

    var partition: PartitionIndex
    /// Nil for the lane of records without a key, and with order `partition`: it is never given up.
    var keyHash: UInt64?
    /// Sequence of the next record to be delivered, which waits; nil where none does.
    var cursor: UInt64?
    /// Sequence of the newest record; nil before the first one.
    var last: UInt64?
    /// Records that wait from the cursor on, and their bytes.
    var waiting = 0
    var waitingBytes = 0
    /// Records of the current assignment that are not settled.
    var unsettled = 0

    /// Deliveries of the current assignment that a worker has not let go of, in lane order; all with one worker. Empty with
    /// order `none`.
    var live = Ring<DeliveryKey>()
    /// A delivery that was not the first of `live` was answered since `live` was last empty.
    var hasEarlyAnswers = false
    /// A delivery failed, or its time is over, and not all are let go of: nothing is delivered until they are.
    var isRewinding = false
    /// It stands in the queue of its worker, or of its source, for the window to be filled further.
    var awaitsRoom = false
    /// Its first record waits in the retry schedule until then.
    var resumesAt: Instant?
    /// Dead letters that are not confirmed: the lane waits for them.
    var deadLetters = 0
    /// Executions of an older assignment that a worker has not let go of: nothing is delivered meanwhile.
    var lateExecutions = 0

    var place = Place.nowhere
    /// Where its last delivery went: handlers may keep state for what they saw before.
    var preferredWorker: WorkerIndex?

    init(partition: PartitionIndex, keyHash: UInt64?) {
        self.partition = partition
        self.keyHash = keyHash
    }

    /// Records arrived, which are its newest.
    mutating func take(_ run: ArrivedRun) {
        last = run.first + UInt64(run.count) - 1
        if cursor == nil { cursor = run.first }
        unsettled += run.count
        waiting += run.count
        waitingBytes += run.bytes
    }

    /// Its next records were handed to a worker.
    mutating func handedOut(_ handed: HandedOut, records: Int) {
        cursor = handed.next
        waiting -= records
        waitingBytes -= handed.bytes
    }

    /// The assignment is over; late executions stay, and the place among the waiting is found empty later.
    mutating func restart() {
        cursor = nil
        last = nil
        waiting = 0
        waitingBytes = 0
        unsettled = 0
        live.removeAll()
        hasEarlyAnswers = false
        isRewinding = false
        awaitsRoom = false
        resumesAt = nil
        deadLetters = 0
    }

    /// Nothing refers to it and nothing is known of it.
    @inline(__always)
    var isIdle: Bool { unsettled == 0 && live.isEmpty && lateExecutions == 0 && place == .nowhere }
}

/// All lanes of a service: one for each partition, and with order `key` one for each key that has a record in it.
struct LaneTable {
    private struct Key: Hashable {
        var partition: PartitionIndex
        var hash: UInt64
    }

    private var lanes: [Lane] = []
    private var free: [LaneIndex] = []
    private var byPartition = PartitionMap<LaneIndex>()
    private var byKey: [Key: LaneIndex] = [:]

    subscript(index: LaneIndex) -> Lane {
        @inline(__always) get { lanes[Int(index.value)] }
        @inline(__always) _modify { yield &lanes[Int(index.value)] }
    }

    /// Lanes of keys that are known now.
    var keys: Int { byKey.count }

    /// The lane of a whole partition, or of its records without a key.
    mutating func lane(of partition: PartitionIndex) -> LaneIndex {
        if let known = byPartition[partition] { return known }
        let index = insert(Lane(partition: partition, keyHash: nil))
        byPartition[partition] = index
        return index
    }

    /// The lane of a key.
    mutating func lane(of partition: PartitionIndex, keyHash: UInt64) -> LaneIndex {
        let key = Key(partition: partition, hash: keyHash)
        if let known = byKey[key] { return known }
        let index = insert(Lane(partition: partition, keyHash: keyHash))
        byKey[key] = index
        return index
    }

    /// The lanes of a partition, in the order of their places.
    func lanes(of partition: PartitionIndex) -> [LaneIndex] {
        lanes.indices.compactMap {
            lanes[$0].partition == partition && !isFree($0) ? LaneIndex(value: Int32($0)) : nil
        }
    }

    /// Gives up the lane of a key that has nothing any more.
    mutating func releaseIfIdle(_ index: LaneIndex) {
        guard let hash = self[index].keyHash, !isFree(Int(index.value)), self[index].isIdle else { return }
        byKey[Key(partition: self[index].partition, hash: hash)] = nil
        self[index].partition = PartitionIndex(-1)
        free.append(index)
    }

    private func isFree(_ place: Int) -> Bool { lanes[place].partition.value < 0 }

    private mutating func insert(_ lane: Lane) -> LaneIndex {
        guard let reused = free.popLast() else {
            lanes.append(lane)
            return LaneIndex(value: Int32(lanes.count - 1))
        }
        // The array of the old lane is reused: a lane that comes and goes with each record allocates nothing.
        var live = self[reused].live
        live.removeAll()
        self[reused] = lane
        self[reused].live = live
        return reused
    }
}
