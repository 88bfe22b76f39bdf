import DeliveryCore

extension Daemon {
    /// Looks at the next thing that the group said, once the one before is answered.
    func advanceRebalances() {
        while case .idle = consumer.step, let event = consumer.rebalances.first {
            switch event {
            case .assigned(let partitions, _) where partitions.isEmpty:
                consumer.rebalances.removeFirst()
                machine.assigned([], now: now, actions: &actions)
                perform()
            case .assigned:
                consumer.step = .lookingUp
                plan(.lookedUp, in: 0...30)
            case .revoked(let partitions): revoke(partitions, lost: false)
            default: revoke(ledgers.indices.filter { ledgers[$0] != nil }.map { Int32($0) }, lost: true)
            }
        }
    }

    private func revoke(_ partitions: [Int32], lost: Bool) {
        note(50, partitions.count, lost ? 1 : 0) { "\(partitions) are \(lost ? "lost" : "revoked")" }
        consumer.step = .revoking(since: now)
        for partition in partitions {
            ledgers[Int(partition)]?.revokedSince = now
            if lost { ledgers[Int(partition)]?.isOver = true }
        }
        machine.revoked(partitions.map { PartitionIndex($0) }, lost: lost, now: now, actions: &actions)
        perform()
    }

    // MARK: Assigned

    /// The committed offsets are known: reading begins.
    func lookedUp() {
        guard case .lookingUp = consumer.step,
            case .assigned(let partitions, let ownerships)? = consumer.rebalances.first
        else { return }
        if world.hasFaults, world.random.chance(5) {
            plan(.lookedUp, in: 20...100)
            return
        }
        consumer.rebalances.removeFirst()
        consumer.step = .idle
        var all: [AssignedPartition] = []
        for (partition, ownership) in zip(partitions, ownerships) {
            all.append(begin(Int(partition), ownership))
        }
        note(51, partitions.count) { "is assigned \(all.map { "\($0.partition.value)@\($0.position)" })" }
        machine.assigned(all, now: now, actions: &actions)
        perform()
    }

    private func begin(_ partition: Int, _ ownership: Int) -> AssignedPartition {
        if ledgers[partition] != nil { broken("the world assigns \(partition) twice") }
        if world.hasFaults, policy.commits, world.random.chance(4) { rewindByOperator(partition) }
        let log = world.logs[partition]
        var wanted = log.committed ?? log.start
        if !policy.commits { wanted = log.records.first { !$0.isDone }?.offset ?? log.end }
        let start = choosePosition(wanted, partition)
        let commitsStart = log.committed.map { $0 != start } ?? false
        world.generations += 1
        ledgers[partition] = Ledger(
            generation: world.generations, ownership: ownership, log: log.incarnation, start: start, now: now)
        let settled = world.scenario.readsMetadata ? readMetadata(partition, start) : SettledRuns()
        ledgers[partition]?.spared = settled.runs
        if policy.exitAtEnd { ledgers[partition]?.end = log.end }
        consumer.positions[partition] = start
        consumer.toldEnds[partition] = -1
        consumer.paused[partition] = false
        consumer.relocating[partition] = false
        return AssignedPartition(
            partition: PartitionIndex(Int32(partition)), position: start, end: log.end, commitsPosition: commitsStart,
            settled: settled, identity: world.identity)
    }

    /// What the metadata of the committed offset says is settled above it has to be true.
    private func readMetadata(_ partition: Int, _ start: Int64) -> SettledRuns {
        let log = world.logs[partition]
        let settled = CommitMetadata.decode(log.metadata, base: start, identity: world.identity)
        for run in settled.runs {
            guard let lost = log.firstUndone(in: run) else { continue }
            broken("believes that \(partition)@\(lost) is settled, which it is not")
        }
        return settled
    }

    /// Between two owners somebody sets the group's offset back; the metadata stays as it is, or is cleared.
    private func rewindByOperator(_ partition: Int) {
        let log = world.logs[partition]
        guard let committed = log.committed, committed > log.start else { return }
        let offset = log.start + Int64(world.random.among(0...Int(committed - log.start - 1)))
        note(52, partition, Int(offset)) { "an operator sets \(partition) back from \(committed) to \(offset)" }
        world.logs[partition].rewind(to: offset)
        switch world.random.among(0...9) {
        case 0..<3: world.logs[partition].metadata = []
        case 3..<5: world.logs[partition].metadata = foreignMetadata(partition, offset)
        default: break
        }
    }

    /// A text that says that everything is settled, for another topic.
    private func foreignMetadata(_ partition: Int, _ base: Int64) -> [UInt8] {
        var all = SettledRuns()
        all.append(base + 1...base + 100)
        return CommitMetadata.encode(all, base: base, identity: world.identity &+ 1) ?? []
    }

    /// The newest records of a log are lost; what was read before them stays as good as it was.
    func logWasCut(_ partition: Int) {
        guard let ledger = ledgers[partition], ledger.nextOffset <= world.logs[partition].end else { return }
        ledgers[partition]?.log = world.logs[partition].incarnation
    }

    // MARK: Revoked

    func revokeAnswered(_ partitions: [Int32]) {
        note(53, partitions.count) { "answers the revoke of \(partitions)" }
        guard case .revoking(let since) = consumer.step, let event = consumer.rebalances.first else {
            broken("answers a revoke of \(partitions) that nobody asked for")
            return
        }
        var isLost = false
        if case .lost = event { isLost = true }
        if !isLost { checkRevokeAnswer(partitions, since: since) }
        for slot in slots {
            guard let slot, partitions.contains(Int32(slot.partition)) else { continue }
            broken("a revoke is answered while \(slot) is held")
        }
        for partition in partitions {
            ledgers[Int(partition)] = nil
            consumer.paused[Int(partition)] = false
        }
        consumer.rebalances.removeFirst()
        consumer.step = .idle
        world.gaveUp(partitions, by: member)
        if isLost, isRunning, !machine.isDraining { world.join(self) }
    }

    private func checkRevokeAnswer(_ partitions: [Int32], since: Instant) {
        if now > since + limits.revokeTimeout + .seconds(1) { broken("a revoke is answered late") }
        guard policy.commits, !machine.isDraining else { return }
        for partition in partitions {
            guard let ledger = ledgers[Int(partition)] else { continue }
            let isBehind = ledger.lastSent < ledger.owed
            checkClaims(partition, ledger)
            if isBehind { broken("gives \(partition) up with \(ledger.lastSent) committed of \(ledger.owed)") }
        }
        let isUnderWay = consumer.commitsUnderWay.contains { request in
            zip(request.entries, request.ownerships).contains { entry, ownership in
                partitions.contains(entry.partition.value)
                    && ledgers[Int(entry.partition.value)]?.ownership == ownership
            }
        }
        if isUnderWay, now < since + limits.revokeTimeout { broken("a revoke is answered before its commit") }
    }
}
