import DeliveryCore

extension World {
    // MARK: Producers

    func append() {
        guard hasFaults else { return }
        for partition in logs.indices where random.chance(50) {
            // New records at lost offsets come when everybody who had read the old ones knows.
            let isBehind = daemons.contains { $0.isRunning && $0.isBeyondEnd(partition) }
            if !isBehind { append(random.among(1...15), to: partition) }
        }
        for daemon in daemons { daemon.wake() }
        plan(.append, in: 100...600)
    }

    func append(_ count: Int, to partition: Int) {
        for _ in 0..<count {
            let bad = random.chance(scenario.badRecords)
            let record = LoggedRecord(
                offset: 0, keyHash: random.chance(15) ? nil : UInt64(random.among(0...5)),
                isFiltered: random.chance(8), nature: bad ? badNature() : .ordinary,
                size: Int32(random.among(20...300)), isDone: false)
            logs[partition].append(record, gap: random.chance(20) ? Int64(random.among(1...3)) : 0)
        }
    }

    private func badNature() -> LoggedRecord.Nature {
        switch random.among(0...9) {
        case 0..<4: .poison
        case 4..<8: .failing
        case 8: .rejected
        default: .notEncodable
        }
    }

    // MARK: Trouble

    func trouble() {
        guard hasFaults else { return }
        let daemon = random.one(of: daemons)
        let partition = random.among(0...(logs.count - 1))
        switch random.among(0...99) {
        case 0..<45: if scenario.policy.commits { rebalance() }
        case 45..<55: daemon.kill()
        case 55..<65: daemon.signal()
        case 65..<78: loseSession(of: daemon)
        case 78..<83: deleteHead(of: partition)
        case 83..<88: truncate(partition)
        default: break
        }
        plan(.trouble, in: 50...900)
    }

    private func deleteHead(of partition: Int) {
        let log = logs[partition]
        guard log.end > log.start, !isBounded else { return }
        let start = log.start + Int64(random.among(0...Int(log.end - log.start)))
        note(10, partition, Int(start)) { "the log of \(partition) begins at \(start) now" }
        logs[partition].deleteHead(before: start)
    }

    private func truncate(_ partition: Int) {
        let log = logs[partition]
        guard log.end > log.start, !isBounded else { return }
        let end = random.chance(30) ? 0 : log.start + Int64(random.among(0...Int(log.end - log.start)))
        // What was spared above the new end would be spared again, with other records there: nobody could know.
        guard !daemons.contains(where: { $0.isRunning && $0.spares(partition, from: end) }) else { return }
        note(11, partition, Int(end)) { "the log of \(partition) ends at \(end) now" }
        logs[partition].truncate(to: end)
        for daemon in daemons where daemon.isRunning { daemon.logWasCut(partition) }
    }

    /// The service is to end by itself at a place that must not move.
    private var isBounded: Bool {
        scenario.policy.exitAtEnd || scenario.policy.maxMessages != nil || !scenario.policy.commits
    }
}
