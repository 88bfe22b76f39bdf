/// What has arrived of one assigned partition and is not settled, and the offset that may be committed.
///
/// Records are named by their sequence, which counts arrivals from 0 in each assignment: offsets have gaps (compaction,
/// control records), sequences have none, so that every look-up is an index. All operations are O(1) a record.
struct PartitionTracker {
    /// The assignment to which all of this belongs.
    let epoch: UInt32
    /// Names group and topic in the metadata of commits.
    let identity: UInt64
    /// The lowest offset that is not settled: nothing above it is ever committed.
    private(set) var committable: Int64
    /// The next offset that may arrive; anything lower is a repetition.
    private(set) var position: Int64
    /// Sequence of the oldest record that is kept.
    private(set) var head: UInt64 = 0
    private(set) var unsettled = 0
    private(set) var unsettledBytes = 0
    /// When a record was last settled, or the first one arrived in an empty tracker.
    private(set) var lastProgress: Instant
    /// It was reported that it makes no progress.
    var isStalled = false
    /// Where the end was at the assignment (`--exit-at-end`); nothing from there on is taken.
    let end: Int64?
    private(set) var reachedEnd = false
    /// A record was given back unhandled: neither a later one nor the partition's end may move the offset past it.
    private var isClosed = false
    private var records = Ring<TrackedRecord>()
    /// The next record follows a jump.
    private var hasJumped = false
    /// Settled before this assignment, and not come by yet.
    private var settledBefore: SettledRuns
    /// Records that are settled above one that is not.
    private(set) var settledAbove = 0
    /// Grows each time a record is settled.
    private(set) var version: UInt64 = 0

    init(
        epoch: UInt32, position: Int64, end: Int64?, settled: SettledRuns = SettledRuns(), identity: UInt64 = 0,
        now: Instant
    ) {
        self.epoch = epoch
        self.identity = identity
        committable = position
        self.position = position
        self.end = end
        settledBefore = settled
        lastProgress = now
        reachedEnd = end.map { position >= $0 } ?? false
    }

    /// One past the sequence of the newest record.
    var tail: UInt64 { head + UInt64(records.count) }

    /// The offset of the oldest record that is not settled; where there is none, the committable offset.
    var lowestUnsettled: Int64 { records.first?.offset ?? committable }

    /// Places that are kept for what is done, because something before it is not.
    var keptDone: Int { records.count - unsettled }

    /// Everything up to the end at the assignment is settled.
    var isFinished: Bool { reachedEnd && unsettled == 0 }

    /// Takes nothing more in this assignment.
    mutating func close() { isClosed = true }

    /// Whether the record is wanted: it is no repetition, and does not lie behind the end.
    mutating func wants(_ offset: Int64) -> Bool {
        guard offset >= position, !isClosed else { return false }
        if let end, offset >= end {
            reachedEnd = true
            return false
        }
        return true
    }

    /// Whether the offset was settled before this assignment; offsets are asked for in ascending order.
    mutating func wasSettledBefore(_ offset: Int64) -> Bool {
        !settledBefore.isEmpty && settledBefore.contains(advancingTo: offset)
    }

    /// Takes a record that is wanted, as the newest of its lane; its sequence.
    mutating func arrive(_ record: Record, lane: LaneIndex, now: Instant) -> UInt64 {
        if records.isEmpty { lastProgress = now }
        advance(past: record.offset)
        let sequence = tail
        append(TrackedRecord(offset: record.offset, arrived: now, slot: record.slot, size: record.size, lane: lane))
        unsettled += 1
        unsettledBytes += Int(record.size)
        return sequence
    }

    /// Takes records of one lane from `start` on, each the newest of it, as far as they are of one partition, wanted, and
    /// neither filtered nor settled before; `last` is the lane's newest before them.
    mutating func arrive(
        _ run: Span<Record>, from start: Int, lane: LaneIndex, after last: UInt64?, now: Instant
    ) -> ArrivedRun {
        let first = tail
        var arrived = ArrivedRun(first: first)
        guard !isClosed, !hasJumped, settledBefore.isEmpty else { return arrived }
        let partition = run[start].partition
        let stop = end ?? .max
        var next = position
        var index = start
        if records.isEmpty { lastProgress = now }
        while index < run.count {
            let record = run[index]
            guard record.partition == partition, record.offset >= next, record.offset < stop, !record.isFiltered else {
                break
            }
            next = record.offset + 1
            index += 1
            records.append(
                TrackedRecord(
                    offset: record.offset, arrived: now, slot: record.slot, size: record.size, lane: lane,
                    next: first + UInt64(index - start)))
            arrived.bytes += Int(record.size)
        }
        arrived.count = index - start
        guard arrived.count > 0 else { return arrived }
        // The newest has none after it.
        records.update(records.count - 1) { $0.next = 0 }
        if let last { update(last) { $0.next = first } }
        position = next
        if next >= stop { reachedEnd = true }
        unsettled += arrived.count
        unsettledBytes += arrived.bytes
        return arrived
    }

    /// Passes a record that nobody is to handle: filtered out, or settled before.
    mutating func pass(_ record: Record, isFiltered: Bool, now: Instant) {
        advance(past: record.offset)
        guard !records.isEmpty else {
            committable = position
            lastProgress = now
            return
        }
        var passed = TrackedRecord(
            offset: record.offset, arrived: now, slot: record.slot, size: 0, lane: LaneIndex(value: 0))
        passed.phase = isFiltered ? .filtered : .settled
        append(passed)
        // What was settled before is no news: the broker has it from the commit of then.
        if !isFiltered { settledAbove += 1 }
    }

    private mutating func append(_ record: TrackedRecord) {
        records.append(record)
        if hasJumped { records.update(records.count - 1) { $0.followsJump = true } }
        hasJumped = false
    }

    /// The log has lost the position: reading goes on at `offset`, ahead of it.
    mutating func jump(to offset: Int64) {
        reachEnd(at: offset)
        hasJumped = true
    }

    private mutating func advance(past offset: Int64) {
        position = offset + 1
        if let end, position >= end { reachedEnd = true }
    }

    /// The partition was read up to `offset`, past control records that never arrive.
    mutating func reachEnd(at offset: Int64) {
        if isClosed { return }
        position = max(position, min(offset, end ?? offset))
        if records.isEmpty { committable = position }
        if let end, position >= end { reachedEnd = true }
    }

    subscript(sequence: UInt64) -> TrackedRecord? {
        @inline(__always) get { sequence >= head ? records[Int(sequence - head)] : nil }
    }

    @inline(__always)
    mutating func update(_ sequence: UInt64, _ change: (inout TrackedRecord) -> Void) {
        guard sequence >= head else { return }
        records.update(Int(sequence - head), change)
    }

    /// The next record of the same lane that fulfils the condition, or nil where none has arrived. What is done may be
    /// dropped at any time, and the way to what comes after it with it: never keep the sequence of such a record.
    @inline(__always)
    func following(_ sequence: UInt64, where condition: (TrackedRecord) -> Bool) -> UInt64? {
        var record = self[sequence]
        while let next = record?.next, next > 0 {
            record = self[next]
            if let record, condition(record) { return next }
        }
        return nil
    }

    /// Appends to `run` what goes next of a lane from `cursor` on: records that wait, up to the first that must go alone, or
    /// with others, or is too many; their bytes. The first of all goes whatever its size.
    func gather(
        from cursor: UInt64, atMost room: Int, bytes most: Int, isFirst: Bool, into run: inout [UInt64]
    ) -> Int {
        var (bytes, taken) = (0, 0)
        var group: UInt32?
        var sequence = cursor
        while taken < room, let record = self[sequence] {
            if record.phase == .waiting {
                let isEnd =
                    record.isSuspect || bytes + Int(record.size) > most || group.map { $0 != record.group } == true
                if isEnd, !(isFirst && taken == 0) { break }
                bytes += Int(record.size)
                group = record.group
                run.append(sequence)
                taken += 1
            }
            guard record.next > 0 else { break }
            sequence = record.next
        }
        return bytes
    }

    /// Hands the next records of a lane to a worker, each as a delivery of its own: from `cursor` on those that wait, up to
    /// the first that must go alone, or is too many; the first goes whatever its size. Appends them to `run`.
    mutating func handOut(from cursor: UInt64, atMost room: Int, bytes most: Int, into run: inout [UInt64]) -> HandedOut
    {
        var handed = HandedOut()
        var next: UInt64? = cursor
        while let sequence = next, sequence >= head, handed.next == nil {
            let isFirst = run.isEmpty
            let isFull = run.count >= room
            var goesOn = false
            records.update(Int(sequence - head)) { record in
                next = record.next > 0 ? record.next : nil
                goesOn = true
                guard record.phase == .waiting else { return }
                if isFull || !isFirst && (record.isSuspect || handed.bytes + Int(record.size) > most) {
                    handed.next = sequence
                    return
                }
                record.phase = .outstanding
                handed.bytes += Int(record.size)
                if record.wasDelivered { handed.redelivered += 1 }
                run.append(sequence)
            }
            if !goesOn { break }
        }
        return handed
    }

    /// How far the records of `run` from `start` on are of the lane, and what of them is not before `cursor`.
    func stretch(of run: [UInt64], from start: Int, lane: LaneIndex, cursor: UInt64) -> (end: Int, fresh: Stretch) {
        var fresh = Stretch()
        var index = start
        while index < run.count, let record = self[run[index]], record.lane == lane {
            if run[index] >= cursor {
                fresh.records += 1
                fresh.bytes += Int(record.size)
                fresh.last = run[index]
            }
            index += 1
        }
        return (index, fresh)
    }

    /// The records, which wait, are handed to a worker; their bytes, and how many of them may have been handled before.
    mutating func handOver(_ sequences: [UInt64]) -> (bytes: Int, redelivered: Int) {
        var (bytes, redelivered) = (0, 0)
        for sequence in sequences where sequence >= head {
            records.update(Int(sequence - head)) { record in
                record.phase = .outstanding
                bytes += Int(record.size)
                if record.wasDelivered { redelivered += 1 }
            }
        }
        return (bytes, redelivered)
    }

    /// Marks records as done, appends their slots, and moves the committable offset over everything that is done without a
    /// hole; how many they were, and their bytes.
    mutating func settle(
        _ sequences: [UInt64], now: Instant, slots: inout [RecordSlot]
    ) -> (records: Int, bytes: Int) {
        var (count, bytes) = (0, 0)
        for sequence in sequences where sequence >= head {
            records.update(Int(sequence - head)) { record in
                guard !record.isDone else { return }
                record.phase = .settled
                count += 1
                bytes += Int(record.size)
                slots.append(record.slot)
            }
        }
        if count > 0 { noteSettled(count, bytes: bytes, now: now) }
        return (count, bytes)
    }

    /// Marks a record as done and moves the committable offset over everything that is done without a hole.
    mutating func settle(_ sequence: UInt64, now: Instant) {
        guard let record = self[sequence], !record.isDone else { return }
        update(sequence) { $0.phase = .settled }
        noteSettled(1, bytes: Int(record.size), now: now)
    }

    private mutating func noteSettled(_ count: Int, bytes: Int, now: Instant) {
        unsettled -= count
        unsettledBytes -= bytes
        settledAbove += count
        version += UInt64(count)
        lastProgress = now
        while let oldest = records.first, oldest.isDone {
            if oldest.phase == .settled { settledAbove -= 1 }
            records.dropFirst()
            head += 1
        }
        committable = records.first?.offset ?? position
    }

    /// Every record that is kept and not settled, oldest first.
    func forEachUnsettled(_ body: (UInt64, TrackedRecord) -> Void) {
        for distance in 0..<records.count {
            if let record = records[distance], !record.isDone { body(head + UInt64(distance), record) }
        }
    }

    /// Where the bytes of what is not settled wait.
    var unsettledSlots: [RecordSlot] {
        var slots: [RecordSlot] = []
        forEachUnsettled { _, record in slots.append(record.slot) }
        return slots
    }

    /// What is settled above the committable offset. What was filtered is no news, but joins what lies around it.
    var settledRuns: SettledRuns {
        var runs = SettledRuns()
        var run: ClosedRange<Int64>?
        for distance in 0..<(settledAbove > 0 ? records.count : 0) {
            guard let record = records[distance] else { continue }
            if record.followsJump, let closed = run {
                runs.append(closed)
                run = nil
            }
            switch record.phase {
            case .settled: run = (run?.lowerBound ?? record.offset)...record.offset
            case .filtered: break
            default:
                if let run { runs.append(run) }
                run = nil
            }
        }
        if let run { runs.append(run) }
        runs.append(contentsOf: settledBefore)
        return runs
    }
}
