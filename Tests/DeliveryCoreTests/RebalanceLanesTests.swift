import Testing

@testable import DeliveryCore

/// Partitions that go while their lanes have windows, answers out of turn, and keys.
@Suite struct RebalanceLanesTests {
    private let zero = PartitionIndex(0)

    private func windowed(
        _ order: DeliveryOrder = .partition, canCancel: Bool = true, keys: [UInt64?] = [nil, nil, nil, nil, nil]
    ) -> MachineDriver {
        let driver = MachineDriver(abilities: WorkerAbilities(concurrency: 4, canCancel: canCancel)) { limits, policy in
            policy.order = order
            limits.laneWindow = 3
            limits.revokeTimeout = .seconds(4)
            limits.commitInterval = .zero
        }
        driver.assign(0)
        driver.arrive(0, keys: keys)
        return driver
    }

    @Test func aRevokeWaitsForTheWholeWindowAndFillsItNoFurther() throws {
        let driver = windowed()
        #expect(driver.turn().sent.count == 3)
        driver.revoke(0)
        for id in [UInt64(2), 3] {
            try driver.ack(id)
            let turn = driver.turn()
            #expect(turn.sent.isEmpty && turn.answeredRevokes.isEmpty && turn.committed.isEmpty)
        }
        try driver.ack(1)
        let last = driver.turn()
        #expect(last.committed == [0: 3])
        #expect(last.givenBack == 5)
        driver.commitFinished(try #require(last.tokens.first))
        #expect(driver.turn().answeredRevokes == [[zero]])
    }

    @Test("What was answered out of turn is not committed where the one before it is not answered in time")
    func answersOutOfTurnAreLostAtTheTimeout() throws {
        let driver = windowed()
        driver.turn()
        driver.revoke(0)
        try driver.ack(2)
        try driver.ack(3)
        let over = driver.advance(.seconds(4))
        #expect(over.cancelled(.revoked) == [1])
        #expect(over.committed.isEmpty)
        #expect(over.answeredRevokes == [[zero]])
        driver.assign(0)
        driver.arrive(0, 0...2)
        #expect(driver.turn().sent.isEmpty, "the old execution runs on")
        driver.expectNoStandstill()
        try driver.ack(1)
        #expect(driver.committable(0) == 0)
        #expect(driver.turn().offsets == [[0], [1], [2]])
    }

    @Test func aRewindThatIsUnderWayEndsWithTheAssignment() throws {
        let driver = windowed()
        driver.turn()
        try driver.nack(1, delay: .zero)
        #expect(driver.turn().cancelled(.rewind) == [2, 3])
        driver.revoke(0, lost: true)
        driver.assign(0)
        driver.arrive(0, 0...1)
        #expect(driver.turn().sent.isEmpty)
        try driver.ack(2)
        #expect(driver.turn().sent.isEmpty)
        try driver.ack(3)
        #expect(driver.turn().sent.map(\.attempts) == [[1], [1]], "and the old retry holds nothing up")
        driver.expectNoStandstill()
    }

    @Test func aHandlerWithoutCancelIsKilledForWhatIsNotAnsweredAndTheLaneOpensWhenItIsReaped() {
        let driver = windowed(canCancel: false)
        driver.turn()
        driver.revoke(0, lost: true)
        #expect(driver.turn().kills == [0])
        driver.assign(0)
        driver.arrive(0, 0...0)
        #expect(driver.turn().sent.isEmpty)
        driver.expectNoStandstill()
        #expect(driver.replace().sent.map(\.attempts) == [[1]])
        #expect(driver.machine.counters.failedAttempts == 0)
    }

    @Test func aRevokeInTheBackoffOfARetryIsAnsweredAtOnce() throws {
        let driver = windowed(.key, keys: [1])
        driver.turn()
        try driver.nack(1, delay: .seconds(60))
        driver.turn()
        driver.revoke(0)
        #expect(driver.turn().answeredRevokes == [[zero]])
        #expect(driver.machine.lanes.keys == 0)
    }

    @Test func theKeysOfOtherPartitionsGoOn() throws {
        let driver = windowed(.key, keys: [1, 1, 1, 1, 2])
        driver.assign(1)
        driver.arrive(1, keys: [1, 1, 1, 1, 1])
        #expect(driver.turn().sent.count == 7)
        driver.revoke(0)
        for delivery in driver.machine.unansweredDeliveries(of: .first) where delivery.partition != zero {
            try driver.ack(delivery.id)
        }
        let sent = driver.turn().sent
        #expect(sent.map(\.partition) == [1, 1])
        driver.expectNoStandstill()
    }

    @Test func manyAssignmentsLeaveNoLanesBehind() throws {
        let driver = windowed(.key, keys: [])
        var live: [UInt64] = []
        for round in Int64(0)..<30 {
            driver.arrive(0, from: 0, keys: [1, 2, UInt64(round), nil])
            live += driver.turn().sent.map(\.id)
            if round % 3 == 0 {
                for id in live { try driver.ack(id) }
                live = []
            }
            driver.revoke(0, lost: true)
            driver.turn()
            driver.assign(0)
            driver.expectNoStandstill()
        }
        for id in live { try driver.ack(id) }
        driver.turn()
        #expect(driver.machine.lanes.keys == 0)
    }
}
