import DeliveryCore

/// What becomes of records, by the world's own bookkeeping.
extension Daemon {
    /// The assignment in which it was delivered is in force.
    func isCurrent(_ execution: Execution) -> Bool {
        guard let ledger = ledgers[execution.partition] else { return false }
        return ledger.generation == execution.generation && !ledger.isOver
    }

    func update(_ execution: Execution, _ record: Int, _ change: (inout LedgerRecord) -> Void) {
        ledgers[execution.partition]?.update(record, change)
    }

    // MARK: Settling

    /// Verdicts count once nothing before them in their lane can be delivered again.
    func concludeLanes(of execution: Execution) {
        guard let ledger = ledgers[execution.partition], isCurrent(execution) else { return }
        for lane in execution.lanes {
            for place in ledger.head..<ledger.records.count where ledger.records[place].lane == lane {
                guard let state = ledgers[execution.partition]?.records[place].state else { return }
                switch state {
                case .settled, .letter: continue
                case .answered(let kind):
                    conclude(execution, place, kind)
                    continue
                case .waiting, .outstanding: break
                }
                break
            }
        }
    }

    private func conclude(_ execution: Execution, _ record: Int, _ kind: LedgerRecord.Answer) {
        switch kind {
        case .acked: settle(execution.partition, record)
        case .skipped:
            settle(execution.partition, record)
            totals.skipped += 1
        case .rejected: _ = giveUp(execution, record, .rejected)
        }
    }

    func settle(_ partition: Int, _ record: Int) {
        guard let offset = ledgers[partition]?.records[record].offset else { return }
        ledgers[partition]?.settle(record, now: now)
        totals.settled += 1
        world.logs[partition].markDone(offset)
    }

    /// No further attempt is made: the way of `--on-exhausted`, or of the dead letters for what was rejected.
    /// False where the service stops instead, and the record is as it was.
    func giveUp(_ execution: Execution, _ record: Int, _ cause: DeadLetter.Cause) -> Bool {
        switch cause == .rejected && policy.hasDeadLetters ? .deadLetter : policy.onExhausted {
        case .deadLetter where policy.hasDeadLetters: update(execution, record) { $0.state = .letter(cause) }
        case .skip:
            settle(execution.partition, record)
            totals.skipped += 1
        case .deadLetter, .stop:
            mayStop = true
            return false
        }
        return true
    }

    // MARK: Delivering again

    /// Everything of a lane from a record on is to be delivered again; what is unanswered of it is taken back.
    func rewind(_ execution: Execution, from record: Int) {
        let partition = execution.partition
        guard let ledger = ledgers[partition] else { return }
        guard policy.order != .none else {
            update(execution, record) { $0.state = .waiting }
            return
        }
        let lane = ledger.records[record].lane
        for place in record..<ledger.records.count where ledger.records[place].lane == lane {
            update(execution, place) { $0.wait() }
        }
        rewound.append(Rewinding(generation: ledger.generation, lane: lane, from: record))
        for worker in processes.indices {
            for index in processes[worker].live.indices {
                let other = processes[worker].live[index]
                guard other.partition == partition, other.generation == ledger.generation, other.cancelled == nil,
                    other.places.contains(where: { $0 > record && ledger.records[$0].lane == lane })
                else { continue }
                processes[worker].live[index].cancelled = .rewind
                takeBack(other)
            }
        }
    }

    /// Whether a lane was rewound past a delivery before its frame was made.
    func isRewound(_ execution: Execution) -> Bool {
        guard let ledger = ledgers[execution.partition] else { return false }
        return rewound.contains { rewinding in
            rewinding.generation == execution.generation
                && execution.places.contains { $0 > rewinding.from && ledger.records[$0].lane == rewinding.lane }
        }
    }

    /// The first record of each lane of the delivery goes back, and with it what follows.
    func putBack(_ execution: Execution, holding delay: Interval?? = nil, isCharged: Bool = true) {
        var seen: [UInt64] = []
        for record in execution.places {
            guard let known = ledgers[execution.partition]?.records[record], !known.state.isOver,
                policy.order == .none || !seen.contains(known.lane)
            else { continue }
            seen.append(known.lane)
            rewind(execution, from: record)
            if let delay { hold(execution, record, delay, isCharged: isCharged) }
        }
    }

    /// What is charged to the last is given up, the rest goes back.
    func putBackCharged(_ execution: Execution, _ delay: Interval?) {
        for record in execution.places where isExhausted(execution, record) {
            _ = giveUp(execution, record, .exhausted)
        }
        putBack(execution, holding: .some(delay))
    }

    func isExhausted(_ execution: Execution, _ record: Int) -> Bool {
        guard let most = policy.maxAttempts, let known = ledgers[execution.partition]?.records[record] else {
            return false
        }
        return known.charges >= most
    }

    func charge(_ execution: Execution, _ record: Int) {
        totals.charged += 1
        update(execution, record) { $0.charges += 1 }
    }

    /// Nothing is delivered before the handler's delay is over, or the least backoff after a charged attempt.
    func hold(_ execution: Execution, _ record: Int, _ delay: Interval?, isCharged: Bool = true) {
        update(execution, record) { record in
            if let delay {
                record.heldUntil = now + delay
            } else if isCharged {
                record.heldUntil = now + limits.leastBackoff(record.charges)
            }
        }
    }
}

/// A lane that was set back while actions were performed.
struct Rewinding {
    var generation: Int
    var lane: UInt64
    var from: Int
}

extension Limits {
    /// The shortest wait after so many failed attempts.
    func leastBackoff(_ failures: Int) -> Interval {
        var wait = Double(retryBackoffInitial.nanoseconds)
        let most = Double(retryBackoffMaximum.nanoseconds)
        for _ in 1..<max(1, failures) where wait < most { wait *= retryBackoffFactor }
        return Interval(nanoseconds: Int64(min(wait, most) * (1 - retryJitter)) - 1_000)
    }
}
