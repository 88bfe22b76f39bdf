/// When partitions are looked at next for whether they make progress (promise 9).
struct StallWatch {
    var nextLook: Instant?
}

extension DeliveryMachine {
    /// Partitions that hold records and have settled none for `--stall-timeout`: while there is one, the service does not do its work.
    package var stalledPartitions: [PartitionIndex] {
        trackers.partitions.filter { trackers[$0]?.isStalled == true }
    }

    /// Reports partitions that make no progress; looks at all of them only when one may be over its time.
    mutating func watchProgress(now: Instant, actions: inout [Action]) {
        let timeout = limits.stallTimeout
        guard timeout > .zero, drain == nil, stalls.nextLook.map({ $0 <= now }) ?? true else { return }
        var next = now + timeout
        for partition in trackers.partitions {
            guard let tracker = trackers[partition], tracker.unsettled > 0, !tracker.isStalled else { continue }
            let due = tracker.lastProgress + timeout
            guard due <= now else {
                next = min(next, due)
                continue
            }
            trackers[partition]?.isStalled = true
            actions.append(
                .notice(
                    .stalled(
                        partition, offset: tracker.lowestUnsettled, unsettled: tracker.unsettled,
                        since: now - tracker.lastProgress)))
        }
        // Many partitions whose times are close together are looked at together.
        stalls.nextLook = max(next, now + Interval(nanoseconds: timeout.nanoseconds / 50))
    }

    /// The partition has settled something, or is given up.
    mutating func endStall(_ partition: PartitionIndex, actions: inout [Action]) {
        guard trackers.update(partition, { $0.isStalled }) == true else { return }
        trackers[partition]?.isStalled = false
        actions.append(.notice(.progressing(partition)))
    }

    var stallDeadline: Instant? {
        guard limits.stallTimeout > .zero, drain == nil, unsettled > 0 else { return nil }
        return stalls.nextLook
    }
}
