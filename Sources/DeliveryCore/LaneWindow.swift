/// What a delivery's place in its lanes' windows was when its verdict came (`--lane-window` above 1).
struct Window {
    /// Lanes in which an earlier delivery is unanswered: the verdict stands only once that one has succeeded.
    var provisional: [LaneIndex] = []
    /// For each other lane, what is not done and follows the delivery's last record there: it may be answered already.
    var following: [UInt64] = []

    init() {}

    init(of key: DeliveryKey, _ delivery: Delivery, lanes: LaneTable, tracker: PartitionTracker) {
        for lane in delivery.lanes where lanes[lane].live.first != key { provisional.append(lane) }
        for lane in delivery.lanes where !provisional.contains(lane) {
            let last = delivery.sequences.last { tracker[$0]?.lane == lane }
            if let next = last.flatMap({ tracker.following($0) { !$0.isDone } }) { following.append(next) }
        }
    }
}

extension DeliveryMachine {
    /// Where the delivery stands in its lanes; to be asked before it leaves them.
    func window(of key: DeliveryKey) -> Window {
        // With one delivery a lane at a time nothing is ever answered out of turn.
        guard limits.laneWindow > 1, isCurrent(table[key]), let tracker = trackers[table[key].partition] else {
            return Window()
        }
        return Window(of: key, table[key], lanes: lanes, tracker: tracker)
    }

    /// The record's verdict: at once where nothing before it in its lane is unanswered, else for later.
    mutating func resolve(
        _ partition: PartitionIndex, _ sequence: UInt64, _ verdict: ProvisionalVerdict, _ window: Window,
        now: Instant, actions: inout [Action]
    ) {
        if !window.provisional.isEmpty, let lane = trackers[partition]?[sequence]?.lane,
            window.provisional.contains(lane)
        {
            trackers[partition]?.update(sequence) { $0.phase = .answered(verdict) }
            lanes[lane].hasEarlyAnswers = true
        } else {
            _ = conclude(partition, sequence, verdict, now: now, actions: &actions)
        }
    }

    /// Does what the verdict asks for; false where the service stops instead.
    mutating func conclude(
        _ partition: PartitionIndex, _ sequence: UInt64, _ verdict: ProvisionalVerdict, now: Instant,
        actions: inout [Action]
    ) -> Bool {
        switch verdict {
        case .acked: settle(partition, sequence, now: now, actions: &actions)
        case .skipped: skip(partition, sequence, now: now, actions: &actions)
        case .rejected: return giveUp(partition, sequence, .rejected, now: now, actions: &actions)
        }
        return true
    }

    /// What was answered behind a delivery that has now succeeded counts at last.
    mutating func concludeFollowing(
        _ delivery: Delivery, _ window: Window, now: Instant, actions: inout [Action]
    ) {
        for first in window.following {
            var next: UInt64? = first
            while let sequence = next, let record = trackers[delivery.partition]?[sequence] {
                next = trackers[delivery.partition]?.following(sequence) { !$0.isDone }
                switch record.phase {
                case .answered(let verdict):
                    guard conclude(delivery.partition, sequence, verdict, now: now, actions: &actions) else { return }
                case .deadLetter, .settled, .filtered: continue
                case .waiting, .outstanding, .retrying: next = nil
                }
            }
        }
    }

    mutating func skip(_ partition: PartitionIndex, _ sequence: UInt64, now: Instant, actions: inout [Action]) {
        settle(partition, sequence, now: now, actions: &actions)
        counters.skipped += 1
    }
}
