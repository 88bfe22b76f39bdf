@testable import DeliveryCore

/// A partition's log with gaps, and where its group stands.
struct Log {
    var offsets: [Int64] = []
    /// The high watermark: control records may lie between the last record and it.
    var end: Int64 = 0
    var committed: Int64 = 0
    /// The next offset to be fetched.
    var position: Int64 = 0 {
        didSet { nextIndex = offsets.firstIndex { $0 >= position } ?? offsets.endIndex }
    }
    private var nextIndex = 0
    var toldEnd: Int64 = -1

    init(records: Int, _ random: inout SeededGenerator) { append(records, &random) }

    mutating func append(_ records: Int, _ random: inout SeededGenerator) {
        for _ in 0..<records {
            offsets.append(end)
            end += random.next() % 5 == 0 ? 3 : 1
        }
    }

    /// The next record to be fetched.
    var next: Int64? { nextIndex < offsets.count ? offsets[nextIndex] : nil }
}

extension World {
    var hasRecords: Bool { logs.contains { isFetchable($0, $1) } }

    private func isFetchable(_ partition: Int32, _ log: Log) -> Bool {
        oracle.assignments[partition] != nil && !paused.contains(partition)
            && (log.next != nil || log.toldEnd < log.end)
    }

    /// Everything is settled and committed, and nothing more comes.
    var isDone: Bool {
        guard !hasFaults, revokes.isEmpty, oracle.assignments.count == logs.count else { return false }
        return logs.allSatisfy { partition, log in
            log.next == nil && oracle.assignments[partition]?.unsettled.isEmpty == true
                && (log.committed >= log.end || !policy.commits)
        }
    }

    func happen(_ what: Happening) {
        switch what {
        case .fetch: fetch()
        case .rebalance(let isPeriodic): rebalance(isPeriodic)
        case .assign(let partitions): assign(partitions)
        case .append: append()
        case .commitDone(let token, let failed): commitDone(token, failed)
        default: happenToWorker(what)
        }
    }

    // MARK: Records

    private func append() {
        guard hasFaults else { return }
        for partition in logs.keys.sorted() where chance(50) {
            logs[partition]?.append(among(1...15), &random)
        }
        plan(.append, in: 100...600)
    }

    private func fetch() {
        isFetchPlanned = false
        for _ in 0..<machine.recordBudget {
            let ready = logs.keys.sorted().filter { logs[$0].map { $0.next != nil } ?? false && isFetchable($0) }
            guard !ready.isEmpty, machine.recordBudget > 0 else { break }
            let partition = ready[among(0...(ready.count - 1))]
            if let offset = logs[partition]?.next { take(partition, offset) }
            if chance(2), let again = logs[partition]?.position { take(partition, again - 1, isRepeated: true) }
        }
        for partition in logs.keys.sorted() where isFetchable(partition) {
            guard let log = logs[partition], log.next == nil else { continue }
            logs[partition]?.toldEnd = log.end
            logs[partition]?.position = log.end
            note("end of \(partition) is \(log.end)")
            machine.endReached(PartitionIndex(partition), offset: log.end, now: now)
        }
    }

    private func isFetchable(_ partition: Int32) -> Bool { logs[partition].map { isFetchable(partition, $0) } ?? false }

    private func take(_ partition: Int32, _ offset: Int64, isRepeated: Bool = false) {
        let slot = freeSlots.popLast() ?? nextSlot
        if slot == nextSlot { nextSlot += 1 }
        oracle.slots[slot] = (partition, offset)
        let size = Int32(among(20...300))
        let record = Record(partition: PartitionIndex(partition), offset: offset, size: size, slot: RecordSlot(slot))
        machine.recordArrived(record, now: now, actions: &actions)
        note("take \(partition)@\(offset) again \(isRepeated) budget \(machine.recordBudget)")
        let isTaken = actions.last != .giveBack(RecordSlot(slot))
        if isTaken {
            oracle.assignments[partition]?.unsettled.append(offset)
            oracle.taken.insert(slot)
        }
        if isTaken && isRepeated { oracle.broken("\(partition)@\(offset) was taken twice") }
        if !isRepeated { logs[partition]?.position = offset + 1 }
        perform()
    }

    // MARK: The group

    private func rebalance(_ isPeriodic: Bool) {
        guard hasFaults else { return }
        if isPeriodic { plan(.rebalance(isPeriodic: true), in: 100...1_500) }
        let owned = oracle.assignments.keys.sorted().filter { oracle.assignments[$0]?.revokedAt == nil }
        guard revokes.isEmpty, !owned.isEmpty else { return }
        let isEager = chance(30)
        let chosen = owned.filter { _ in isEager || chance(40) }
        let partitions = chosen.map { PartitionIndex($0) }
        let isLost = chance(25)
        note("revoke \(chosen) lost \(isLost)")
        for partition in chosen { oracle.assignments[partition]?.revokedAt = now }
        revokes.append((partitions, now))
        machine.revoked(partitions, lost: isLost, now: now, actions: &actions)
        if isLost, actions.contains(where: { if case .commit = $0 { true } else { false } }) {
            oracle.broken("commit of a lost assignment")
        }
        perform()
        if isLost, !revokes.isEmpty { oracle.broken("a lost assignment is not answered at once") }
    }

    func revokeAnswered(_ partitions: [PartitionIndex]) {
        guard let place = revokes.firstIndex(where: { $0.partitions == partitions }) else {
            oracle.broken("answer to a revoke of \(partitions) that nobody asked for")
            return
        }
        let isLate = now >= revokes[place].since + limits.revokeTimeout
        revokes.remove(at: place)
        let numbers = partitions.map(\.value)
        if let held = oracle.slots.values.first(where: { numbers.contains($0.partition) }) {
            oracle.broken("revoke answered while \(held) is held")
        }
        let isSent = commitsUnderWay.values.contains { $0.contains { numbers.contains($0.entry.partition.value) } }
        let wasLost = numbers.contains { oracle.assignments[$0]?.revokedAt == now }
        if isSent, !isLate, !wasLost { oracle.broken("revoke of \(numbers) answered before the last commit") }
        for partition in numbers {
            oracle.assignments[partition] = nil
            paused.remove(partition)
        }
        plan(.assign(numbers), in: chance(50) ? 0...5 : 0...100)
    }

    private func assign(_ partitions: [Int32]) {
        note("assign \(partitions)")
        var all: [AssignedPartition] = []
        for partition in partitions.sorted() {
            guard var log = logs[partition] else { continue }
            if !policy.commits {
                // Nothing is committed: go on where everything before is settled.
                let done = oracle.everSettled[partition] ?? []
                log.committed = log.offsets.first { !done.contains($0) } ?? log.end
            } else if chance(20), hasFaults, let first = log.offsets.first(where: { $0 >= log.committed }) {
                // Another member had it for a while.
                oracle.everSettled[partition, default: []].insert(first)
                log.committed = first + 1
            }
            log.position = log.committed
            log.toldEnd = -1
            logs[partition] = log
            oracle.assignments[partition] = Assignment(generation: nextGeneration, position: log.committed)
            nextGeneration += 1
            all.append(
                AssignedPartition(partition: PartitionIndex(partition), position: log.committed, end: log.end))
        }
        machine.assigned(all, now: now, actions: &actions)
        // Rebalances come in bursts: what waited in the one before is stale in the next.
        if chance(30) { plan(.rebalance(isPeriodic: false), in: 0...80) }
    }

    // MARK: Commits

    func commit(_ entries: [CommitEntry], token: UInt64) {
        note("commit \(entries.map { "\($0.partition.value): \($0.offset)" })")
        if !policy.commits { oracle.broken("a commit although there is no group") }
        for entry in entries { oracle.commit(entry, log: logs[entry.partition.value]?.offsets ?? []) }
        commitsUnderWay[token] = entries.map { ($0, oracle.assignments[$0.partition.value]?.generation ?? 0) }
        let failed = chance(hasFaults ? 20 : 8) ? entries.map(\.partition).filter { _ in chance(60) } : []
        // Answers come in the order of the requests.
        let slow = hasFaults && chance(5) ? among(300...900) : among(0...20)
        lastCommitDone = max(lastCommitDone, now + .milliseconds(Int64(slow)))
        plan(.commitDone(token, failed: failed), at: lastCommitDone)
    }

    private func commitDone(_ token: UInt64, _ failed: [PartitionIndex]) {
        var refused = failed
        for (entry, generation) in commitsUnderWay.removeValue(forKey: token) ?? []
        where !failed.contains(entry.partition) {
            let partition = entry.partition.value
            guard oracle.assignments[partition]?.generation == generation else {
                refused.append(entry.partition)
                continue
            }
            logs[partition]?.committed = entry.offset
            let settled = oracle.everSettled[partition] ?? []
            if let lost = logs[partition]?.offsets.first(where: { $0 < entry.offset && !settled.contains($0) }) {
                oracle.broken("\(partition)@\(lost) is lost: \(entry.offset) is committed")
            }
        }
        machine.commitFinished(token: token, failed: refused, now: now, actions: &actions)
    }
}
