extension DeliveryMachine {
    /// Called once a turn, after the inputs: does whatever is due, and hands over whatever may go.
    package mutating func timePassed(now: Instant, actions: inout [Action]) {
        if drain?.step == .done { return }
        while let due = retries.popDue(now: now) { retryIsDue(due, now: now) }
        advanceWorkers(now: now, actions: &actions)
        writeHeldLetters(now: now, actions: &actions)
        advanceRevocations(now: now, actions: &actions)
        completeIfDone(now: now, actions: &actions)
        advanceDrain(now: now, actions: &actions)
        dispatch(now: now, actions: &actions)
        reviewBackpressure(now: now, actions: &actions)
        watchProgress(now: now, actions: &actions)
        commitPeriodically(now: now, actions: &actions)
    }

    /// The latest instant at which `timePassed` must be called again; nil where only an input can change anything.
    @inline(__always)
    package var nextDeadline: Instant? {
        if drain?.step == .done { return nil }
        var next: Instant?
        func consider(_ candidate: Instant?) {
            guard let candidate else { return }
            next = min(next ?? candidate, candidate)
        }
        consider(retries.nextDue)
        if drain == nil { consider(lingering.first?.deadline) }
        consider(commitDeadline)
        consider(drainDeadline)
        consider(backpressure.nextReview)
        if drain == nil { consider(deadLetters.nextDue) }
        consider(rateDeadline)
        consider(stallDeadline)
        consider(nextAttention)
        if let revocation = revocations.first {
            switch revocation.step {
            case .waiting(let until), .committing(_, let until): consider(until)
            }
        }
        return next
    }

    /// What the runner asks before it waits, at once: `recordsWanted`, `nextDeadline` and `isDraining`. A method that changes
    /// nothing is given a copy of the machine.
    package mutating func outlook() -> (recordsWanted: Int, deadline: Instant?, isDraining: Bool) {
        (recordsWanted, nextDeadline, isDraining)
    }

    private mutating func retryIsDue(_ entry: RetrySchedule.Entry, now: Instant) {
        guard let tracker = trackers[entry.partition], tracker.epoch == entry.epoch,
            let record = tracker[entry.sequence]
        else { return }
        switch policy.order {
        case .partition, .key:
            // An earlier record of the lane may have failed since: its own time counts then.
            guard lanes[record.lane].resumesAt == entry.due else { return }
            lanes[record.lane].resumesAt = nil
            sources[entry.partition]?.skipsLinger = true
            wakeLane(record.lane, now: now)
        case .none:
            trackers[entry.partition]?.update(entry.sequence) { $0.phase = .waiting }
            queueAlone(entry.partition, entry.sequence)
        }
    }
}
