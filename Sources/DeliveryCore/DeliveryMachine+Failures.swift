extension DeliveryMachine {
    // MARK: What failed

    /// A delivery that failed as a whole.
    mutating func fail(
        _ delivery: Delivery, all failure: Failure, _ window: Window, now: Instant, actions: inout [Action]
    ) {
        switch failure.action {
        case .skip:
            for sequence in delivery.sequences {
                resolve(delivery.partition, sequence, .skipped, window, now: now, actions: &actions)
            }
        case .reject:
            if stopsAtRejected {
                redeliver(delivery, now: now, actions: &actions)
                guard let first = delivery.sequences.first else { return }
                _ = giveUp(delivery.partition, first, .rejected, now: now, actions: &actions)
                return
            }
            for sequence in delivery.sequences {
                resolve(delivery.partition, sequence, .rejected, window, now: now, actions: &actions)
            }
        case .retry where policy.bisects && delivery.count > 1:
            bisect(delivery, after: failure.delay, now: now, actions: &actions)
        case .retry:
            for sequence in delivery.sequences { charge(delivery.partition, sequence) }
            redeliver(delivery, after: .failure(failure.delay), now: now, actions: &actions)
        case .release:
            redeliver(delivery, after: .failure(failure.delay), isCharged: false, now: now, actions: &actions)
        }
    }

    /// A batch some of whose records failed. In an ordered mode everything of a lane from its first retry or release on is
    /// delivered again, listed or not, and only that first one is charged; in order `none` each record stands alone.
    mutating func settlePartly(
        _ delivery: Delivery, _ failed: [FailedRecord], _ window: Window, now: Instant, actions: inout [Action]
    ) {
        let partition = delivery.partition
        var failures = failed[...]
        var rewound: LaneIndex?
        for (index, sequence) in delivery.sequences.enumerated() {
            let failure = failures.first?.index == index ? failures.popFirst()?.failure : nil
            guard let lane = trackers[partition]?[sequence]?.lane, rewound != lane else { continue }
            switch failure?.action {
            case nil: resolve(partition, sequence, .acked, window, now: now, actions: &actions)
            case .skip?: resolve(partition, sequence, .skipped, window, now: now, actions: &actions)
            case .reject? where stopsAtRejected:
                setBack(partition, sequence, lane, &rewound, now: now, actions: &actions)
                _ = giveUp(partition, sequence, .rejected, now: now, actions: &actions)
            case .reject?: resolve(partition, sequence, .rejected, window, now: now, actions: &actions)
            case .retry?:
                charge(partition, sequence)
                retry(
                    delivery, at: index, lane, after: failure?.delay, &rewound, now: now, actions: &actions)
            case .release?:
                setBack(partition, sequence, lane, &rewound, now: now, actions: &actions)
                wait(partition, sequence, charged: 0, after: failure?.delay, now: now, actions: &actions)
            }
        }
    }

    /// Rejecting a record stops the service: there is nowhere to put it.
    private var stopsAtRejected: Bool { !policy.hasDeadLetters && policy.onExhausted != .skip }

    /// A record of a batch failed and is charged: delivered again with what follows in its lane, or given up, and then what
    /// follows goes on without it, for the handler has stopped at it.
    private mutating func retry(
        _ delivery: Delivery, at index: Int, _ lane: LaneIndex, after delay: Interval?,
        _ rewound: inout LaneIndex?, now: Instant, actions: inout [Action]
    ) {
        let partition = delivery.partition
        let sequence = delivery.sequences[index]
        guard isExhausted(partition, sequence) else {
            setBack(partition, sequence, lane, &rewound, now: now, actions: &actions)
            wait(partition, sequence, charged: 1, after: delay, now: now, actions: &actions)
            return
        }
        if policy.order != .none {
            rewound = lane
            if let next = delivery.sequences[(index + 1)...].first, trackers[partition]?[next]?.lane == lane {
                rewind(lane, to: next, now: now, actions: &actions)
                sources[partition]?.skipsLinger = true
            }
        }
        if !giveUp(partition, sequence, .exhausted, now: now, actions: &actions), policy.order != .none {
            rewind(lane, to: sequence, now: now, actions: &actions)
        }
    }

    /// The record, and what follows in its lane, waits to be delivered again.
    private mutating func setBack(
        _ partition: PartitionIndex, _ sequence: UInt64, _ lane: LaneIndex, _ rewound: inout LaneIndex?,
        unwritten: ArraySlice<UInt64> = [], now: Instant, actions: inout [Action]
    ) {
        if unwritten.isEmpty { trackers[partition]?.update(sequence) { $0.wasDelivered = true } }
        if policy.order == .none {
            trackers[partition]?.update(sequence) { $0.phase = .retrying }
        } else {
            rewound = lane
            rewind(lane, to: sequence, unwritten: unwritten, now: now, actions: &actions)
        }
    }

    mutating func charge(_ partition: PartitionIndex, _ sequence: UInt64) {
        trackers[partition]?.update(sequence) { $0.charges += 1 }
        counters.failedAttempts += 1
    }

    private func isExhausted(_ partition: PartitionIndex, _ sequence: UInt64) -> Bool {
        guard let most = policy.maxAttempts, let record = trackers[partition]?[sequence] else { return false }
        return Int(record.charges) >= most
    }

    /// Halves a batch that failed as a whole, uncharged: each half goes on its own, until the culprit is alone.
    private mutating func bisect(
        _ delivery: Delivery, after delay: Interval?, now: Instant, actions: inout [Action]
    ) {
        let half = (delivery.count + 1) / 2
        for (index, sequence) in delivery.sequences.enumerated() {
            trackers[delivery.partition]?.update(sequence) { $0.group = nextGroup &+ (index < half ? 0 : 1) }
        }
        nextGroup = nextGroup < .max - 4 ? nextGroup + 2 : 1
        let offset = delivery.sequences.first.flatMap { trackers[delivery.partition]?[$0]?.offset } ?? 0
        actions.append(.notice(.bisected(delivery.partition, offset: offset, records: delivery.count)))
        let wait: Redelivery = delay.map { .failure($0) } ?? .atOnce
        redeliver(delivery, after: wait, isCharged: false, now: now, actions: &actions)
    }

    // MARK: Delivering again

    /// When a delivery's records are handed over again.
    enum Redelivery: Equatable {
        case atOnce
        /// After the handler's own delay, or the backoff.
        case failure(Interval?)
    }

    /// Puts the delivery's records back to where they are delivered from again, but for those whose attempts are used up.
    /// `wasWritten` false: no handler has seen any of them.
    mutating func redeliver(
        _ delivery: Delivery, after redelivery: Redelivery = .atOnce, isCharged: Bool = true, wasWritten: Bool = true,
        now: Instant, actions: inout [Action]
    ) {
        let partition = delivery.partition
        if isCharged, redelivery != .atOnce {
            // Before anything is set back: what is given up is not among what waits.
            for sequence in delivery.sequences where isExhausted(partition, sequence) {
                guard giveUp(partition, sequence, .exhausted, now: now, actions: &actions) else { break }
            }
        }
        var rewound: LaneIndex?
        for (index, sequence) in delivery.sequences.enumerated() {
            guard let record = trackers[partition]?[sequence], !record.isDone, record.phase != .deadLetter else {
                continue
            }
            guard policy.order == .none || rewound != record.lane else { continue }
            let unwritten = wasWritten ? [] : neighbours(delivery.sequences[index...], partition)
            setBack(
                partition, sequence, record.lane, &rewound, unwritten: unwritten, now: now, actions: &actions)
            guard case .failure(let delay) = redelivery else {
                goAtOnce(partition, sequence)
                continue
            }
            let charged = isCharged ? countCharged(delivery, from: index) : 0
            wait(partition, sequence, charged: charged, after: delay, now: now, actions: &actions)
        }
        if redelivery == .atOnce { wakeLanes(of: delivery, now: now, actions: &actions) }
    }

    private func countCharged(_ delivery: Delivery, from index: Int) -> Int {
        if policy.order == .none { return 1 }
        return neighbours(delivery.sequences[index...], delivery.partition).count
    }

    /// The first of a delivery's records, and those of its lane that follow: they stand together, ascending.
    private func neighbours(_ sequences: ArraySlice<UInt64>, _ partition: PartitionIndex) -> ArraySlice<UInt64> {
        guard let tracker = trackers[partition], let lane = sequences.first.flatMap({ tracker[$0]?.lane }) else {
            return []
        }
        return sequences.prefix { tracker[$0]?.lane == lane }
    }

    private mutating func goAtOnce(_ partition: PartitionIndex, _ sequence: UInt64) {
        sources[partition]?.skipsLinger = true
        guard policy.order == .none else { return }
        trackers[partition]?.update(sequence) { $0.phase = .waiting }
        queueAlone(partition, sequence)
    }

    /// Lets a record wait for its backoff, or for the handler's own delay, and in an ordered mode its lane with it.
    private mutating func wait(
        _ partition: PartitionIndex, _ sequence: UInt64, charged: Int, after delay: Interval?, now: Instant,
        actions: inout [Action]
    ) {
        guard let tracker = trackers[partition], let record = tracker[sequence] else { return }
        let charges = Int(record.charges)
        let wait =
            delay.map { max(.zero, min($0, limits.maxRetryDelay)) }
            ?? backoff.wait(failures: max(1, charges), random: random.next())
        actions.append(.copyOut(record.slot))
        // A later record of the lane may have asked for a longer wait before: the lane waits for both.
        let due = policy.order == .none ? now + wait : max(now + wait, lanes[record.lane].resumesAt ?? now)
        if policy.order != .none { lanes[record.lane].resumesAt = due }
        retries.add(.init(due: due, partition: partition, epoch: tracker.epoch, sequence: sequence))
        if charged > 0 {
            actions.append(
                .notice(
                    .attemptFailed(
                        partition, offset: record.offset, records: charged, attempt: charges, retryAfter: wait)))
        }
    }

    /// A record (order `none`) may be delivered again.
    mutating func queueAlone(_ partition: PartitionIndex, _ sequence: UInt64) {
        guard let tracker = trackers[partition], let record = tracker[sequence] else { return }
        let reference = RecordReference(
            partition: partition, epoch: tracker.epoch, sequence: sequence, lane: record.lane)
        if record.isSuspect {
            suspects.append(reference)
        } else {
            dueRetries.append(reference)
        }
    }

    // MARK: Deliveries that cannot be written as they are

    /// Only the first `count` records of the delivery were written: the others go with a later one, uncharged.
    package mutating func shorten(
        _ key: DeliveryKey, to count: Int, now: Instant, actions: inout [Action]
    ) {
        let delivery = table[key]
        guard count > 0, count < delivery.count, isCurrent(delivery) else { return }
        let rest = delivery.sequences[count...]
        table[key].sequences.removeSubrange(count...)
        workers[delivery.worker.value].unansweredRecords -= rest.count
        counters.delivered -= rest.count
        // Only the lane of the last record that was written can be one of both parts: the records of a lane stand together.
        let shared = trackers[delivery.partition]?[delivery.sequences[count - 1]]?.lane
        if let place = delivery.lanes.firstIndex(where: { $0 == shared }) {
            table[key].lanes.removeSubrange((place + 1)...)
        }
        var rewound: LaneIndex?
        for (index, sequence) in zip(rest.indices, rest) {
            guard let record = trackers[delivery.partition]?[sequence], record.phase == .outstanding,
                rewound != record.lane
            else { continue }
            if policy.order == .none {
                trackers[delivery.partition]?.update(sequence) { $0.phase = .waiting }
                queueAlone(delivery.partition, sequence)
                continue
            }
            rewound = record.lane
            // A lane none of whose records was written is not taken by this delivery.
            if record.lane != shared { lanes[record.lane].live.removeFirst { $0 == key } }
            let unwritten = neighbours(rest[index...], delivery.partition)
            rewind(record.lane, to: sequence, unwritten: unwritten, now: now, actions: &actions)
            if record.lane != shared { wakeLane(record.lane, now: now) }
        }
    }

    /// Nothing of the delivery could be written, because its first record has no encoding: that one is given up, and what
    /// came with it goes with a later delivery.
    package mutating func refuse(_ key: DeliveryKey, now: Instant, actions: inout [Action]) {
        let delivery = table[key]
        let window = window(of: key)
        // It was counted as bytes that wait to be written, and never will be.
        let size = delivery.sequences.reduce(0) { $0 + Int(trackers[delivery.partition]?[$1]?.size ?? 0) }
        workers[delivery.worker.value].unwrittenBytes = max(0, workers[delivery.worker.value].unwrittenBytes - size)
        openWorkers.changed(delivery.worker.value)
        release(key, from: delivery.worker)
        leaveLanes(key, delivery)
        closeIfAnswered(delivery.worker, now: now, actions: &actions)
        guard isCurrent(delivery), !delivery.isCancelled, let first = delivery.sequences.first else {
            if delivery.isCancelled { endCancelled(delivery, window, now: now, actions: &actions) }
            return
        }
        if giveUp(delivery.partition, first, .notEncodable, now: now, actions: &actions) {
            concludeFollowing(delivery, window, now: now, actions: &actions)
        }
        redeliver(delivery, wasWritten: false, now: now, actions: &actions)
    }
}
