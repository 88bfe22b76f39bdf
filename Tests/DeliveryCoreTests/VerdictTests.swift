import Testing

@testable import DeliveryCore

@Suite struct VerdictTests {
    private func batch(_ order: DeliveryOrder = .partition, records: Int64 = 5) -> MachineDriver {
        let driver = MachineDriver { limits, policy in
            limits.batchSize = Int(records)
            policy.isBatch = true
            policy.order = order
        }
        driver.assign(0)
        driver.arrive(0, 0...(records - 1))
        driver.turn()
        return driver
    }

    // MARK: ack

    @Test func anAckSettlesAndGivesTheBytesBack() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 5...5)
        driver.turn()
        try driver.ack(1)
        let turn = driver.turn()
        #expect(turn.givenBackSlots == [RecordSlot(0)])
        #expect(turn.committed == [0: 6])
        #expect(driver.machine.counters.settled == 1)
    }

    @Test func ackManyAndAckThroughSettleEachIdTheyName() throws {
        let driver = MachineDriver { _, policy in policy.order = .none }
        driver.assign(0)
        driver.arrive(0, 0...5)
        #expect(driver.turn().sent.count == 6)
        try driver.verdict(.ackMany(ids: [1, 3]))
        #expect(driver.committable(0) == 1)
        try driver.verdict(.ackThrough(id: 4))
        #expect(driver.committable(0) == 4)
        #expect(driver.machine.unsettled == 2)
        #expect(driver.machine.counters.lateVerdicts == 0, "ids that were answered are not meant by `through`")
    }

    @Test func theFirstVerdictCountsAndLaterOnesAreCounted() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        try driver.nack(1)
        try driver.ack(1)
        #expect(driver.committable(0) == 0)
        #expect(driver.machine.counters.lateVerdicts == 1)
    }

    @Test func refusesAnIdThatWasNeverIssuedAndChangesNothing() throws {
        let driver = MachineDriver { _, policy in policy.order = .none }
        driver.assign(0)
        driver.arrive(0, 0...1)
        driver.turn()
        #expect(throws: VerdictProblem.unknownID(3)) { try driver.ack(3) }
        #expect(throws: VerdictProblem.unknownID(0)) { try driver.ack(0) }
        #expect(throws: VerdictProblem.unknownID(9)) { try driver.verdict(.ackMany(ids: [1, 9])) }
        #expect(throws: VerdictProblem.unknownID(.max)) { try driver.verdict(.ackThrough(id: .max)) }
        #expect(throws: VerdictProblem.unknownID(9)) { try driver.nack(9) }
        #expect(throws: VerdictProblem.unknownID(9)) {
            try driver.machine.extend(9, by: .seconds(1), from: .first, now: driver.now)
        }
        #expect(driver.machine.unsettled == 2)
        #expect(driver.committable(0) == 0)
    }

    @Test("A verdict that breaks the protocol is no success: the restart backoff goes on growing")
    func aWrongVerdictDoesNotEndACrashLoop() {
        let driver = MachineDriver { limits, _ in limits.restartBackoffMaximum = .seconds(100) }
        driver.assign(0)
        var waits: [Interval] = []
        for _ in 0..<6 {
            #expect(throws: VerdictProblem.self) { try driver.ack(99) }
            driver.broke()
            driver.exit()
            for case .workerEnded(_, _, let wait?) in driver.turn().notices { waits.append(wait) }
            driver.advance(.seconds(20))
            driver.machine.workerLaunched(.first, now: driver.now, actions: &driver.pending)
            driver.machine.workerReady(.first, driver.abilities, now: driver.now, actions: &driver.pending)
        }
        #expect(waits.count == 6)
        #expect(waits.last ?? .zero > .milliseconds(2_000), "waited \(waits)")
    }

    // MARK: nack

    @Test func aRetryIsChargedAndDeliveredAgainAfterItsBackoff() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...1)
        driver.turn()
        try driver.nack(1)
        let failed = driver.turn()
        #expect(failed.sent.isEmpty, "a later record of the lane must not pass")
        #expect(failed.actions.first == .copyOut(RecordSlot(0)))
        #expect(driver.advance(.milliseconds(399)).sent.isEmpty)
        let again = driver.advance(.milliseconds(201)).sent
        #expect(again == [Sent(worker: 0, id: 2, partition: 0, offsets: [0], attempts: [2], redelivered: [true])])
        #expect(driver.machine.counters.failedAttempts == 1)
    }

    @Test func aDelayReplacesTheBackoffAndIsClamped() throws {
        let driver = MachineDriver { limits, _ in limits.maxRetryDelay = .seconds(10) }
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        try driver.nack(1, delay: .seconds(3))
        #expect(driver.advance(.milliseconds(2_999)).sent.isEmpty)
        #expect(driver.advance(.milliseconds(1)).offsets == [[0]])
        try driver.nack(2, delay: .seconds(1_000_000))
        #expect(driver.advance(.milliseconds(9_999)).sent.isEmpty)
        #expect(driver.advance(.milliseconds(1)).offsets == [[0]])
        try driver.nack(3, delay: Interval(nanoseconds: -1))
        #expect(driver.turn().offsets == [[0]])
    }

    @Test func aReleaseIsDeliveredAgainUncharged() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        try driver.nack(1, .release, delay: .zero)
        let again = driver.turn().sent
        #expect(again == [Sent(worker: 0, id: 2, partition: 0, offsets: [0], attempts: [1], redelivered: [true])])
        #expect(driver.machine.counters.failedAttempts == 0)
    }

    @Test func aSkipCountsAsDone() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        try driver.nack(1, .skip)
        #expect(driver.committable(0) == 1)
        #expect(driver.machine.counters.skipped == 1)
    }

    @Test func aRejectStopsTheServiceAtTheRecord() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 4...5)
        driver.turn()
        try driver.nack(1, .reject)
        #expect(driver.isDraining)
        driver.turn()
        driver.exit()
        #expect(driver.turn().ending == .stopped(.rejected(PartitionIndex(0), offset: 4)))
    }

    @Test func aNackOfABatchChargesEachRecordInIt() throws {
        let driver = batch()
        try driver.nack(1, delay: .zero)
        #expect(driver.turn().sent.map(\.attempts) == [[2, 2, 2, 2, 2]])
        #expect(driver.machine.counters.failedAttempts == 5)
    }

    // MARK: result

    @Test("From the first retry on everything of the lane is delivered again, and only that record is charged")
    func aResultKeepsTheOrderOfItsLane() throws {
        let driver = batch()
        try driver.verdict(
            .result(
                id: 1,
                failed: [
                    FailedRecord(index: 3, Failure(.retry)), FailedRecord(index: 0, Failure(.skip)),
                    FailedRecord(index: 2, Failure(.retry, delay: .zero)),
                ]))
        #expect(driver.committable(0) == 2)
        let again = driver.turn().sent
        #expect(again.map(\.offsets) == [[2, 3, 4]])
        #expect(again.map(\.attempts) == [[2, 1, 1]])
        #expect(again.map(\.redelivered) == [[true, true, true]])
    }

    @Test func aResultWithReleaseChargesNothing() throws {
        let driver = batch()
        try driver.verdict(.result(id: 1, failed: [FailedRecord(index: 1, Failure(.release, delay: .zero))]))
        let again = driver.turn().sent
        #expect(again.map(\.offsets) == [[1, 2, 3, 4]])
        #expect(again.map(\.attempts) == [[1, 1, 1, 1]])
    }

    @Test func anEmptyResultIsAnAckOfAll() throws {
        let driver = batch()
        try driver.verdict(.result(id: 1, failed: []))
        #expect(driver.committable(0) == 5)
        #expect(driver.machine.unsettled == 0)
    }

    @Test func withoutOrderEachRecordStandsAlone() throws {
        let driver = batch(.none)
        try driver.verdict(
            .result(
                id: 1,
                failed: [
                    FailedRecord(index: 1, Failure(.retry, delay: .zero)),
                    FailedRecord(index: 3, Failure(.release, delay: .zero)),
                ]))
        #expect(driver.machine.unsettled == 2)
        #expect(driver.committable(0) == 1)
        let again = driver.turn().sent
        #expect(again.flatMap(\.offsets) == [1, 3])
        #expect(again.flatMap(\.attempts) == [2, 1])
    }

    @Test func withoutOrderARejectLeavesTheOtherRecordsSettled() throws {
        let driver = batch(.none)
        try driver.verdict(.result(id: 1, failed: [FailedRecord(index: 2, Failure(.reject))]))
        #expect(driver.machine.unsettled == 1)
        #expect(driver.committable(0) == 2)
        #expect(driver.isDraining)
    }

    @Test func refusesAResultWhoseIndicesAreWrongAndChangesNothing() {
        let driver = batch()
        func result(_ indices: [Int]) throws {
            try driver.verdict(.result(id: 1, failed: indices.map { FailedRecord(index: $0, Failure(.retry)) }))
        }
        #expect(throws: VerdictProblem.indexOutOfRange(id: 1, index: 5, count: 5)) { try result([5]) }
        #expect(throws: VerdictProblem.indexOutOfRange(id: 1, index: -1, count: 5)) { try result([0, -1]) }
        #expect(throws: VerdictProblem.repeatedIndex(id: 1, index: 2)) { try result([2, 3, 2]) }
        #expect(driver.machine.unsettled == 5)
        #expect(driver.owesVerdicts(.first))
    }

    @Test func refusesAResultForAMessage() {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        #expect(throws: VerdictProblem.resultForMessage(id: 1)) { try driver.verdict(.result(id: 1, failed: [])) }
    }

    // MARK: Old assignments

    @Test func aVerdictFromAnOlderAssignmentChangesNothing() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.revoke(0, lost: true)
        driver.assign(0)
        driver.arrive(0, 0...0)
        #expect(driver.turn().sent.isEmpty, "the old execution still runs")
        try driver.ack(1)
        #expect(driver.committable(0) == 0)
        #expect(driver.turn().offsets == [[0]])
    }
}
