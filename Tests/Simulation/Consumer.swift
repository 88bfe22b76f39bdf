import DeliveryCore

/// A daemon's Kafka client: where it reads, and which rebalance it is in.
struct Consumer {
    enum Step {
        case idle
        case lookingUp
        case revoking(since: Instant)
    }

    /// In the order in which they came; each is answered before the next one is looked at.
    var rebalances: [DaemonEvent] = []
    var step = Step.idle
    var positions: [Int64] = []
    var toldEnds: [Int64] = []
    var paused: [Bool] = []
    var relocating: [Bool] = []
    var isFetchPlanned = false
    var commitsUnderWay: [CommitRequest] = []
    /// Answers come in the order of the requests.
    var lastCommitArrives = Instant(nanoseconds: 0)

    init(partitions: Int = 0) {
        positions = Array(repeating: 0, count: partitions)
        toldEnds = Array(repeating: -1, count: partitions)
        paused = Array(repeating: false, count: partitions)
        relocating = Array(repeating: false, count: partitions)
    }
}

/// A record that the client hands over, in its slot.
private struct Arrival {
    var record: LoggedRecord
    var partition: Int
    var slot: Int32
    /// It came before.
    var isRepeated = false
}

extension Daemon {
    // MARK: Fetching

    /// Its reader stands where the log no longer, or not yet again, has records.
    func isBeyondEnd(_ partition: Int) -> Bool {
        ledgers[partition] != nil && consumer.positions[partition] > world.logs[partition].end
    }

    private func isReadable(_ partition: Int) -> Bool {
        ledgers[partition] != nil && !consumer.paused[partition] && !consumer.relocating[partition]
    }

    private func next(_ partition: Int) -> LoggedRecord? {
        let log = world.logs[partition]
        guard isReadable(partition), log.start <= consumer.positions[partition] else { return nil }
        let place = log.place(atOrAfter: consumer.positions[partition])
        return place < log.records.count ? log.records[place] : nil
    }

    private func hasNews(_ partition: Int) -> Bool {
        let log = world.logs[partition]
        guard isReadable(partition) else { return false }
        let position = consumer.positions[partition]
        return position < log.start || position > log.end || next(partition) != nil
            || consumer.toldEnds[partition] < log.end
    }

    func planFetch() {
        guard !consumer.isFetchPlanned, machine.recordsWanted > 0, ledgers.indices.contains(where: hasNews) else {
            return
        }
        consumer.isFetchPlanned = true
        plan(.fetch, in: 0...5)
    }

    func fetch() {
        consumer.isFetchPlanned = false
        for partition in ledgers.indices where hasNews(partition) { relocateIfLost(partition) }
        var wanted = world.random.chance(30) ? world.random.among(1...10) : machine.recordsWanted
        while wanted > 0, machine.recordBudget > 0 {
            let ready = ledgers.indices.filter { next($0) != nil }
            guard !ready.isEmpty else { break }
            let partition = world.random.one(of: ready)
            // A response holds a run of one partition; what is taken together holds several of them at times.
            var arrivals = gather(partition, atMost: min(wanted, responseLength()))
            while world.random.chance(15), arrivals.count < min(wanted, machine.recordBudget) {
                let ready = ledgers.indices.filter { next($0) != nil }
                guard !ready.isEmpty else { break }
                let most = min(wanted, responseLength())
                arrivals = gather(world.random.one(of: ready), atMost: most, after: arrivals)
            }
            take(arrivals)
            wanted -= max(1, arrivals.count)
        }
        for partition in ledgers.indices where isReadable(partition) { tellEnd(partition) }
    }

    private func tellEnd(_ partition: Int) {
        let end = world.logs[partition].end
        let position = consumer.positions[partition]
        guard next(partition) == nil, position <= end, consumer.toldEnds[partition] < end else { return }
        guard position >= world.logs[partition].start else { return }
        consumer.toldEnds[partition] = end
        consumer.positions[partition] = end
        note(30, partition, Int(end)) { "end of \(partition) is \(end)" }
        machine.endReached(PartitionIndex(Int32(partition)), offset: end, now: now)
        if !isClosed(partition) { ledgers[partition]?.skip(to: end) }
    }

    /// Nothing more is taken of the partition.
    private func isClosed(_ partition: Int) -> Bool {
        drainSince != nil || ledgers[partition]?.revokedSince != nil
    }

    private func responseLength() -> Int {
        world.random.chance(10) ? world.random.among(9...40) : world.random.among(1...8)
    }

    /// Appends what comes next of a partition, as far as the machine may take it; at times a record comes a second time.
    private func gather(_ partition: Int, atMost most: Int, after others: [Arrival] = []) -> [Arrival] {
        var arrivals = others
        let room = min(machine.recordBudget, others.count + most)
        var bytes = machine.byteBudget - others.reduce(0) { $0 + Int($1.record.size) }
        while arrivals.count < room, bytes > 0, let record = next(partition) {
            consumer.positions[partition] = record.offset + 1
            let slot = holdSlot(partition, record.offset)
            arrivals.append(Arrival(record: record, partition: partition, slot: slot))
            bytes -= Int(record.size)
            if world.random.chance(2), policy.maxMessages == nil, arrivals.count < room {
                let slot = holdSlot(partition, record.offset)
                arrivals.append(Arrival(record: record, partition: partition, slot: slot, isRepeated: true))
            }
        }
        return arrivals
    }

    /// Hands the records to the machine, mostly all in one call.
    private func take(_ arrivals: [Arrival]) {
        guard world.random.chance(80) else {
            for arrival in arrivals {
                machine.recordArrived(coreRecord(arrival), now: now, actions: &actions)
                enter(arrival)
                perform()
                guard isRunning else { return }
            }
            return
        }
        let records = arrivals.map { coreRecord($0) }
        machine.recordsArrived(records.span, now: now, actions: &actions)
        for arrival in arrivals { enter(arrival) }
        perform()
    }

    /// The world's own bookkeeping of a record that the machine was given.
    private func enter(_ arrival: Arrival) {
        let (record, partition, slot) = (arrival.record, arrival.partition, arrival.slot)
        let isTaken = !machine.givenBack.contains(RecordSlot(slot))
        if arrival.isRepeated {
            if isTaken { broken("takes \(partition)@\(record.offset) twice") }
            return
        }
        checkWindow()
        note(31, partition, Int(record.offset), isTaken ? 1 : 0) {
            "takes \(partition)@\(record.offset), lane \(self.lane(of: record))\(isTaken ? "" : ", given back")"
        }
        if needsNobody(record, partition) {
            pass(record, of: partition, isTaken)
        } else if isTaken {
            if let end = ledgers[partition]?.end, record.offset >= end {
                broken("takes \(partition)@\(record.offset), and its end was \(end)")
            }
            slots[Int(slot)]?.isTaken = true
            ledgers[partition]?.take(
                LedgerRecord(offset: record.offset, lane: lane(of: record), slot: slot, size: record.size), now: now)
        }
    }

    /// A record may come: the window of what is not settled is not full. Paused partitions may hold as many records again,
    /// and half as many bytes, and each partition its share.
    private func checkWindow() {
        // What is being revoked may be given up already.
        let held = ledgers.compactMap { $0?.revokedSince == nil ? $0 : nil }
        let records = held.reduce(0) { $0 + $1.unsettled }
        let bytes = held.reduce(0) { $0 + $1.unsettledBytes }
        var most = (records: limits.maxTotalInFlight, bytes: limits.maxInFlightBytes)
        if consumer.paused.contains(true) {
            most.records += most.records + ledgers.count * max(1, most.records / 16)
            most.bytes += most.bytes / 2 + ledgers.count * (most.bytes / 16 + 300)
        }
        guard records >= most.records || bytes >= most.bytes else { return }
        broken("takes more with \(records) records and \(bytes) bytes unsettled")
    }

    /// No handler is to see it: it is filtered out, or was settled before the assignment.
    private func needsNobody(_ record: LoggedRecord, _ partition: Int) -> Bool {
        record.isFiltered || ledgers[partition]?.isSpared(record.offset) == true
    }

    private func pass(_ record: LoggedRecord, of partition: Int, _ isTaken: Bool) {
        if isTaken { broken("keeps \(partition)@\(record.offset), which nobody has to handle") }
        guard !isClosed(partition), !machine.isDraining, let ledger = ledgers[partition],
            ledger.end.map({ record.offset < $0 }) ?? true
        else { return }
        ledgers[partition]?.pass(record.offset, now: now)
        world.logs[partition].markDone(record.offset)
        if ledger.isSpared(record.offset) { totals.spared += 1 } else { totals.filtered += 1 }
    }

    private func coreRecord(_ arrival: Arrival) -> Record {
        let record = arrival.record
        return Record(
            partition: PartitionIndex(Int32(arrival.partition)), offset: record.offset, size: record.size,
            slot: RecordSlot(arrival.slot), keyHash: record.keyHash, isFiltered: record.isFiltered)
    }

    private func lane(of record: LoggedRecord) -> UInt64 {
        switch policy.order {
        case .partition: 0
        case .key: record.keyHash ?? .max
        case .none: UInt64(record.offset)
        }
    }

    private func holdSlot(_ partition: Int, _ offset: Int64) -> Int32 {
        let use = SlotUse(partition: partition, generation: ledgers[partition]?.generation ?? 0, offset: offset)
        if let slot = freeSlots.popLast() {
            slots[Int(slot)] = use
            return slot
        }
        slots.append(use)
        return Int32(slots.count - 1)
    }

    // MARK: Positions that the log does not have

    private func relocateIfLost(_ partition: Int) {
        let log = world.logs[partition]
        let position = consumer.positions[partition]
        guard position < log.start || position > log.end else { return }
        consumer.relocating[partition] = true
        plan(.relocated(Int32(partition)), in: 0...30)
    }

    func relocated(_ partition: Int) {
        guard consumer.relocating[partition] else { return }
        consumer.relocating[partition] = false
        let log = world.logs[partition]
        guard let ledger = ledgers[partition], let wanted = machine.position(of: PartitionIndex(Int32(partition)))
        else { return }
        let start = choosePosition(wanted, partition)
        note(32, partition, Int(start)) { "relocates \(partition) from \(wanted) to \(start)" }
        if start >= wanted {
            ledgers[partition]?.skip(to: start)
            ledgers[partition]?.log = log.incarnation
        } else {
            world.generations += 1
            ledgers[partition] = Ledger(
                generation: world.generations, ownership: ledger.ownership, log: log.incarnation, start: start,
                now: now)
            ledgers[partition]?.end = ledger.end
            ledgers[partition]?.revokedSince = ledger.revokedSince
        }
        consumer.positions[partition] = start
        consumer.toldEnds[partition] = -1
        consumer.paused[partition] = false
        machine.relocate(PartitionIndex(Int32(partition)), to: start, now: now, actions: &actions)
    }

    /// Follows `--out-of-range`.
    func choosePosition(_ wanted: Int64, _ partition: Int) -> Int64 {
        let log = world.logs[partition]
        if wanted >= log.start, wanted <= log.end { return wanted }
        guard world.scenario.goesToLatest else { return log.start }
        world.logs[partition].giveUp(from: log.start, to: log.end)
        return log.end
    }
}
