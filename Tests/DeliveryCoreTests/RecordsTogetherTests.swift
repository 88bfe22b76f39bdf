import Testing

@testable import DeliveryCore

/// Records that are taken together lead to the same as one by one.
@Suite struct RecordsTogetherTests {
    @Test("Taken together, records lead to the same actions as one by one", arguments: 0..<4)
    func takesTogetherWhatItTakesSingly(part: Int) {
        let first = testSeed(for: "together \(part)")
        for seed in first &+ UInt64(part) * 1_000_000..<first &+ UInt64(part) * 1_000_000 + 25 {
            var story = Story(seed: seed)
            guard let complaint = story.run() else { continue }
            Issue.record("ACKPIPE_TEST_SEED=\(seed): \(complaint)\n\(story.trace.suffix(30).joined(separator: "\n"))")
            return
        }
    }

    @Test func aRunOfAnUnknownPartitionChangesNoOtherLane() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...1)
        driver.arrive(-1, 0...3)
        driver.arrive(7, 0...3)
        driver.arrive(0, 2...2)
        driver.expectNoStandstill()
        for id in UInt64(1)...3 {
            #expect(driver.turn().offsets == [[Int64(id) - 1]])
            try driver.ack(id)
        }
        #expect(driver.committable(0) == 3)
        #expect(driver.machine.lanes.lanes(of: PartitionIndex(7)).isEmpty)
    }

    @Test func aRunEndsAtTheEndOfThePartition() {
        let driver = MachineDriver { _, policy in policy.exitAtEnd = true }
        driver.assign(0, end: 3)
        driver.arrive(0, 0...5)
        #expect(driver.machine.unsettled == 3)
        #expect(driver.machine.counters.taken == 3)
        #expect(driver.turn().givenBack == 3)
    }

    @Test func aRunTakesNoRecordTwice() {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, [0, 1, 1, 2, 0, 3])
        #expect(driver.machine.unsettled == 4)
        #expect(driver.turn().givenBackSlots == [RecordSlot(2), RecordSlot(4)])
        driver.expectNoStandstill()
    }

    @Test func aRunOfAPartitionThatIsBeingGivenUpIsGivenBack() {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.revoke(0)
        driver.arrive(0, 1...3)
        #expect(driver.turn().givenBack == 3)
        #expect(driver.machine.unsettled == 1)
    }
}

/// Random records for two machines, which one takes together and the other one by one.
private struct Story {
    let twins: TwinMachines
    var random: SeededGenerator
    var trace: [String] = []
    var next: [Int32: Int64] = [:]
    var slot: Int32 = 0

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func among(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        let isBatch = among(0...1) == 0
        // Two partitions whose records linger may go in another order: which began to wait first hangs on the pieces.
        let lingers = isBatch && among(0...2) == 0
        let partitions = lingers ? 1 : Int32(among(1...3))
        let abilities = WorkerAbilities(concurrency: among(1...3), maxInFlight: among(1...8), canCancel: true)
        twins = TwinMachines(workers: among(1...3), partitions: partitions, abilities: abilities) { limits, policy in
            policy.order = [.partition, .key, .none][among(0...2)]
            policy.isBatch = isBatch
            policy.exitAtEnd = among(0...3) == 0
            policy.maxMessages = among(0...5) == 0 ? among(1...40) : nil
            policy.onExhausted = .skip
            // A window that is filled as records come takes what is there: a batch of a run is a larger one.
            limits.laneWindow = isBatch ? 1 : among(1...4)
            limits.batchSize = isBatch ? among(2...6) : 1
            limits.batchBytes = among(100...2_000)
            limits.batchLinger = lingers ? .milliseconds(10) : .zero
            limits.maxTotalInFlight = among(5...60)
            limits.maxUnwrittenBytes = among(0...1) == 0 ? among(100...1_000) : 64 * 1_024
            limits.stallTimeout = .zero
            if among(0...2) == 0 { limits.rate = RateLimit(perSecond: 500, burst: among(1...10)) }
        }
        self.random = random
        trace.append("\(twins.one.machine.policy) \(twins.one.machine.limits)")
        for partition in 0..<partitions {
            next[partition] = 0
            let settled: [ClosedRange<Int64>] = among(0...2) == 0 ? [3...4, 9...12] : []
            let assigned = AssignedPartition(
                partition: PartitionIndex(partition), position: 0, end: Int64(among(0...60)),
                settled: settledRuns(settled))
            twins.both { $0.machine.assigned([assigned], now: $0.now, actions: &$0.pending) }
        }
    }

    private mutating func among(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func run() -> String? {
        for _ in 0..<60 {
            switch among(0...9) {
            case 0...4: arrive()
            case 5...8: answer()
            default:
                let partition = Int32(among(0...Int(twins.partitions)))
                guard among(0...9) == 0 else { break }
                trace.append("revoke \(partition)")
                twins.both { $0.revoke(partition, lost: false) }
            }
            if let complaint = twins.turn(after: .milliseconds(Int64(among(0...6)))) { return complaint }
        }
        twins.both { $0.drain() }
        arrive()
        return twins.turn(after: .zero)
    }

    private mutating func arrive() {
        var records: [Record] = []
        for _ in 0..<among(1...3) {
            // One partition that is not assigned, and one that never is.
            let partition = Int32(among(-1...Int(twins.partitions)))
            for _ in 0..<among(1...7) {
                let offset =
                    (next[partition] ?? 0) + Int64(among(0...9) == 0 ? 2 : 0) - Int64(among(0...19) == 0 ? 1 : 0)
                next[partition] = max(next[partition] ?? 0, offset + 1)
                let key = among(0...3)
                records.append(
                    Record(
                        partition: PartitionIndex(partition), offset: offset, size: Int32(among(1...300)),
                        slot: RecordSlot(slot), keyHash: key == 0 ? nil : UInt64(key), isFiltered: among(0...14) == 0))
                slot += 1
            }
        }
        trace.append("arrive \(records.map { "\($0.partition.value)@\($0.offset)\($0.isFiltered ? "f" : "")" })")
        twins.one.machine.recordsArrived(records.span, now: twins.one.now, actions: &twins.one.pending)
        for record in records {
            twins.other.machine.recordArrived(record, now: twins.other.now, actions: &twins.other.pending)
        }
    }

    private mutating func answer() {
        for worker in twins.one.machine.workers.indices {
            for id in twins.one.machine.workers[worker].liveIDs where among(0...1) == 0 {
                let isBad = among(0...7) == 0
                trace.append("worker \(worker) \(isBad ? "nack" : "ack") \(id)")
                let verdict: Verdict = isBad ? .nack(id: id, Failure(.retry, delay: .zero)) : .ack(id: id)
                twins.both { try? $0.verdict(verdict, from: worker) }
            }
        }
    }
}
