import DeliveryCore

/// A record in the log, and whether anybody has done it.
struct LoggedRecord {
    /// What lies in the record itself, and meets the handler again at each attempt.
    enum Nature {
        case ordinary
        /// Brings its handler down.
        case poison
        /// Fails with `retry`.
        case failing
        /// Fails with `reject`.
        case rejected
        /// Has no encoding in the form that was asked for.
        case notEncodable
    }

    var offset: Int64
    var keyHash: UInt64?
    var isFiltered: Bool
    var nature: Nature
    var size: Int32
    /// Settled by somebody, and not asked for again since.
    var isDone: Bool
    /// An operator's policy passed over it: nobody has to commit it.
    var isGivenUp = false
}

/// One partition of the topic: a log with gaps, and where the group stands in it.
struct PartitionLog {
    private(set) var records: [LoggedRecord] = []
    /// The lowest offset that can be fetched, and the one that the next record will have.
    private(set) var start: Int64 = 0
    private(set) var end: Int64 = 0
    /// Another one where records were cut off: what was known of offsets from there on is void.
    private(set) var incarnation = 0
    var committed: Int64?
    var metadata: [UInt8] = []

    mutating func append(_ record: LoggedRecord, gap: Int64) {
        var record = record
        record.offset = end
        records.append(record)
        end += 1 + gap
    }

    /// The place of the first record at or after the offset.
    func place(atOrAfter offset: Int64) -> Int {
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func record(at offset: Int64) -> LoggedRecord? {
        let place = place(atOrAfter: offset)
        return place < records.count && records[place].offset == offset ? records[place] : nil
    }

    mutating func markDone(_ offset: Int64) {
        let place = place(atOrAfter: offset)
        if place < records.count, records[place].offset == offset { records[place].isDone = true }
    }

    /// Everything in the range is given up by an operator's policy.
    mutating func giveUp(from offset: Int64, to end: Int64) {
        for place in place(atOrAfter: offset)..<max(place(atOrAfter: offset), place(atOrAfter: end)) {
            records[place].isDone = true
            records[place].isGivenUp = true
        }
    }

    /// Everything is done, and the group will not begin before anything that was not given up.
    var isCommitted: Bool {
        firstUndone(before: .max) == nil
            && records.last { !$0.isGivenUp }.map { $0.offset < committed ?? 0 } ?? true
    }

    /// The oldest records are deleted (retention).
    mutating func deleteHead(before offset: Int64) {
        start = max(start, min(offset, end))
        records.removeFirst(place(atOrAfter: start))
    }

    /// The newest records are lost (a leader without them was elected), or all of them (the topic was made anew).
    mutating func truncate(to offset: Int64) {
        guard offset < end else { return }
        end = max(offset, 0)
        start = min(start, end)
        records.removeLast(records.count - place(atOrAfter: end))
        incarnation += 1
        guard let committed else { return }
        // The text that is left speaks of another offset; a text for the same one could not know that records were lost.
        if committed > end { self.committed = end } else { metadata = [] }
    }

    /// An operator sets the group's offset back: everything from there on is to be done again.
    mutating func rewind(to offset: Int64) {
        committed = offset
        for place in place(atOrAfter: offset)..<records.count { unDo(place) }
    }

    private mutating func unDo(_ place: Int) {
        records[place].isDone = false
        records[place].isGivenUp = false
    }

    /// The first record in the range that nobody has done.
    func firstUndone(in range: ClosedRange<Int64>) -> Int64? {
        var place = place(atOrAfter: range.lowerBound)
        while place < records.count, records[place].offset <= range.upperBound {
            if !records[place].isDone { return records[place].offset }
            place += 1
        }
        return nil
    }

    /// The first record below the offset that nobody has done.
    func firstUndone(before offset: Int64) -> Int64? {
        for record in records {
            if record.offset >= offset { return nil }
            if !record.isDone { return record.offset }
        }
        return nil
    }
}
