import DeliveryCore

/// The promises, judged where a machine commits, after each turn, and at the end.
extension Daemon {
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
        checkMetadata(entry, partition, ledger)
        ledgers[partition]?.lastSent = max(ledger.lastSent, entry.offset)
    }

    private func checkMetadata(_ entry: CommitEntry, _ partition: Int, _ ledger: Ledger) {
        ledgers[partition]?.lastClaims = []
        guard let metadata = entry.metadata else { return }
        if !policy.commitsMetadata || isMetadataRefused { broken("commits metadata, which is not wanted") }
        if metadata.count > CommitMetadata.limit { broken("commits \(metadata.count) bytes of metadata") }
        let claims = CommitMetadata.decode(metadata, base: entry.offset, identity: world.identity).runs
        if claims.isEmpty { broken("commits metadata that cannot be read") }
        ledgers[partition]?.lastClaims = claims
        let log = world.logs[partition]
        for run in claims {
            var place = log.place(atOrAfter: run.lowerBound)
            while place < log.records.count, log.records[place].offset <= run.upperBound {
                if !isDone(log.records[place], ledger) {
                    broken("says that \(partition)@\(log.records[place].offset) is settled, which it is not")
                }
                place += 1
            }
        }
    }

    private func isDone(_ record: LoggedRecord, _ ledger: Ledger) -> Bool {
        if let place = ledger.place(of: record.offset) { return ledger.records[place].state.isSettled }
        // What `--out-of-range` passed over is given up, and counts as what it lies between.
        return record.isFiltered || record.isGivenUp || ledger.isSpared(record.offset)
    }

    /// At the end everything that is settled above the last offset was told.
    func checkClaims(_ partition: Int32, _ ledger: Ledger) {
        guard policy.commitsMetadata, !isMetadataRefused else { return }
        for record in ledger.records[ledger.head...] where record.state.isSettled && record.offset > ledger.lastSent {
            if !ledger.lastClaims.contains(where: { $0.contains(record.offset) }) {
                broken("never told that \(partition)@\(record.offset) is settled: \(ledger.lastClaims)")
            }
        }
    }

    // MARK: After each turn

    func checkTotals() {
        let counters = machine.counters
        let said = Totals(
            settled: counters.settled, charged: counters.failedAttempts, lateVerdicts: counters.lateVerdicts,
            skipped: counters.skipped, deadLettered: counters.deadLettered, filtered: counters.filtered,
            spared: counters.spared)
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
        checkStalls()
    }

    /// A partition that holds records and settles none is reported in time, and no other.
    private func checkStalls() {
        guard limits.stallTimeout > .zero, drainSince == nil else { return }
        let stalled = machine.stalledPartitions.map { Int($0.value) }
        // Partitions whose times are close together are looked at together.
        let patience = Interval(nanoseconds: limits.stallTimeout.nanoseconds / 50)
        for partition in ledgers.indices {
            guard let ledger = ledgers[partition], ledger.revokedSince == nil else { continue }
            let due = ledger.lastProgress + limits.stallTimeout
            let isStalled = stalled.contains(partition)
            if ledger.unsettled > 0, due + patience < now, !isStalled { broken("\(partition) stalls, unnoticed") }
            if isStalled, ledger.unsettled == 0 || due > now { broken("\(partition) is said to stall") }
        }
    }

    // MARK: At the end

    /// The daemon's service came to its end.
    func checkEnding(_ ending: Ending) {
        if case .revoking = consumer.step { broken("ends, and a revoke is not answered") }
        if let slot = slots.first(where: { $0 != nil }) { broken("ends, and \(String(describing: slot)) is held") }
        if drainSince == nil, ending != .completed, !machine.isDraining { broken("ends by itself: \(ending)") }
        let open = processes.flatMap(\.live).filter { $0.cancelled == nil && isCurrent($0) }
        if ending == .drained, !open.isEmpty { broken("has drained with \(open.map(\.id)) unanswered") }
        for process in processes where process.life != .none { broken("ends, and a process is \(process.life)") }
        let isCutOff = hasHurried || drainSince.map { now >= $0 + limits.drainTimeout } ?? false
        let isWaiting = letters.contains { letter in
            let ledger = ledgers[Int(letter.letter.partition.value)]
            return ledger?.generation == letter.generation && ledger?.isOver == false
        }
        if isWaiting, !isCutOff { broken("ends, and letters are on their way") }
        for partition in ledgers.indices {
            guard policy.commits, let ledger = ledgers[partition] else { continue }
            checkClaims(Int32(partition), ledger)
            guard ledger.lastSent < ledger.owed else { continue }
            broken("ends with \(partition)@\(ledger.lastSent) committed of \(ledger.owed)")
        }
        if ending == .completed { checkCompletion() }
        if case .stopped(let reason) = ending, reason != .handlersGone, !mayStop { broken("stops: \(reason)") }
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

    /// It holds offsets to be settled that it has not come by, at or above the offset.
    func spares(_ partition: Int, from offset: Int64) -> Bool {
        ledgers[partition]?.spared.contains { $0.upperBound >= offset } ?? false
    }
}
