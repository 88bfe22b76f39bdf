import Testing

@testable import DeliveryCore

/// Acknowledgements that come together lead to the same as one by one.
@Suite struct AcknowledgedTests {
    @Test("Counted together, acknowledgements lead to the same actions as one by one", arguments: 0..<4)
    func countsTogetherWhatItCountsSingly(part: Int) {
        let first = testSeed(for: "acknowledged \(part)")
        for seed in first &+ UInt64(part) * 1_000_000..<first &+ UInt64(part) * 1_000_000 + 25 {
            var story = Story(seed: seed)
            guard let complaint = story.run() else { continue }
            Issue.record("ACKPIPE_TEST_SEED=\(seed): \(complaint)\n\(story.trace.suffix(30).joined(separator: "\n"))")
            return
        }
    }

    private func windowed(records: Int64 = 6) -> MachineDriver {
        let driver = MachineDriver { limits, _ in limits.laneWindow = 3 }
        driver.assign(0)
        driver.arrive(0, 0...records - 1)
        driver.turn()
        return driver
    }

    private func acknowledge(_ ids: [UInt64], _ driver: MachineDriver) throws(VerdictProblem) {
        try driver.machine.acknowledged(ids.span, from: .first, now: driver.now, actions: &driver.pending)
    }

    private func acknowledgeTogether(_ ids: [UInt64], _ driver: MachineDriver) throws(VerdictProblem) {
        try driver.machine.acknowledgedTogether(ids.span, from: .first, now: driver.now, actions: &driver.pending)
    }

    @Test func whatComesBeforeAnUnknownIdCounts() throws {
        let driver = windowed()
        #expect(throws: VerdictProblem.unknownID(99)) { try acknowledge([1, 2, 99, 3], driver) }
        #expect(driver.committable(0) == 2)
        #expect(driver.machine.counters.settled == 2)
        driver.expectNoStandstill()
    }

    @Test func anIdThatOnlyTheFirstOnesLetGoIsUnknown() throws {
        let driver = MachineDriver { limits, _ in limits.laneWindow = 2 }
        driver.assign(0, 1)
        driver.arrive(0, 0...5)
        driver.arrive(1, 0...5)
        driver.turn()
        // The first makes room for a fifth once the second, of another lane, has ended its run.
        let other = try #require(
            driver.machine.workers[0].liveIDs.first { id in
                driver.machine.outstandingDelivery(.first, id: id)?.partition == PartitionIndex(1)
            })
        #expect(throws: VerdictProblem.unknownID(5)) { try acknowledge([1, other, 5], driver) }
        #expect(driver.machine.counters.settled == 2)
        driver.expectNoStandstill()
    }

    @Test func oneVerdictWithAnUnknownIdCountsForNone() throws {
        let driver = windowed()
        #expect(throws: VerdictProblem.unknownID(99)) { try acknowledgeTogether([1, 2, 99], driver) }
        #expect(driver.machine.counters.settled == 0)
        try acknowledgeTogether([1, 2], driver)
        #expect(driver.committable(0) == 2)
    }

    @Test func aDeliveryThatWasAnsweredBeforeItWasWrittenHasNoHead() throws {
        let driver = MachineDriver(workers: 2)
        driver.assign(0)
        driver.arrive(0, 4...5)
        let key = try #require(driver.dispatched().first)
        let head = driver.machine.head(of: key, for: .first)
        #expect(head == DeliveryHead(id: 1, partition: PartitionIndex(0), count: 1))
        let foreign = driver.machine.head(of: key, for: WorkerIndex(1))
        #expect(foreign == nil)
        try driver.ack(1)
        let answered = driver.machine.head(of: key, for: .first)
        #expect(answered == nil)
    }

    @Test func theRecordsOfADeliveryAreCollectedAsOftenAsTheyAreAskedFor() throws {
        let driver = MachineDriver { limits, policy in
            limits.batchSize = 3
            policy.isBatch = true
        }
        driver.assign(0)
        driver.arrive(0, 4...6)
        let key = try #require(driver.dispatched().first)
        var records = [DeliveredRecord(slot: RecordSlot(9), offset: 9, attempt: 9, redelivered: true)]
        for _ in 0..<2 {
            driver.machine.collectRecords(of: key, into: &records)
            #expect(records.map(\.offset) == [4, 5, 6])
            #expect(records.map(\.attempt) == [1, 1, 1])
        }
        driver.revoke(0, lost: true)
        driver.machine.collectRecords(of: key, into: &records)
        #expect(records.isEmpty)
    }

    @Test func messagesAreLookedUpAsFarAsTheyGoToOneWorker() throws {
        let driver = MachineDriver(workers: 2) { limits, policy in
            limits.maxInFlight = 2
            policy.order = .none
        }
        driver.assign(0)
        driver.arrive(0, 4...9)
        let keys = driver.dispatched()
        try #require(keys.count == 4)
        let first = try #require(driver.pending.firstIndex { if case .send = $0 { true } else { false } })
        var messages: [OutgoingMessage] = []
        let count = driver.machine.collectMessages(driver.pending, from: first, to: .first, into: &messages)
        #expect(count == 2)
        #expect(messages.map(\.key) == Array(keys[..<2]))
        #expect(messages.map(\.id) == [1, 2])
        #expect(messages.map(\.place) == [first, first + 1])
        #expect(messages.map(\.record?.offset) == [4, 5])
        #expect(messages.map(\.record?.attempt) == [1, 1])
        try driver.ack(1)
        let rest = driver.machine.collectMessages(driver.pending, from: first, to: .first, into: &messages)
        #expect(rest == 2)
        #expect(messages.map(\.id) == [2], "what is answered is not written")
        driver.revoke(0, lost: true)
        _ = driver.machine.collectMessages(driver.pending, from: first, to: .first, into: &messages)
        #expect(messages.map(\.record) == [nil], "its partition is gone")
    }

    @Test func aRepeatedIdIsALateVerdict() throws {
        let driver = windowed()
        try acknowledge([1, 2, 1, 2], driver)
        #expect(driver.committable(0) == 2)
        #expect(driver.machine.counters.lateVerdicts == 2)
    }

    @Test func anIdOutOfTurnWaitsForTheOneBeforeIt() throws {
        let driver = windowed()
        try acknowledge([2, 3], driver)
        #expect(driver.committable(0) == 0)
        try acknowledge([1], driver)
        #expect(driver.committable(0) == 3)
        driver.expectNoStandstill()
    }

    @Test func anEmptyCallIsASignOfLifeAndNoMore() throws {
        let driver = windowed()
        try acknowledge([], driver)
        #expect(driver.pending.isEmpty)
        #expect(driver.committable(0) == 0)
    }

    @Test func whatWasTakenBackIsNotSettled() throws {
        let driver = windowed()
        try driver.nack(1, delay: .zero)
        // 2 and 3 are cancelled: this only says that the handler has stopped.
        try acknowledge([2, 3], driver)
        #expect(driver.committable(0) == 0)
        #expect(driver.machine.counters.settled == 0)
        #expect(driver.turn().offsets == [[0], [1], [2]])
    }

    @Test func whatBelongsToAnOlderAssignmentIsNotSettled() throws {
        let driver = windowed()
        driver.revoke(0, lost: true)
        driver.turn()
        driver.assign(0)
        driver.arrive(0, 0...5)
        try acknowledge([1, 2, 3], driver)
        #expect(driver.committable(0) == 0)
        #expect(driver.machine.unsettled == 6)
    }
}

/// Random deliveries of two machines; one is told of several acknowledgements at once.
private struct Story {
    let twins: TwinMachines
    var random: SeededGenerator
    var trace: [String] = []
    var next: [Int32: Int64] = [:]
    /// Where a lane has several deliveries, what goes next goes at another time: only the outcome is the same.
    let isWindowed: Bool

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func among(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        let isWindowed = among(0...1) == 0
        let partitions = Int32(among(1...3))
        let abilities = WorkerAbilities(
            concurrency: among(1...3), maxInFlight: among(2...12), canCancel: among(0...1) == 0)
        twins = TwinMachines(workers: among(1...2), partitions: partitions, abilities: abilities) { limits, policy in
            policy.order = [.partition, .key, .none][among(0...2)]
            policy.isBatch = among(0...1) == 0
            policy.hasDeadLetters = true
            policy.onExhausted = .deadLetter
            policy.maxAttempts = 2
            limits.laneWindow = isWindowed ? among(2...5) : 1
            limits.batchSize = policy.isBatch ? among(2...5) : 1
            limits.batchLinger = .zero
            limits.stallTimeout = .zero
        }
        self.random = random
        self.isWindowed = isWindowed
        trace.append("\(twins.one.machine.policy) window \(twins.one.machine.limits.laneWindow)")
        for partition in 0..<partitions { twins.both { $0.assign(partition) } }
    }

    private mutating func among(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func run() -> String? {
        let steps = isWindowed ? among(1...25) : 40
        for step in 0..<steps {
            arrive()
            let isLast = step == steps - 1
            let isAlike = isWindowed && !isLast
            if let complaint = answer(isAlike: isAlike) ?? (isLast ? nil : turn()) { return complaint }
        }
        if let complaint = isWindowed ? twins.outcome : twins.books { return complaint }
        twins.both { $0.advance(.seconds(1)) }
        return (twins.one.machine.standstills() + twins.one.machine.miscounts()).first
    }

    private mutating func turn() -> String? {
        // Keys count up in both alike.
        for key in twins.one.machine.deadLetters.entries.keys.sorted() where among(0...1) == 0 {
            trace.append("letter \(key) is confirmed")
            twins.both {
                $0.machine.deadLetterFinished(DeadLetterKey(key), confirmed: true, now: $0.now, actions: &$0.pending)
            }
        }
        return twins.turn(after: .milliseconds(Int64(among(0...6))))
    }

    private mutating func arrive() {
        let partition = Int32(among(0...Int(twins.partitions) - 1))
        let first = next[partition] ?? 0
        let keys = (0..<among(0...8)).map { _ in UInt64(among(1...3)) }
        next[partition] = first + Int64(keys.count)
        trace.append("arrive \(partition) from \(first): \(keys)")
        twins.both { $0.arrive(partition, from: first, keys: keys) }
    }

    private mutating func answer(isAlike: Bool) -> String? {
        for worker in twins.one.machine.workers.indices {
            var ids = twins.one.machine.workers[worker].liveIDs.filter { _ in among(0...2) > 0 }
            if among(0...2) == 0 { ids.shuffle(using: &random) }
            if let bad = ids.first, among(0...5) == 0 {
                trace.append("worker \(worker) nack \(bad)")
                let action: FailureAction = among(0...1) == 0 ? .retry : .reject
                twins.both { try? $0.verdict(.nack(id: bad, Failure(action, delay: .zero)), from: worker) }
            }
            if !isAlike, let last = ids.first, among(0...4) == 0 {
                trace.append("worker \(worker) ack through \(last)")
                let live = twins.other.machine.workers[worker].liveIDs.filter { $0 <= last }
                let first = problem { () throws(VerdictProblem) in
                    try twins.one.verdict(.ackThrough(id: last), from: worker)
                }
                let second = problem { () throws(VerdictProblem) in try single(live, worker, twins.other) }
                if first != second { return "\(String(describing: first)) or \(String(describing: second))" }
                continue
            }
            if let again = ids.randomElement(using: &random), among(0...4) == 0 { ids.append(again) }
            if among(0...14) == 0 { ids.insert(1_000_000, at: among(0...ids.count)) }
            trace.append("worker \(worker) ack \(ids)\(isAlike ? ", alike" : "")")
            let first = problem { () throws(VerdictProblem) in
                if isAlike { return try single(ids, worker, twins.one) }
                try twins.one.machine.acknowledged(
                    ids.span, from: WorkerIndex(worker), now: twins.one.now, actions: &twins.one.pending)
            }
            let second = problem { () throws(VerdictProblem) in try single(ids, worker, twins.other) }
            if first != second { return "\(String(describing: first)) or \(String(describing: second))" }
        }
        return nil
    }

    private func single(_ ids: [UInt64], _ worker: Int, _ driver: MachineDriver) throws(VerdictProblem) {
        for id in ids { try driver.ack(id, from: worker) }
    }

    private func problem(_ body: () throws(VerdictProblem) -> Void) -> VerdictProblem? {
        do throws(VerdictProblem) { try body() } catch { return error }
        return nil
    }
}
