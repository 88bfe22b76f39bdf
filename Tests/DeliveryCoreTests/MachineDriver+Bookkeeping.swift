import Testing

@testable import DeliveryCore

extension MachineDriver {
    /// Every unsettled record is where something will move it on: nothing stands still for good.
    func expectNoStandstill(sourceLocation: SourceLocation = #_sourceLocation) {
        for complaint in machine.standstills() + machine.miscounts() {
            Issue.record("\(complaint)", sourceLocation: sourceLocation)
        }
    }
}

extension DeliveryMachine {
    private var liveKeys: [DeliveryKey] {
        workers.flatMap { worker in worker.liveIDs.compactMap { worker.key(of: $0) } }
    }

    // MARK: What nothing would ever move on

    /// Records for which nothing is under way, no time is set, and no queue has a place. To be asked after a turn.
    mutating func standstills() -> [String] {
        guard drain == nil else { return [] }
        var complaints: [String] = []
        let live = liveKeys
        for partition in trackers.partitions {
            guard let tracker = trackers[partition] else { continue }
            if let source = sources[partition], !source.ready.isEmpty, !source.isQueued, !source.isLingering {
                complaints.append("partition \(partition.value) has ready lanes and stands in no queue")
            }
            tracker.forEachUnsettled { sequence, record in
                let reference = RecordReference(
                    partition: partition, epoch: tracker.epoch, sequence: sequence, lane: record.lane)
                if let why = standstill(reference, record, live) {
                    complaints.append("\(partition.value)@\(record.offset) (\(record.phase)): \(why)")
                }
            }
        }
        return complaints
    }

    private mutating func standstill(_ reference: RecordReference, _ record: TrackedRecord, _ live: [DeliveryKey])
        -> String?
    {
        switch record.phase {
        case .outstanding:
            let isHeldByWorker = live.contains {
                isCurrent(table[$0]) && table[$0].partition == reference.partition
                    && table[$0].sequences.contains(reference.sequence)
            }
            return isHeldByWorker ? nil : "no delivery holds it"
        case .answered:
            return lanes[record.lane].live.isEmpty ? "nothing before it is unanswered" : nil
        case .deadLetter:
            let letter = deadLetters.entries.values.first { $0.reference == reference }
            guard let letter else { return "it has no letter" }
            return letter.isWriting || deadLetters.nextDue != nil ? nil : "its letter is not written"
        case .retrying:
            return retries.nextDue == nil ? "no retry is due" : nil
        case .waiting:
            return policy.order == .none ? loneStandstill(reference, record) : laneStandstill(record.lane)
        case .settled, .filtered: return nil
        }
    }

    private mutating func laneStandstill(_ index: LaneIndex) -> String? {
        let lane = lanes[index]
        if lane.partition.value < 0 { return "its lane was given up" }
        if !lane.live.isEmpty || isHeld(lane.partition) { return nil }
        switch lane.place {
        case .source:
            let ready = sources[lane.partition]?.ready ?? Ring()
            return (0..<ready.count).contains { ready[$0] == index } ? nil : "its lane is not among the ready ones"
        case .suspects:
            return (0..<suspects.count).contains { suspects[$0]?.lane == index } ? nil : "its lane is no suspect's"
        case .nowhere: break
        }
        if lane.resumesAt != nil { return retries.nextDue == nil ? "its lane waits for a retry that is not due" : nil }
        if lane.deadLetters > 0 { return nil }
        if lane.lateExecutions > 0 {
            return liveKeys.contains { !isCurrent(table[$0]) } ? nil : "its lane waits for nobody"
        }
        return """
            its lane stands nowhere (waiting \(lane.waiting), rewinding \(lane.isRewinding), \
            cursor \(lane.cursor.map { "\($0)" } ?? "none"), last \(lane.last.map { "\($0)" } ?? "none"), kept \
            \(trackers[lane.partition].map { "\($0.head)..<\($0.tail)" } ?? "none"))
            """
    }

    private mutating func loneStandstill(_ reference: RecordReference, _ record: TrackedRecord) -> String? {
        if isHeld(reference.partition) { return nil }
        if let cursor = lanes[record.lane].cursor, reference.sequence >= cursor {
            return lanes[record.lane].place == .source ? nil : "fresh, and its partition is not ready"
        }
        let queue = record.isSuspect ? suspects : dueRetries
        let isQueued = (0..<queue.count).contains { queue[$0] == reference }
        return isQueued ? nil : "it stands in no queue"
    }

    // MARK: What does not add up

    /// Numbers that are kept beside what they count.
    func miscounts() -> [String] {
        var complaints: [String] = []
        func compare(_ kept: Int, _ counted: Int, _ what: String) {
            if kept != counted { complaints.append("\(what): \(kept) kept, \(counted) counted") }
        }
        var unsettledOf: [LaneIndex: Int] = [:]
        var waitingOf: [LaneIndex: Int] = [:]
        var lettersOf: [LaneIndex: Int] = [:]
        for partition in trackers.partitions {
            trackers[partition]?.forEachUnsettled { sequence, record in
                unsettledOf[record.lane, default: 0] += 1
                if record.phase == .deadLetter { lettersOf[record.lane, default: 0] += 1 }
                let isAhead = lanes[record.lane].cursor.map { sequence >= $0 } ?? false
                if record.phase == .waiting, isAhead { waitingOf[record.lane, default: 0] += 1 }
            }
        }
        compare(unsettled, unsettledOf.values.reduce(0, +), "unsettled records")
        for partition in trackers.partitions {
            for lane in lanes.lanes(of: partition) {
                let name = "lane \(lane.value) of partition \(partition.value)"
                compare(lanes[lane].unsettled, unsettledOf[lane] ?? 0, "unsettled of \(name)")
                if let cursor = lanes[lane].cursor, trackers[partition]?[cursor]?.phase != .waiting {
                    complaints.append("the cursor of \(name) is at a record that does not wait")
                }
                compare(lanes[lane].waiting, waitingOf[lane] ?? 0, "waiting of \(name)")
                compare(lanes[lane].deadLetters, lettersOf[lane] ?? 0, "letters of \(name)")
            }
            let ready =
                sources[partition].map { source in (0..<source.ready.count).compactMap { source.ready[$0] } } ?? []
            compare(sources[partition]?.readyRecords ?? 0, ready.reduce(0) { $0 + lanes[$1].waiting }, "ready records")
            compare(sources[partition]?.readyBytes ?? 0, ready.reduce(0) { $0 + lanes[$1].waitingBytes }, "ready bytes")
            let held = deadLetters.entries.values.count { !$0.isWriting && $0.reference.partition == partition }
            compare(sources[partition]?.heldLetters ?? 0, held, "held letters of partition \(partition.value)")
        }
        for worker in workers {
            let held = worker.liveIDs.compactMap { worker.key(of: $0) }.reduce(0) { $0 + table[$1].count }
            compare(worker.unansweredRecords, held, "records with a worker")
        }
        compare(table.count, workers.reduce(0) { $0 + $1.live }, "deliveries")
        let late = trackers.partitions.flatMap { lanes.lanes(of: $0) }.reduce(0) { $0 + lanes[$1].lateExecutions }
        if late == 0, unsettled == 0, suspects.isEmpty, liveKeys.isEmpty { compare(lanes.keys, 0, "lanes of keys") }
        return complaints
    }
}
