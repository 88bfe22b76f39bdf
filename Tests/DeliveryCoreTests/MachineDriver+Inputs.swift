@testable import DeliveryCore

extension MachineDriver {
    // MARK: Records

    /// A record with a key; nil is a record without one.
    func arrive(_ partition: Int32, _ offset: Int64, key: UInt64?, size: Int32 = 100) {
        take(
            Record(
                partition: PartitionIndex(partition), offset: offset, size: size, slot: RecordSlot(nextSlot),
                keyHash: key))
    }

    /// Records with these keys, from `offset` on.
    func arrive(_ partition: Int32, from offset: Int64 = 0, keys: [UInt64?]) {
        for (index, key) in keys.enumerated() { arrive(partition, offset + Int64(index), key: key) }
    }

    /// Records that no handler is to see.
    func arriveFiltered(_ partition: Int32, _ offsets: ClosedRange<Int64>) {
        for offset in offsets {
            take(
                Record(
                    partition: PartitionIndex(partition), offset: offset, size: 100, slot: RecordSlot(nextSlot),
                    isFiltered: true))
        }
    }

    private func take(_ record: Record) {
        nextSlot += 1
        machine.recordArrived(record, now: now, actions: &pending)
    }

    // MARK: Partitions

    /// An assignment that knows what was settled above its position.
    func assign(
        _ partition: Int32, from position: Int64, settled: [ClosedRange<Int64>], identity: UInt64 = 0
    ) {
        let assigned = AssignedPartition(
            partition: PartitionIndex(partition), position: position, end: 0, settled: settledRuns(settled),
            identity: identity)
        machine.assigned([assigned], now: now, actions: &pending)
    }

    // MARK: Dead letters

    /// The runner's answer to a letter that was to be written.
    func answer(_ letter: DeadLetter, confirmed: Bool = true) {
        machine.deadLetterFinished(letter.key, confirmed: confirmed, now: now, actions: &pending)
    }

    // MARK: Workers

    /// The process ends by itself, and another takes its place after the backoff.
    @discardableResult
    func replace(_ worker: Int = 0) -> Turn {
        exit(worker)
        var all = advance(.milliseconds(200))
        machine.workerLaunched(WorkerIndex(worker), now: now, actions: &pending)
        machine.workerReady(WorkerIndex(worker), abilities, now: now, actions: &pending)
        all.append(turn())
        return all
    }

    /// Lets the machine dispatch, but does not take its actions yet: the deliveries in them are not written.
    func dispatched() -> [DeliveryKey] {
        machine.timePassed(now: now, actions: &pending)
        return pending.compactMap { if case .send(let key, _) = $0 { key } else { nil } }
    }

    /// The first delivery that was dispatched has no encoding.
    func refuse(_ key: DeliveryKey) {
        pending.removeAll { if case .send(key, _) = $0 { true } else { false } }
        machine.refuse(key, now: now, actions: &pending)
    }
}

extension Turn {
    /// Letters that were to be written.
    var letters: [DeadLetter] {
        actions.compactMap { if case .writeDeadLetter(let letter) = $0 { letter } else { nil } }
    }

    /// Ids that were taken back for that reason, whatever the worker.
    func cancelled(_ reason: CancelReason) -> [UInt64] {
        actions.flatMap { action -> [UInt64] in
            if case .cancel(_, let ids, reason) = action { ids } else { [] }
        }
    }

    /// Workers that were to be killed.
    var kills: [Int] {
        actions.compactMap { if case .kill(let worker) = $0 { worker.value } else { nil } }
    }

    /// Entries of all commits.
    var commitEntries: [CommitEntry] {
        actions.flatMap { action -> [CommitEntry] in
            if case .commit(let entries, _) = action { entries } else { [] }
        }
    }

    /// Revokes that were answered.
    var answeredRevokes: [[PartitionIndex]] {
        actions.compactMap { if case .answerRevoke(let partitions) = $0 { partitions } else { nil } }
    }
}
