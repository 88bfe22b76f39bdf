import DeliveryCore

/// A dead letter on its way.
struct PendingLetter {
    var letter: DeadLetter
    var generation: Int
}

extension Daemon {
    /// The machine wants a dead letter to be written.
    func write(_ letter: DeadLetter) {
        let partition = Int(letter.partition.value)
        note(90, Int(letter.key.value), partition, Int(letter.offset)) {
            "dead letter \(letter.key.value): \(partition)@\(letter.offset), \(letter.cause), \(letter.attempts) attempts"
        }
        if !policy.hasDeadLetters { broken("writes a dead letter, and there is no topic") }
        if let most = limits.deadLetterRate,
            !letterRate.count(1, perSecond: most.perSecond, burst: most.burst, now: now)
        {
            broken("writes more dead letters than \(most)")
        }
        guard let ledger = ledgers[partition], !ledger.isOver, let place = ledger.place(of: letter.offset) else {
            return broken("writes \(partition)@\(letter.offset) as a dead letter, which is not held")
        }
        let record = ledger.records[place]
        guard case .letter(letter.cause) = record.state else {
            return broken("writes \(partition)@\(letter.offset) as a dead letter, and it is \(record.state)")
        }
        // The attempt that ended with a rejection was made, and is not charged.
        let attempts = record.charges + (letter.cause == .rejected ? 1 : 0)
        if letter.attempts != attempts { broken("says \(letter.attempts) attempts of \(attempts)") }
        if letter.slot.value != record.slot { broken("the letter's bytes are in slot \(record.slot)") }
        if letters.contains(where: {
            $0.generation == ledger.generation && $0.letter.partition == letter.partition
                && $0.letter.offset == letter.offset
        }) {
            broken("writes \(partition)@\(letter.offset) twice")
        }
        if failed.contains(letter.key.value) {
            failed.removeAll { $0 == letter.key.value }
            ledgers[partition]?.failedLetters -= 1
        }
        letters.append(PendingLetter(letter: letter, generation: ledger.generation))
        planAnswer(letter.key)
    }

    /// Its dead letter is with the cluster.
    func isOnItsWay(_ ledger: Ledger, _ place: Int) -> Bool {
        letters.contains {
            $0.generation == ledger.generation && $0.letter.offset == ledger.records[place].offset
        }
    }

    private func planAnswer(_ key: DeadLetterKey) {
        guard world.hasFaults else { return plan(.letterDone(key, confirmed: true), in: 1...40) }
        switch world.random.among(0...99) {
        case 0..<60: plan(.letterDone(key, confirmed: true), in: 1...60)
        case 60..<80: plan(.letterDone(key, confirmed: false), in: 1...60)
        case 80..<92: plan(.letterDone(key, confirmed: true), in: 200...900)
        default:
            // Nothing is heard until the trouble is over.
            let rest = Int((world.scenario.faultsUntil - now).nanoseconds / 1_000_000)
            plan(.letterDone(key, confirmed: world.random.chance(50)), in: rest...(rest + 50))
        }
    }

    /// The cluster has answered.
    func letterDone(_ key: DeadLetterKey, _ confirmed: Bool) {
        guard let index = letters.firstIndex(where: { $0.letter.key == key }) else { return }
        let pending = letters.remove(at: index)
        let partition = Int(pending.letter.partition.value)
        note(91, Int(key.value), confirmed ? 1 : 0) {
            "dead letter \(key.value) \(confirmed ? "is confirmed" : "failed")"
        }
        let isHeld = machine.holds(pending.letter)
        machine.deadLetterFinished(key, confirmed: confirmed, now: now, actions: &actions)
        guard let ledger = ledgers[partition], ledger.generation == pending.generation, !ledger.isOver else {
            if isHeld { broken("holds the letter of \(partition)@\(pending.letter.offset), which was given up") }
            return
        }
        guard isHeld else {
            if ledger.revokedSince == nil {
                broken("has forgotten the letter of \(partition)@\(pending.letter.offset)")
            }
            return
        }
        guard confirmed else {
            failed.append(key.value)
            ledgers[partition]?.failedLetters += 1
            return
        }
        guard let place = ledger.place(of: pending.letter.offset) else { return }
        totals.deadLettered += 1
        settle(partition, place)
    }
}
