import Testing

@testable import DeliveryCore

@Suite struct BisectTests {
    private func bisecting(
        _ batch: Int, _ order: DeliveryOrder = .partition, maxAttempts: Int? = nil, window: Int = 1
    ) -> MachineDriver {
        let driver = MachineDriver(abilities: WorkerAbilities(concurrency: 4, canCancel: true)) { limits, policy in
            policy.order = order
            policy.isBatch = true
            policy.bisects = true
            policy.maxAttempts = maxAttempts
            policy.onExhausted = .deadLetter
            policy.hasDeadLetters = true
            limits.batchSize = batch
            limits.laneWindow = window
            limits.retryBackoffInitial = .zero
        }
        driver.assign(0)
        return driver
    }

    /// A handler that can only say "failed" of a whole batch, which it does where a culprit is in it; what it was sent until
    /// everything was settled.
    private func handle(_ driver: MachineDriver, culprits: Set<Int64>) throws -> [Sent] {
        var all: [Sent] = []
        var turn = driver.advance(.milliseconds(10))
        for _ in 0..<1_000 where driver.machine.unsettled > 0 {
            all += turn.sent
            for sent in turn.sent {
                if culprits.isDisjoint(with: sent.offsets) {
                    try driver.ack(sent.id)
                } else {
                    try driver.nack(sent.id)
                }
            }
            for letter in turn.letters { driver.answer(letter) }
            turn = driver.advance(.milliseconds(1))
            driver.expectNoStandstill()
        }
        return all
    }

    @Test func halvesABatchThatFailsAndDeliversTheHalvesInOrder() throws {
        let driver = bisecting(8)
        driver.arrive(0, 0...7)
        #expect(driver.turn().offsets == [[0, 1, 2, 3, 4, 5, 6, 7]])
        try driver.nack(1)
        let first = driver.turn()
        #expect(first.notices == [.bisected(PartitionIndex(0), offset: 0, records: 8)])
        #expect(first.offsets == [[0, 1, 2, 3]], "at once, without a backoff, and without company")
        #expect(driver.machine.counters.failedAttempts == 0)
        try driver.ack(2)
        #expect(driver.turn().offsets == [[4, 5, 6, 7]])
        try driver.nack(3)
        #expect(driver.turn().offsets == [[4, 5]])
        driver.expectNoStandstill()
    }

    @Test func halvesGoWithNobodyElse() throws {
        let driver = bisecting(3)
        driver.arrive(0, 0...4)
        driver.turn()
        try driver.nack(1)
        #expect(driver.turn().offsets == [[0, 1]])
        try driver.ack(2)
        #expect(driver.turn().offsets == [[2]])
        try driver.ack(3)
        #expect(driver.advance(.milliseconds(10)).offsets == [[3, 4]])
    }

    @Test(arguments: [DeliveryOrder.partition, .key, .none], [Int64(0), 5, 31, 62, 63])
    func onlyTheCulpritIsChargedAndGivenUpSoonAfterItIsAlone(order: DeliveryOrder, culprit: Int64) throws {
        let driver = bisecting(64, order, maxAttempts: 2)
        driver.arrive(0, keys: (0..<64).map { UInt64($0 % 3) })
        let sent = try handle(driver, culprits: [culprit])
        // The whole, two halves on each of six levels, and the second attempt at the culprit; a lane that lies in both halves
        // keeps its part of the second one back.
        #expect(sent.count <= 1 + (order == .key ? 4 : 2) * 6 + 1, "\(sent.count) deliveries")
        #expect(driver.machine.counters.failedAttempts == 2)
        #expect(driver.machine.counters.deadLettered == 1)
        #expect(driver.committable(0) == 64)
        for delivery in sent where delivery.offsets != [culprit] {
            #expect(delivery.attempts.allSatisfy { $0 == 1 }, "\(delivery)")
        }
    }

    @Test func twoCulpritsAreBothFound() throws {
        let driver = bisecting(16, maxAttempts: 1)
        driver.arrive(0, 0...15)
        let sent = try handle(driver, culprits: [3, 12])
        #expect(driver.machine.counters.deadLettered == 2)
        #expect(driver.machine.counters.failedAttempts == 2)
        #expect(sent.filter { $0.offsets.count == 1 && ($0.offsets == [3] || $0.offsets == [12]) }.count == 2)
    }

    @Test func aRecordThatWasAloneWaitsForItsBackoff() throws {
        let driver = bisecting(4)
        driver.arrive(0, 0...0)
        driver.advance(.milliseconds(10))
        try driver.nack(1, delay: .seconds(2))
        #expect(driver.machine.counters.failedAttempts == 1)
        #expect(driver.advance(.milliseconds(1_999)).sent.isEmpty)
        #expect(driver.advance(.milliseconds(1)).sent.map(\.attempts) == [[2]])
    }

    @Test func theHandlersDelayHoldsTheHalves() throws {
        let driver = bisecting(4)
        driver.arrive(0, 0...3)
        driver.turn()
        try driver.nack(1, delay: .seconds(2))
        #expect(driver.advance(.milliseconds(1_999)).sent.isEmpty)
        #expect(driver.advance(.milliseconds(1)).offsets == [[0, 1]])
    }

    @Test func aResultNeedsNoHalving() throws {
        let driver = bisecting(4)
        driver.arrive(0, 0...3)
        driver.turn()
        try driver.verdict(.result(id: 1, failed: [FailedRecord(index: 1, Failure(.retry, delay: .zero))]))
        let again = driver.turn().sent
        #expect(again.map(\.offsets) == [[1, 2, 3]])
        #expect(again.map(\.attempts) == [[2, 1, 1]])
    }

    @Test func withAWindowBothHalvesGoAndAFailureOfTheFirstTakesTheSecondBack() throws {
        let driver = bisecting(4, window: 2)
        driver.arrive(0, 0...3)
        driver.turn()
        try driver.nack(1)
        #expect(driver.turn().offsets == [[0, 1], [2, 3]])
        try driver.nack(2)
        #expect(driver.turn().cancelled(.rewind) == [3])
        try driver.ack(3)
        #expect(driver.turn().offsets == [[0], [1]])
        driver.expectNoStandstill()
    }
}
