import DeliveryCore

extension Daemon {
    /// Performs the machine's actions in order; performing one may append others, which the outermost call performs.
    func perform() {
        guard !isPerforming else { return }
        isPerforming = true
        defer { isPerforming = false }
        repeat {
            var place = 0
            while place < actions.count, isRunning {
                let action = actions[place]
                place += 1
                perform(action)
            }
            actions.removeAll(keepingCapacity: true)
            takeBackSlots()
            rewound.removeAll(keepingCapacity: true)
            refusedLanes.removeAll(keepingCapacity: true)
            // What the group says next is an input: it comes after what the machine has decided before.
            if isRunning { advanceRebalances() }
        } while !actions.isEmpty
        if isRunning, machine.isDraining, drainSince == nil { drainSince = now }
    }

    private func perform(_ action: Action) {
        switch action {
        case .send(let key, let worker): send(key, to: worker.value)
        case .copyOut(let slot): checkIsHeld(slot.value)
        case .cancel(let worker, let ids, let reason):
            // As the daemon does: what is no longer outstanding needs no word.
            let open = ids.filter { machine.outstandingDelivery(worker, id: $0) != nil }
            if !open.isEmpty { cancel(open, at: worker.value, reason) }
        case .ping(let worker, _): pinged(worker.value)
        case .launch(let worker): launch(worker.value)
        case .sendShutdown(let worker, _): toldToStop(worker.value)
        case .closeInput(let worker), .terminate(let worker): leave(worker.value)
        case .kill(let worker): killed(worker.value)
        case .commit(let entries, let token): commit(entries, token)
        case .writeDeadLetter(let letter): write(letter)
        case .announceAssigned(let worker, let epoch, let positions): announced(worker.value, epoch, positions)
        case .announceRevoked(let worker, let epoch, let partitions, let lost, let deadline):
            announcedRevoked(worker.value, epoch, partitions, lost, deadline)
        case .pause(let partition): consumer.paused[Int(partition.value)] = true
        case .resume(let partition): consumer.paused[Int(partition.value)] = false
        case .answerRevoke(let partitions):
            takeBackSlots()
            revokeAnswered(partitions.map(\.value))
        case .notice(let notice): noticed(notice)
        case .finished(let ending):
            takeBackSlots()
            finished(ending)
        }
    }

    private func noticed(_ notice: Notice) {
        note(40) { "\(notice)" }
        switch notice {
        case .revokedUnanswered(let partition, _):
            // From here on no verdict counts for it.
            if ledgers[Int(partition.value)]?.revokedSince != nil { ledgers[Int(partition.value)]?.isOver = true }
        case .workerEnded(let worker, let failure, _): processes[worker.value].ended = failure
        default: break
        }
    }

    // MARK: Slots

    private func checkIsHeld(_ slot: Int32) {
        if slot < 0 || slot >= slots.count || slots[Int(slot)] == nil {
            broken("copies slot \(slot), which is not held")
        }
    }

    /// Lets go of what the machine needs no longer.
    private func takeBackSlots() {
        for slot in machine.givenBack { giveBack(slot.value) }
        machine.forgetGivenBack()
    }

    private func giveBack(_ slot: Int32) {
        guard slot >= 0, slot < slots.count, let use = slots[Int(slot)] else {
            broken("slot \(slot) is given back twice")
            return
        }
        slots[Int(slot)] = nil
        freeSlots.append(slot)
        guard use.isTaken, let ledger = ledgers[use.partition], ledger.generation == use.generation,
            ledger.revokedSince == nil, !isEnding, let place = ledger.place(of: use.offset)
        else { return }
        if !ledger.records[place].state.isSettled {
            broken("the bytes of \(use.partition)@\(use.offset) are given back before it is settled")
        }
    }

    /// The drain has come to its end: what is left is given back as it is.
    private var isEnding: Bool {
        actions.contains { if case .finished = $0 { true } else { false } }
    }

    // MARK: Commits

    private func commit(_ entries: [CommitEntry], _ token: UInt64) {
        note(41, Int(token)) {
            "commits \(entries.map { "\($0.partition.value)@\($0.offset)\($0.metadata == nil ? "" : "+")" })"
        }
        if !policy.commits { broken("commits without a group") }
        for entry in entries { checkCommit(entry) }
        let partitions = entries.map { Int($0.partition.value) }
        let request = CommitRequest(
            daemon: index, incarnation: incarnation, token: token, entries: entries, member: member ?? 0,
            ownerships: partitions.map { ledgers[$0]?.ownership ?? 0 }, logs: partitions.map { ledgers[$0]?.log ?? 0 },
            fate: fate())
        consumer.commitsUnderWay.append(request)
        let isOvertaken = world.hasFaults && world.random.chance(5)
        let delay = world.random.interval(isOvertaken ? 50...400 : 0...20)
        var arrival = now + delay
        if !isOvertaken {
            // One connection keeps the order; after a reconnect an old request may come last.
            arrival = max(arrival, consumer.lastCommitArrives)
            consumer.lastCommitArrives = arrival
        }
        world.queue.add(.commitArrives(request), at: arrival)
    }

    private func fate() -> CommitRequest.Fate {
        guard world.hasFaults else { return .stored }
        switch world.random.among(0...99) {
        case 0..<12: return .refused
        case 12..<18: return .storedUnheard
        case 18..<24: return .lost
        default: return .stored
        }
    }

    func commitDone(_ request: CommitRequest, _ failed: [PartitionIndex], _ isMetadataRefused: Bool) {
        consumer.commitsUnderWay.removeAll { $0.token == request.token }
        note(42, Int(request.token), failed.count, isMetadataRefused ? 1 : 0) {
            "commit \(request.token) is done, failed \(failed.map(\.value))\(isMetadataRefused ? ", too large" : "")"
        }
        if isMetadataRefused { self.isMetadataRefused = true }
        machine.commitFinished(
            token: request.token, failed: failed, metadataRefused: isMetadataRefused, now: now, actions: &actions)
    }
}
