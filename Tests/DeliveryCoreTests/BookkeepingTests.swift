import Testing

@testable import DeliveryCore

/// Seeded runs that look at the machine's own books after every step; the simulation, which sees only what a runner sees,
/// checks the promises.
@Suite struct BookkeepingTests {
    @Test("After every step each record has something that moves it on, and what is counted adds up", arguments: 0..<4)
    func keepsItsBooks(part: Int) {
        let first = testSeed(for: "books \(part)")
        for seed in first &+ UInt64(part) * 1_000_000..<first &+ UInt64(part) * 1_000_000 + 10 {
            var exercise = Exercise(seed: seed)
            guard let complaint = exercise.run() else { continue }
            Issue.record(
                "ACKPIPE_TEST_SEED=\(seed): \(complaint)\n\(exercise.trace.suffix(40).joined(separator: "\n"))")
            return
        }
    }
}

/// Random inputs to one machine, drawn from a seed.
private struct Exercise {
    let driver: MachineDriver
    var random: SeededGenerator
    var trace: [String] = []
    var nextOffsets: [Int32: Int64] = [:]
    var letters: [DeadLetter] = []
    var tokens: [UInt64] = []
    var revoked: Set<Int32> = []
    /// Slots that the machine holds.
    var held: Set<Int32> = []
    var complaint: String?

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func among(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        let abilities = WorkerAbilities(concurrency: among(1...4), canCancel: among(0...1) == 0)
        driver = MachineDriver(workers: among(1...3), abilities: abilities) { limits, policy in
            policy.order = [.partition, .key, .none][among(0...2)]
            policy.isBatch = among(0...1) == 0
            policy.bisects = policy.isBatch && among(0...2) == 0
            policy.maxAttempts = among(0...2) == 0 ? nil : among(1...3)
            policy.hasDeadLetters = among(0...3) > 0
            policy.onExhausted = policy.hasDeadLetters ? .deadLetter : .skip
            limits.laneWindow = among(1...4)
            limits.maxInFlight = among(1...8)
            limits.batchSize = policy.isBatch ? among(1...6) : 1
            limits.batchLinger = .milliseconds(Int64(among(0...10)))
            limits.ackTimeout = .milliseconds(400)
            limits.cancelGrace = .milliseconds(100)
            limits.revokeTimeout = .milliseconds(200)
            limits.retryBackoffInitial = .milliseconds(10)
            limits.retryBackoffMaximum = .milliseconds(50)
            limits.restartBackoffInitial = .milliseconds(10)
            limits.restartBackoffMaximum = .milliseconds(50)
            limits.stallTimeout = .zero
            if among(0...2) == 0 { limits.rate = RateLimit(perSecond: 500, burst: among(1...10)) }
            if among(0...1) == 0 { limits.deadLetterRate = RateLimit(perSecond: 50, burst: among(1...3)) }
        }
        self.random = random
        trace.append("\(driver.machine.policy) window \(driver.machine.limits.laneWindow)")
        for partition in Int32(0)..<Int32(among(1...3)) { assign(partition) }
    }

    private mutating func among(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func run() -> String? {
        for _ in 0..<250 {
            step()
            settle()
            if let complaint { return complaint }
        }
        return finish()
    }

    // MARK: Faults

    private mutating func step() {
        switch among(0...19) {
        case 0...4: arrive()
        case 5...11: answerOne()
        case 12...15: driver.now = driver.now + .milliseconds(Int64(among(0...40)))
        case 16: answerLetter(confirmed: among(0...2) > 0)
        case 17: crash()
        case 18: rebalance()
        default: if let token = tokens.popLast() { driver.commitFinished(token, failed: among(0...3) == 0 ? [0] : []) }
        }
    }

    private mutating func assign(_ partition: Int32) {
        // What was not settled comes again.
        let position = max(0, (nextOffsets[partition] ?? 0) - Int64(among(0...3)))
        nextOffsets[partition] = position
        trace.append("assign \(partition) from \(position)")
        driver.assign(partition, from: position)
    }

    private mutating func arrive() {
        let partitions = nextOffsets.keys.sorted().filter { !revoked.contains($0) }
        guard let partition = partitions.randomElement(using: &random) else { return }
        for _ in 0..<among(1...6) {
            let offset = (nextOffsets[partition] ?? 0) + Int64(among(0...9) == 0 ? 3 : 0)
            nextOffsets[partition] = offset + 1
            held.insert(driver.nextSlot)
            if among(0...9) == 0 {
                driver.arriveFiltered(partition, offset...offset)
            } else {
                let key = among(0...4)
                driver.arrive(partition, offset, key: key == 0 ? nil : UInt64(key), size: Int32(among(1...300)))
            }
        }
        trace.append("arrive \(partition) up to \(nextOffsets[partition] ?? 0)")
    }

    private mutating func answerOne() {
        let owing = driver.machine.workers.indices.filter { driver.machine.workers[$0].live > 0 }
        guard let worker = owing.randomElement(using: &random),
            let id = driver.machine.workers[worker].liveIDs.randomElement(using: &random),
            let delivery = driver.machine.outstandingDelivery(WorkerIndex(worker), id: id)
        else { return }
        let actions: [FailureAction] = [.retry, .retry, .reject, .skip, .release]
        var verdict = Verdict.ack(id: id)
        switch among(0...5) {
        case 0:
            verdict = .nack(id: id, Failure(actions[among(0...4)], delay: among(0...1) == 0 ? .zero : nil))
        case 1 where driver.machine.policy.isBatch:
            let indices = (0..<delivery.count).filter { _ in among(0...2) == 0 }
            verdict = .result(
                id: id, failed: indices.map { FailedRecord(index: $0, Failure(actions[among(0...4)], delay: .zero)) })
        case 2: verdict = .ackThrough(id: id)
        default: break
        }
        trace.append("worker \(worker): \(verdict)")
        do throws(VerdictProblem) { try driver.verdict(verdict, from: worker) } catch {
            complaint = "refused: \(error)"
        }
    }

    private mutating func crash() {
        let running = driver.machine.workers.indices.filter { driver.machine.workers[$0].hasProcess }
        guard let worker = running.randomElement(using: &random) else { return }
        trace.append("worker \(worker) dies")
        driver.exit(worker)
    }

    private mutating func answerLetter(confirmed: Bool) {
        guard !letters.isEmpty else { return }
        let letter = letters.remove(at: among(0...(letters.count - 1)))
        trace.append("letter \(letter.partition.value)@\(letter.offset) \(confirmed ? "confirmed" : "failed")")
        driver.answer(letter, confirmed: confirmed)
    }

    private mutating func rebalance() {
        let mine = nextOffsets.keys.sorted()
        guard among(0...2) == 0, let partition = mine.randomElement(using: &random) else { return }
        guard !revoked.contains(partition) else { return }
        let isLost = among(0...2) == 0
        trace.append("revoke \(partition)\(isLost ? ", lost" : "")")
        revoked.insert(partition)
        driver.revoke(partition, lost: isLost)
    }

    // MARK: What a runner does

    /// Performs what the machine asked for, until a turn asks for nothing that the runner answers at once.
    private mutating func settle() {
        driver.machine.timePassed(now: driver.now, actions: &driver.pending)
        var index = 0
        while index < driver.pending.count {
            perform(driver.pending[index])
            index += 1
        }
        driver.pending = []
        for slot in driver.machine.givenBack where held.remove(slot.value) == nil {
            complaint = complaint ?? "slot \(slot.value) is given back twice"
        }
        driver.machine.forgetGivenBack()
        complaint = complaint ?? (driver.machine.standstills() + driver.machine.miscounts()).first
    }

    private mutating func perform(_ action: Action) {
        switch action {
        case .send(let key, let worker): send(key, to: worker)
        case .launch(let worker):
            driver.machine.workerLaunched(worker, now: driver.now, actions: &driver.pending)
            driver.machine.workerReady(worker, driver.abilities, now: driver.now, actions: &driver.pending)
        case .kill(let worker):
            trace.append("worker \(worker.value) is killed")
            driver.exit(worker.value)
        case .writeDeadLetter(let letter): letters.append(letter)
        case .commit(_, let token): tokens.append(token)
        case .answerRevoke(let partitions):
            for partition in partitions {
                revoked.remove(partition.value)
                assign(partition.value)
            }
        default: break
        }
    }

    private mutating func send(_ key: DeliveryKey, to worker: WorkerIndex) {
        let delivery = driver.machine.delivery(key)
        guard driver.machine.record(0, of: delivery) != nil else { return }
        let offsets = (0..<delivery.count).compactMap { driver.machine.record($0, of: delivery)?.offset }
        trace.append("worker \(worker.value) gets \(delivery.id): \(delivery.partition.value)@\(offsets)")
        if Set(offsets).count != offsets.count { complaint = complaint ?? "a record twice in one delivery" }
        switch among(0...30) {
        case 0:
            trace.append("not encodable")
            driver.machine.refuse(key, now: driver.now, actions: &driver.pending)
        case 1 where delivery.count > 1:
            trace.append("shortened to 1")
            driver.machine.shorten(key, to: 1, now: driver.now, actions: &driver.pending)
        default: break
        }
        driver.machine.written(worker, through: delivery.id, pendingBytes: 0, now: driver.now)
    }

    // MARK: The end of all faults

    /// Handlers that only acknowledge: everything must be settled soon.
    private mutating func finish() -> String? {
        trace.append("no more faults")
        let end = driver.now + .seconds(60)
        var turns = 0
        while driver.now < end, turns < 20_000 {
            turns += 1
            settle()
            if let complaint { return complaint }
            for worker in driver.machine.workers.indices {
                for id in driver.machine.workers[worker].liveIDs { try? driver.ack(id, from: worker) }
            }
            while !letters.isEmpty { answerLetter(confirmed: true) }
            while let token = tokens.popLast() { driver.commitFinished(token) }
            if driver.machine.unsettled == 0, driver.pending.isEmpty, driver.machine.givenBack.isEmpty, revoked.isEmpty
            {
                return leftovers()
            }
            // What was answered in this turn is looked at in the next one.
            let next = driver.pending.isEmpty ? driver.machine.nextDeadline : driver.now
            driver.now = max(driver.now + .milliseconds(1), next ?? driver.now)
        }
        return "\(driver.machine.unsettled) records are not settled after a minute"
    }

    private func leftovers() -> String? {
        if !held.isEmpty { return "slots \(held.sorted()) are never given back" }
        let keys = driver.machine.lanes.keys
        return keys > 0 && driver.machine.suspects.isEmpty ? "\(keys) lanes of keys are left" : nil
    }
}
