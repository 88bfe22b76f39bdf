import DeliveryCore

/// A delivery spelled out: the action names only a key.
struct Sent: CustomStringConvertible {
    var worker: Int
    var id: UInt64
    var partition: Int
    var records: [DeliveredRecord]

    var description: String {
        "delivery \(id) to worker \(worker): \(partition)@\(records.map(\.offset)) attempts \(records.map(\.attempt))"
    }
}

/// The promises, judged where a machine does something.
extension Daemon {
    // MARK: Deliveries

    /// Checks a delivery against everything that may be delivered to whom, when and in which order.
    func checkSend(_ delivery: Delivery, to worker: Int) {
        let partition = Int(delivery.partition.value)
        let sent = Sent(
            worker: worker, id: delivery.id, partition: partition,
            records: (0..<delivery.count).compactMap { machine.record($0, of: delivery) })
        note(80, worker, Int(sent.id), partition, Int(sent.records.first?.offset ?? -1), sent.records.count) {
            "\(sent)"
        }
        guard let ledger = ledgers[partition], !ledger.isOver else { return broken("\(sent): it is not assigned") }
        if ledger.revokedSince != nil { broken("\(sent): it is being revoked") }
        if drainSince != nil { broken("\(sent): the daemon drains") }
        checkSize(sent)
        checkWorker(sent)
        var places: [Int] = []
        for record in sent.records {
            guard let place = ledger.place(of: record.offset) else {
                return broken("\(sent): \(record.offset) was never taken")
            }
            checkRecord(record, ledger.records[place], sent)
            places.append(place)
        }
        checkOrder(sent, ledger, places)
        checkSuspects(sent, ledger, places)
    }

    private func checkSize(_ sent: Sent) {
        if sent.records.isEmpty || sent.records.count > limits.batchSize {
            broken("\(sent): \(sent.records.count) records")
        }
    }

    private func checkWorker(_ sent: Sent) {
        let process = processes[sent.worker]
        if process.life != .ready || process.isKilled { broken("\(sent): the worker is \(process.life)") }
        if process.pausedUntil > now { broken("\(sent): the worker pauses") }
        if sent.id != process.lastID + 1 { broken("\(sent): the last id was \(process.lastID)") }
        let window = max(1, min(process.abilities.maxInFlight, limits.maxInFlight))
        if process.live.count >= window { broken("\(sent): the worker has \(process.live.map(\.id))") }
    }

    private func checkRecord(_ record: DeliveredRecord, _ known: LedgerRecord, _ sent: Sent) {
        if known.state != .waiting { broken("\(sent): \(record.offset) is \(known.state)") }
        if known.heldUntil > now { broken("\(sent): \(record.offset) is held until \(known.heldUntil)") }
        if record.slot.value != known.slot { broken("\(sent): \(record.offset) is in slot \(known.slot)") }
        if record.attempt != known.charges + 1 { broken("\(sent): \(record.offset) was charged \(known.charges) times") }
        if record.redelivered != known.wasDelivered {
            broken("\(sent): \(record.offset) was delivered: \(known.wasDelivered)")
        }
    }

    /// Whether any process is still at one of these lanes' records.
    private func checkOrder(_ sent: Sent, _ ledger: Ledger, _ places: [Int]) {
        let lanes = Set(places.map { ledger.records[$0].lane })
        for (worker, process) in processes.enumerated() {
            for execution in process.live where execution.partition == sent.partition {
                guard execution.lanes.contains(where: lanes.contains) else { continue }
                if policy.order == .none, execution.generation != ledger.generation { continue }
                broken("\(sent): overlaps with \(execution.id) at worker \(worker)")
            }
        }
        guard policy.order != .none else { return }
        // Everything earlier in its lane is settled, or comes before it in the same delivery.
        var open: [Int] = []
        for place in ledger.head..<(places.max() ?? ledger.head) + 1
        where ledger.records[place].state != .settled && lanes.contains(ledger.records[place].lane) {
            open.append(place)
        }
        if open != places { broken("\(sent): of its lanes are open \(open.map { ledger.records[$0].offset })") }
    }

    private func checkSuspects(_ sent: Sent, _ ledger: Ledger, _ places: [Int]) {
        let live = processes[sent.worker].live
        if places.contains(where: { ledger.records[$0].isSuspect }), places.count > 1 || !live.isEmpty {
            broken("\(sent): a suspect has company: \(live.map(\.id))")
        }
        for execution in live where execution.cancelled == nil && isCurrent(execution) {
            let records = ledgers[execution.partition]?.records ?? []
            if execution.places.contains(where: { records[$0].isSuspect }) {
                broken("\(sent): delivery \(execution.id) there is a suspect's")
            }
        }
    }

    /// The delivery is in the worker's pipe.
    func handOver(_ delivery: Delivery, to worker: Int) -> Execution? {
        let partition = Int(delivery.partition.value)
        guard let ledger = ledgers[partition] else { return nil }
        var execution = Execution(
            id: delivery.id, partition: partition, generation: ledger.generation, places: [], lanes: [])
        for index in 0..<delivery.count {
            guard let record = machine.record(index, of: delivery), let place = ledger.place(of: record.offset) else {
                continue
            }
            execution.places.append(place)
            let lane = ledger.records[place].lane
            if !execution.lanes.contains(lane) { execution.lanes.append(lane) }
            ledgers[partition]?.update(place) {
                $0.state = .outstanding
                $0.wasDelivered = true
            }
        }
        processes[worker].lastID = delivery.id
        processes[worker].live.append(execution)
        return execution
    }

    // MARK: Commits

    func checkCommit(_ entry: CommitEntry) {
        let partition = Int(entry.partition.value)
        guard let ledger = ledgers[partition], !ledger.isOver else {
            return broken("commits \(partition)@\(entry.offset), which is not assigned")
        }
        if entry.offset < ledger.start { broken("commits \(partition)@\(entry.offset), and began at \(ledger.start)") }
        if ledger.head < ledger.records.count, entry.offset > ledger.records[ledger.head].offset {
            broken("commits \(partition)@\(entry.offset), but \(ledger.committable) is not settled")
        }
        let log = world.logs[partition]
        let next = log.place(atOrAfter: ledger.nextOffset)
        if log.incarnation == ledger.log, next < log.records.count, entry.offset > log.records[next].offset {
            broken("commits \(partition)@\(entry.offset), but \(log.records[next].offset) was never taken")
        }
        ledgers[partition]?.lastSent = max(ledger.lastSent, entry.offset)
    }

    // MARK: After each turn

    func checkTotals() {
        let counters = machine.counters
        let said = Totals(
            settled: counters.settled, charged: counters.failedAttempts, lateVerdicts: counters.lateVerdicts)
        if said != totals { broken("counts \(said), and it was \(totals)") }
        // A partition that is being revoked may be given up already, while its last commit is on its way.
        let most = ledgers.reduce(0) { $0 + ($1.map { $0.isOver ? 0 : $0.unsettled } ?? 0) }
        let least = ledgers.reduce(0) { $0 + ($1.map { $0.revokedSince != nil ? 0 : $0.unsettled } ?? 0) }
        if machine.unsettled < least || machine.unsettled > most {
            broken("counts \(machine.unsettled) unsettled records of \(least) to \(most)")
        }
        if case .revoking(let since) = consumer.step {
            if now > since + limits.revokeTimeout + .seconds(1) { broken("a revoke is not answered") }
            if case .lost? = consumer.rebalances.first { broken("a lost assignment is not answered at once") }
        }
        if let since = drainSince, now > since + limits.drainTimeout { broken("the drain does not end") }
    }

    /// The daemon's service came to its end.
    func checkEnding(_ ending: Ending) {
        if case .revoking = consumer.step { broken("ends, and a revoke is not answered") }
        if let slot = slots.first(where: { $0 != nil }) { broken("ends, and \(String(describing: slot)) is held") }
        if drainSince == nil, ending != .completed, !machine.isDraining { broken("ends by itself: \(ending)") }
        let open = processes.flatMap(\.live).filter { $0.cancelled == nil && isCurrent($0) }
        if ending == .drained, !open.isEmpty { broken("has drained with \(open.map(\.id)) unanswered") }
        for process in processes where process.life != .none { broken("ends, and a process is \(process.life)") }
        for partition in ledgers.indices {
            guard policy.commits, let ledger = ledgers[partition], ledger.lastSent < ledger.owed else { continue }
            broken("ends with \(partition)@\(ledger.lastSent) committed of \(ledger.owed)")
        }
        if ending == .completed { checkCompletion() }
    }

    private func checkCompletion() {
        if let most = policy.maxMessages {
            if totals.settled != most { broken("completed with \(totals.settled) of \(most)") }
        } else if !policy.exitAtEnd {
            broken("completed by itself")
        }
    }

    /// Everything is settled and nothing happens any more.
    func checkIsAtRest() {
        if machine.unsettled != 0 || machine.unsettledBytes != 0 { broken("keeps \(machine.unsettled) records") }
        for slot in slots where slot != nil { broken("keeps \(String(describing: slot))") }
    }
}
