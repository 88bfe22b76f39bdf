import DeliveryCore

/// The promises, judged where a machine hands over a delivery.
extension Daemon {
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
        checkWorker(sent)
        checkRate(sent)
        guard let execution = execution(delivery) else { return broken("\(sent): it was never taken") }
        // The machine has taken it back already: the handler will hear that it is cancelled.
        if isRewound(execution) { return }
        if ledger.revokedSince != nil { broken("\(sent): it is being revoked") }
        if drainSince != nil { broken("\(sent): the daemon drains") }
        if ledger.failedLetters > 0 { broken("\(sent): a dead letter of its partition waits") }
        checkSize(sent, ledger, execution.places)
        for (record, place) in zip(sent.records, execution.places) { checkRecord(record, ledger.records[place], sent) }
        checkOverlap(sent, ledger, execution)
        checkOrder(sent, ledger, execution)
        checkSuspects(sent, ledger, execution.places)
    }

    private func checkSize(_ sent: Sent, _ ledger: Ledger, _ places: [Int]) {
        let bytes = places.reduce(0) { $0 + Int(ledger.records[$1].size) }
        if places.isEmpty || places.count > limits.batchSize { broken("\(sent): \(places.count) records") }
        if places.count > 1, bytes > limits.batchBytes { broken("\(sent): \(bytes) bytes") }
        let half = places.first.map { ledger.records[$0].half }
        if places.contains(where: { ledger.records[$0].half != half }) { broken("\(sent): halves are mixed") }
    }

    private func checkWorker(_ sent: Sent) {
        let process = processes[sent.worker]
        if process.life != .ready || process.isKilled { broken("\(sent): the worker is \(process.life)") }
        if process.pausedUntil > now { broken("\(sent): the worker pauses") }
        if sent.id != process.lastID + 1 { broken("\(sent): the last id was \(process.lastID)") }
        let window = max(1, min(process.abilities.maxInFlight, limits.maxInFlight))
        if process.live.count >= window { broken("\(sent): the worker has \(process.live.map(\.id))") }
        if process.abilities.wantsAssignments, process.told[sent.partition] == nil {
            broken("\(sent): the worker was not told of the partition")
        }
    }

    private func checkRate(_ sent: Sent) {
        guard let most = limits.rate else { return }
        if !rate.count(sent.records.count, perSecond: most.perSecond, burst: most.burst, now: now) {
            broken("\(sent): hands over more than \(most)")
        }
    }

    private func checkRecord(_ record: DeliveredRecord, _ known: LedgerRecord, _ sent: Sent) {
        if !known.state.isWaiting { broken("\(sent): \(record.offset) is \(known.state)") }
        if known.heldUntil > now { broken("\(sent): \(record.offset) is held until \(known.heldUntil)") }
        if record.slot.value != known.slot { broken("\(sent): \(record.offset) is in slot \(known.slot)") }
        if record.attempt != known.charges + 1 {
            broken("\(sent): \(record.offset) was charged \(known.charges) times")
        }
        if record.redelivered != known.wasDelivered, !(record.redelivered && known.mayBeMarked) {
            broken("\(sent): \(record.offset) was delivered: \(known.wasDelivered)")
        }
    }

    /// At most so many deliveries of a lane are unanswered, all with one worker; one that was taken back, or is of an older
    /// assignment, closes the lane until its worker has let go of it.
    private func checkOverlap(_ sent: Sent, _ ledger: Ledger, _ execution: Execution) {
        for lane in execution.lanes {
            var unanswered = 1
            for (worker, process) in processes.enumerated() {
                for other in process.live where other.partition == sent.partition && other.lanes.contains(lane) {
                    let isCurrent = other.generation == ledger.generation
                    if policy.order == .none, !isCurrent { continue }
                    if other.cancelled != nil || !isCurrent || worker != sent.worker || policy.order == .none {
                        broken("\(sent): overlaps with \(other.id) at worker \(worker)")
                    }
                    unanswered += 1
                }
            }
            if policy.order != .none, unanswered > limits.laneWindow { broken("\(sent): \(unanswered) of its lane") }
        }
    }

    /// Everything earlier in its lane is answered, unanswered in its lane's window, or comes before it in the delivery.
    private func checkOrder(_ sent: Sent, _ ledger: Ledger, _ execution: Execution) {
        guard policy.order != .none else { return }
        for lane in execution.lanes {
            let mine = execution.places.filter { ledger.records[$0].lane == lane }
            var waiting: [Int] = []
            for place in ledger.head...max(ledger.head, mine.last ?? 0) where ledger.records[place].lane == lane {
                switch ledger.records[place].state {
                case .waiting: waiting.append(place)
                // One verdict frame may hand this over first and then make a letter of what was answered before.
                case .letter where refusedLanes.contains(lane) || !isOnItsWay(ledger, place): break
                case .letter: broken("\(sent): \(ledger.records[place].offset) is no dead letter yet")
                case .outstanding, .answered, .settled: break
                }
            }
            if waiting != mine { broken("\(sent): of its lane wait \(waiting.map { ledger.records[$0].offset })") }
        }
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

    /// The delivery in the world's terms; nil where one of its records is not known.
    func execution(_ delivery: Delivery) -> Execution? {
        let partition = Int(delivery.partition.value)
        guard let ledger = ledgers[partition] else { return nil }
        var execution = Execution(
            id: delivery.id, partition: partition, generation: ledger.generation, places: [], lanes: [])
        for index in 0..<delivery.count {
            guard let record = machine.record(index, of: delivery), let place = ledger.place(of: record.offset) else {
                return nil
            }
            execution.places.append(place)
            let lane = ledger.records[place].lane
            if !execution.lanes.contains(lane) { execution.lanes.append(lane) }
        }
        return execution
    }

    /// The delivery is in the worker's pipe.
    func handOver(_ delivery: Delivery, to worker: Int) -> Execution? {
        guard var execution = execution(delivery) else { return nil }
        let wasTakenBack = isRewound(execution)
        if wasTakenBack { execution.cancelled = .rewind }
        for place in execution.places {
            update(execution, place) {
                if !wasTakenBack { $0.state = .outstanding }
                $0.wasDelivered = true
            }
        }
        processes[worker].lastID = delivery.id
        processes[worker].live.append(execution)
        return execution
    }
}

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
