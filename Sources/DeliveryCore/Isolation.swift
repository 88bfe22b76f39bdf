extension DeliveryMachine {
    /// Says who pays for a worker that ended without answering: a record that was alone is charged; several become
    /// suspects, uncharged, and are delivered one by one until each is answered or charged (promise 4).
    ///
    /// `failure` nil means that the end was asked for (drain) or is nobody's fault: nothing is charged or suspected.
    mutating func settleAccounts(
        of worker: WorkerIndex, failure: WorkerFailure?, now: Instant, actions: inout [Action]
    ) {
        let isAlone = workers[worker.value].unansweredRecords == 1
        var left: [(delivery: Delivery, window: Window)] = []
        // All of them leave their lanes before any is delivered again: nothing of them runs any more.
        for id in workers[worker.value].liveIDs {
            guard let key = workers[worker.value].key(of: id) else { continue }
            left.append((table[key], window(of: key)))
            release(key, from: worker)
            leaveLanes(key, table[key])
        }
        var suspectCount = 0
        for (delivery, window) in left {
            if delivery.isCancelled {
                let isSuspected = failure != nil && failure != .revoked && !isAlone
                endCancelled(delivery, window, isSuspected: isSuspected, now: now, actions: &actions)
            } else if !isCurrent(delivery) {
                continue
            } else if failure == nil || failure == .revoked {
                redeliver(delivery, now: now, actions: &actions)
            } else if isAlone {
                chargeAlone(delivery, window, now: now, actions: &actions)
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
    mutating func chargeAlone(_ delivery: Delivery, _ window: Window, now: Instant, actions: inout [Action]) {
        guard let sequence = delivery.sequences.first else { return }
        charge(delivery.partition, sequence)
        trackers[delivery.partition]?.update(sequence) { $0.isSuspect = true }
        redeliver(delivery, after: .failure(nil), now: now, actions: &actions)
        concludeFollowing(delivery, window, now: now, actions: &actions)
        wakeLanes(of: delivery, now: now, actions: &actions)
    }

    /// Uncharged, each to be delivered alone.
    mutating func suspect(_ delivery: Delivery, now: Instant, actions: inout [Action]) {
        markSuspects(delivery)
        redeliver(delivery, now: now, actions: &actions)
    }

    private mutating func markSuspects(_ delivery: Delivery) {
        for sequence in delivery.sequences {
            trackers[delivery.partition]?.update(sequence) { if !$0.isDone { $0.isSuspect = true } }
        }
    }

    /// A cancelled delivery's execution is over: its records may be delivered again. `isSuspected`: with its worker, which
    /// died with others unanswered.
    mutating func endCancelled(
        _ delivery: Delivery, _ window: Window, isSuspected: Bool = false, now: Instant, actions: inout [Action]
    ) {
        guard isCurrent(delivery) else {
            endLateExecution(delivery, now: now, actions: &actions)
            return
        }
        guard case .cancelled(let reason, _) = delivery.state else { return }
        switch reason {
        case .timeout where delivery.chargesOnEnd:
            chargeAlone(delivery, window, now: now, actions: &actions)
        case .timeout: suspect(delivery, now: now, actions: &actions)
        case .rewind:
            // Its records wait already, behind the one that failed.
            if isSuspected { markSuspects(delivery) }
            wakeLanes(of: delivery, now: now, actions: &actions)
        case .revoked, .shutdown: redeliver(delivery, now: now, actions: &actions)
        }
    }

    /// A worker let go of an execution whose assignment is over.
    private mutating func endLateExecution(_ delivery: Delivery, now: Instant, actions: inout [Action]) {
        for lane in delivery.lanes { lanes[lane].lateExecutions -= 1 }
        wakeLanes(of: delivery, now: now, actions: &actions)
    }
}
