extension DeliveryMachine {
    /// Says who pays for a worker that ended without answering: a record that was alone is charged; several become
    /// suspects, uncharged, and are delivered one by one until each is answered or charged (promise 4).
    ///
    /// `failure` nil means that the end was asked for (drain) or is nobody's fault: nothing is charged or suspected.
    mutating func settleAccounts(
        of worker: WorkerIndex, failure: WorkerFailure?, now: Instant, actions: inout [Action]
    ) {
        let isAlone = workers[worker.value].unansweredRecords == 1
        var suspectCount = 0
        for id in workers[worker.value].liveIDs {
            guard let key = workers[worker.value].key(of: id) else { continue }
            let delivery = table[key]
            release(key, from: worker)
            if case .cancelled = delivery.state {
                endCancelled(delivery, now: now, actions: &actions)
                continue
            }
            guard isCurrent(delivery) else { continue }
            lanes[delivery.partition]?.isBusy = false
            if failure == nil || failure == .revoked {
                redeliverAtOnce(delivery, now: now, actions: &actions)
            } else if isAlone {
                chargeAlone(delivery, now: now, actions: &actions)
            } else {
                suspectCount += delivery.count
                suspect(delivery, now: now, actions: &actions)
            }
        }
        if let failure, suspectCount > 0 {
            actions.append(.notice(.suspects(worker, records: suspectCount, failure: failure)))
        }
    }

    /// A record that brought its worker down, or hung it, while it was alone: charged, and alone again the next time.
    mutating func chargeAlone(_ delivery: Delivery, now: Instant, actions: inout [Action]) {
        guard let sequence = delivery.sequences.first else { return }
        charge(delivery.partition, sequence)
        trackers[delivery.partition]?.update(sequence) { $0.isSuspect = true }
        redeliver(delivery, from: 0, charged: 1, now: now, actions: &actions)
    }

    /// Uncharged, each to be delivered alone.
    mutating func suspect(_ delivery: Delivery, now: Instant, actions: inout [Action]) {
        for sequence in delivery.sequences {
            trackers[delivery.partition]?.update(sequence) { $0.isSuspect = true }
        }
        redeliverAtOnce(delivery, now: now, actions: &actions)
    }

    /// Uncharged and without a wait.
    mutating func redeliverAtOnce(_ delivery: Delivery, now: Instant, actions: inout [Action]) {
        guard let first = delivery.sequences.first else { return }
        for sequence in delivery.sequences {
            trackers[delivery.partition]?.update(sequence) { $0.wasDelivered = true }
        }
        switch policy.order {
        case .partition:
            trackers[delivery.partition]?.rewind(to: first)
            lanes[delivery.partition]?.skipsLinger = true
            wakeLane(delivery.partition, now: now)
        case .none:
            for sequence in delivery.sequences {
                trackers[delivery.partition]?.update(sequence) { $0.phase = .waiting }
                queueAlone(delivery.partition, sequence)
            }
        }
    }

    /// A record (order `none`) may be delivered again.
    mutating func queueAlone(_ partition: PartitionIndex, _ sequence: UInt64) {
        guard let tracker = trackers[partition], let record = tracker[sequence] else { return }
        let reference = RecordReference(partition: partition, epoch: tracker.epoch, sequence: sequence)
        if record.isSuspect {
            suspects.append(reference)
        } else {
            dueRetries.append(reference)
        }
    }

    /// A cancelled delivery's execution is over: its records may be delivered again.
    mutating func endCancelled(_ delivery: Delivery, now: Instant, actions: inout [Action]) {
        guard isCurrent(delivery) else {
            endLateExecution(delivery.partition, now: now)
            return
        }
        lanes[delivery.partition]?.isBusy = false
        guard case .cancelled(let reason, _) = delivery.state, reason == .timeout else {
            redeliverAtOnce(delivery, now: now, actions: &actions)
            return
        }
        if delivery.chargesOnEnd {
            chargeAlone(delivery, now: now, actions: &actions)
        } else {
            suspect(delivery, now: now, actions: &actions)
        }
    }

    /// A worker let go of an execution whose assignment is over.
    mutating func endLateExecution(_ partition: PartitionIndex, now: Instant) {
        lanes[partition]?.lateExecutions -= 1
        wakeLane(partition, now: now)
    }
}
