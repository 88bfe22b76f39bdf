/// Which partitions are paused so that one that is stuck does not keep the others' records from being taken.
///
/// All partitions share one queue and one window. While every partition has work the window alone bounds memory. When the
/// window is full, some partition has nothing, and another one has settled nothing for a while (it waits for a retry, or
/// for a slow handler), the stuck one is paused at Kafka and its backlog no longer counts against the window; the window of
/// the others shrinks as the paused backlog grows, so that all of it together stays below twice the records and one and a
/// half times the bytes, plus a fair share for each partition. A pause drops nothing that has arrived, so that fetching goes
/// on at the right place without a seek.
struct Backpressure {
    struct Window: Equatable {
        var records: Int
        var bytes: Int
    }

    private(set) var paused: Set<PartitionIndex> = []
    /// What the paused partitions hold, as counted at the last review.
    var pausedRecords = 0
    var pausedBytes = 0
    var nextReview: Instant?

    /// What the partitions that flow may hold together, of `total`.
    @inline(__always)
    func window(_ total: Window) -> Window { pausedRecords > 0 ? shrunk(total) : total }

    @inline(never)
    private func shrunk(_ total: Window) -> Window {
        let records = (2 * total.records - pausedRecords) / 2
        let bytes = (total.bytes / 2 * 3 - pausedBytes) / 2
        return Window(
            records: min(total.records, max(records, share(total.records))),
            bytes: min(total.bytes, max(bytes, share(total.bytes))))
    }

    mutating func pause(_ partition: PartitionIndex) { paused.insert(partition) }

    mutating func forget(_ partition: PartitionIndex) { paused.remove(partition) }

    /// What one partition may always hold, however many others are paused.
    private func share(_ total: Int) -> Int { max(1, total / max(16, paused.count * 2)) }
}

extension DeliveryMachine {
    /// What the partitions that flow may hold together now.
    @inline(__always)
    var window: Backpressure.Window {
        // The two numbers and not the limits, which would be copied as a whole.
        backpressure.window(.init(records: limits.maxTotalInFlight, bytes: limits.maxInFlightBytes))
    }

    /// How long a full window is left alone before partitions are looked at again.
    private var reviewInterval: Interval { .milliseconds(100) }

    /// Places that one partition may keep for what is settled behind something that is not: they cost a few
    /// dozen bytes each, so there may be more of them than records in flight.
    private var keptLimit: Int { max(64, 16 * limits.maxTotalInFlight / max(1, trackers.count)) }

    /// One record that stays unanswered lets any number after it be settled (without partition order) or passed (filters),
    /// and all of them are kept until it is: at the limit its partition pauses.
    mutating func pauseIfTooManyAreKept(_ partition: PartitionIndex, now: Instant, actions: inout [Action]) {
        guard let kept = trackers.update(partition, { $0.keptDone }), kept >= keptLimit,
            !backpressure.paused.contains(partition)
        else { return }
        backpressure.pause(partition)
        backpressure.nextReview = now + reviewInterval
        actions.append(.pause(partition))
        actions.append(.notice(.partitionPaused(partition, backlog: kept)))
        countPaused()
    }

    /// Pauses partitions that are stuck while others have nothing, and resumes those whose backlog is small again.
    mutating func reviewBackpressure(now: Instant, actions: inout [Action]) {
        if let next = backpressure.nextReview, now < next { return }
        resumeDrained(actions: &actions)
        guard recordBudget == 0, drain == nil, trackers.count > 1 else {
            backpressure.nextReview = backpressure.paused.isEmpty ? nil : now + reviewInterval
            return
        }
        backpressure.nextReview = now + reviewInterval
        guard trackers.contains({ $1.unsettled == 0 && !backpressure.paused.contains($0) }) else { return }
        // With all that flow stuck, at least one holds more than its share of what may flow: never nobody is paused.
        let window = window
        let flowing = max(1, trackers.count - backpressure.paused.count)
        let fairShare = min(limits.maxTotalInFlight / trackers.count, window.records / flowing)
        let fairBytes = min(limits.maxInFlightBytes / trackers.count, window.bytes / flowing)
        for partition in trackers.partitions {
            guard let tracker = trackers[partition], !backpressure.paused.contains(partition),
                now - tracker.lastProgress >= limits.stuckAfter,
                tracker.unsettled > fairShare || tracker.unsettledBytes > fairBytes
            else { continue }
            backpressure.pause(partition)
            actions.append(.pause(partition))
            // What is left of it may wait for long, and each record would keep the block that it came in.
            tracker.forEachUnsettled { _, record in actions.append(.copyOut(record.slot)) }
            actions.append(.notice(.partitionPaused(partition, backlog: tracker.unsettled)))
        }
        countPaused()
    }

    private mutating func resumeDrained(actions: inout [Action]) {
        guard !backpressure.paused.isEmpty else { return }
        for partition in backpressure.paused.sorted() {
            guard let tracker = trackers[partition] else {
                backpressure.forget(partition)
                continue
            }
            let half = max(1, limits.maxTotalInFlight / trackers.count / 2)
            let halfBytes = max(1, limits.maxInFlightBytes / trackers.count / 2)
            if tracker.unsettled < half, tracker.unsettledBytes < halfBytes, tracker.keptDone <= keptLimit / 2 {
                backpressure.forget(partition)
                actions.append(.resume(partition))
                actions.append(.notice(.partitionResumed(partition)))
            }
        }
        countPaused()
    }

    mutating func countPaused() {
        backpressure.pausedRecords = backpressure.paused.reduce(0) { $0 + (trackers[$1]?.unsettled ?? 0) }
        backpressure.pausedBytes = backpressure.paused.reduce(0) { $0 + (trackers[$1]?.unsettledBytes ?? 0) }
    }
}
