@testable import DeliveryCore

/// What the exploration knows by itself of one assignment of a partition: none of it is read from the machine.
struct Assignment {
    var generation: Int
    var position: Int64
    /// Offsets that were taken and are not settled, ascending.
    var unsettled: [Int64] = []
    var settled: Set<Int64> = []
    var charges: [Int64: Int] = [:]
    var suspects: Set<Int64> = []
    var delivered: Set<Int64> = []
    /// Nothing of the lane, or not this record, is delivered before: a handler's explicit delay.
    var laneHeldUntil = Instant(nanoseconds: 0)
    var heldUntil: [Int64: Instant] = [:]
    var revokedAt: Instant?
}

/// A delivery as a handler process sees it.
struct Execution {
    var id: UInt64
    var partition: Int32
    var generation: Int
    var offsets: [Int64]
    var cancelled: CancelReason?
    var isChargedOnEnd = false
    var isAnswered = false
}

/// The promises, checked with bookkeeping of its own. The first one that is broken is kept.
struct Oracle {
    let limits: Limits
    let policy: ServicePolicy
    var assignments: [Int32: Assignment] = [:]
    var slots: [Int32: (partition: Int32, offset: Int64)] = [:]
    /// The slots of records that the machine wanted.
    var taken: Set<Int32> = []
    /// The service is over, and everything is given back.
    var isOver = false
    /// Offsets of each partition that were settled in any assignment, here or at another member.
    var everSettled: [Int32: Set<Int64>] = [:]
    var violation: String?

    init(limits: Limits, policy: ServicePolicy) {
        self.limits = limits
        self.policy = policy
    }

    mutating func broken(_ text: String) {
        if violation == nil { violation = text }
    }

    // MARK: Slots

    mutating func giveBack(_ slot: RecordSlot) {
        guard let held = slots.removeValue(forKey: slot.value) else {
            broken("slot \(slot.value) was given back twice")
            return
        }
        guard taken.remove(slot.value) != nil, !isOver else { return }
        if let assignment = assignments[held.partition], assignment.revokedAt == nil,
            assignment.unsettled.contains(held.offset)
        {
            broken("the bytes of \(held) were given back before it was settled")
        }
    }

    // MARK: Deliveries

    /// Checks a delivery against what may be delivered; `live` is what the worker's process has not let go of, and
    /// `others` what any process has not.
    mutating func sent(_ sent: Sent, slots held: [RecordSlot], live: [Execution], others: [Execution], now: Instant) {
        guard var assignment = assignments[sent.partition] else {
            broken("delivered \(sent), which is not assigned")
            return
        }
        if assignment.revokedAt != nil { broken("delivered \(sent) while it is being revoked") }
        for (slot, offset) in zip(held, sent.offsets) {
            let place = slots[slot.value]
            if place?.partition != sent.partition || place?.offset != offset {
                broken("slot \(slot.value) holds \(String(describing: place)) and not \(sent.partition)@\(offset)")
            }
        }
        if sent.offsets.isEmpty || sent.offsets.count > limits.batchSize { broken("a batch of \(sent.offsets.count)") }
        checkOrder(sent, assignment, others, now)
        for (offset, attempt) in zip(sent.offsets, sent.attempts) {
            let charges = assignment.charges[offset] ?? 0
            if attempt != charges + 1 { broken("\(sent): attempt \(attempt) of \(offset), charged \(charges) times") }
        }
        for (offset, redelivered) in zip(sent.offsets, sent.redelivered)
        where redelivered != assignment.delivered.contains(offset) {
            broken("\(sent): redelivered is \(redelivered) for \(offset)")
        }
        let isSuspect = sent.offsets.contains { assignment.suspects.contains($0) }
        if isSuspect && (sent.offsets.count > 1 || !live.isEmpty) { broken("\(sent): a suspect has company \(live)") }
        for other in live where hasSuspect(other) { broken("\(sent) goes to a worker that has the suspect \(other)") }
        assignment.delivered.formUnion(sent.offsets)
        assignments[sent.partition] = assignment
    }

    private func hasSuspect(_ execution: Execution) -> Bool {
        guard let assignment = assignments[execution.partition], assignment.generation == execution.generation,
            execution.cancelled == nil
        else { return false }
        return execution.offsets.contains { assignment.suspects.contains($0) }
    }

    private mutating func checkOrder(_ sent: Sent, _ assignment: Assignment, _ others: [Execution], _ now: Instant) {
        switch policy.order {
        case .partition, .key:
            if let other = others.first(where: { $0.partition == sent.partition }) {
                broken("\(sent) overlaps with \(other)")
            }
            if sent.offsets != Array(assignment.unsettled.prefix(sent.offsets.count)) {
                broken("\(sent) is out of order: unsettled are \(assignment.unsettled.prefix(10))")
            }
            if now < assignment.laneHeldUntil { broken("\(sent) came before the handler's delay was over") }
        case .none:
            for other in others
            where other.partition == sent.partition && other.generation == assignment.generation
                && !Set(other.offsets).isDisjoint(with: sent.offsets)
            {
                broken("\(sent) repeats what still runs as \(other)")
            }
            for offset in sent.offsets {
                if !assignment.unsettled.contains(offset) { broken("\(sent): \(offset) is settled or was never taken") }
                if let until = assignment.heldUntil[offset], now < until { broken("\(sent) came before its delay") }
            }
        }
    }

    // MARK: Verdicts

    mutating func settle(_ partition: Int32, _ offset: Int64) {
        assignments[partition]?.unsettled.removeAll { $0 == offset }
        assignments[partition]?.settled.insert(offset)
        everSettled[partition, default: []].insert(offset)
    }

    /// The handler's answer to one delivery, told as what becomes of each of its records: nil is success.
    mutating func answered(_ execution: Execution, _ failures: [Failure?], isWhole: Bool, now: Instant) {
        guard isCurrent(execution) else { return }
        guard execution.cancelled == nil else {
            letGo(execution)
            return
        }
        for offset in execution.offsets { assignments[execution.partition]?.suspects.remove(offset) }
        for (offset, failure) in zip(execution.offsets, failures) {
            guard let failure, failure.action != .skip else {
                settle(execution.partition, offset)
                continue
            }
            if failure.action == .retry { assignments[execution.partition]?.charges[offset, default: 0] += 1 }
            if let delay = failure.delay {
                assignments[execution.partition]?.laneHeldUntil = now + delay
                assignments[execution.partition]?.heldUntil[offset] = now + delay
            }
            // Everything after the first that is delivered again goes with it, unless the whole batch was charged.
            if policy.order == .partition && !isWhole { return }
        }
    }

    func isCurrent(_ execution: Execution) -> Bool {
        assignments[execution.partition]?.generation == execution.generation
    }

    /// A cancelled execution is over.
    mutating func letGo(_ execution: Execution) {
        guard isCurrent(execution), execution.cancelled == .timeout else { return }
        if execution.isChargedOnEnd {
            charge(execution)
        } else {
            assignments[execution.partition]?.suspects.formUnion(execution.offsets)
        }
    }

    private mutating func charge(_ execution: Execution) {
        guard let offset = execution.offsets.first else { return }
        assignments[execution.partition]?.charges[offset, default: 0] += 1
        assignments[execution.partition]?.suspects.insert(offset)
    }

    /// A process was reaped; `live` is what it had not let go of.
    mutating func reaped(_ live: [Execution], failure: WorkerFailure?) {
        let isAlone = live.reduce(0) { $0 + $1.offsets.count } == 1
        for execution in live where isCurrent(execution) {
            if execution.cancelled != nil {
                letGo(execution)
            } else if failure == nil || failure == .revoked {
                continue
            } else if isAlone {
                charge(execution)
            } else {
                assignments[execution.partition]?.suspects.formUnion(execution.offsets)
            }
        }
    }

    // MARK: Commits

    /// `log` is every offset of the partition that exists.
    mutating func commit(_ entry: CommitEntry, log: [Int64]) {
        guard let assignment = assignments[entry.partition.value] else {
            broken("commit of \(entry), which is not assigned")
            return
        }
        if entry.offset < assignment.position { broken("commit of \(entry) behind \(assignment.position)") }
        for offset in log where offset >= assignment.position && offset < entry.offset {
            if !assignment.settled.contains(offset) { broken("commit of \(entry), but \(offset) is not settled") }
        }
    }
}
