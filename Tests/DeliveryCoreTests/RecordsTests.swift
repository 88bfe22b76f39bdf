import Testing

@testable import DeliveryCore

@Suite struct RecordsTests {
    // MARK: Windows

    @Test func takesNoMoreRecordsThanTheWindow() throws {
        let driver = MachineDriver { limits, _ in limits.maxTotalInFlight = 10 }
        #expect(driver.machine.recordBudget == 0, "nothing is assigned")
        driver.assign(0)
        #expect(driver.machine.recordBudget == 10)
        driver.arrive(0, 0...9)
        #expect(driver.machine.recordBudget == 0)
        driver.turn()
        try driver.ack(1)
        #expect(driver.machine.recordBudget == 1)
    }

    @Test func takesNothingMoreWhileTheBytesAreFull() throws {
        let driver = MachineDriver { limits, _ in limits.maxInFlightBytes = 1_000 }
        driver.assign(0)
        driver.arrive(0, 0...0, size: 999)
        #expect(driver.machine.recordBudget > 0)
        driver.arrive(0, 1...1, size: 5_000)
        #expect(driver.machine.recordBudget == 0)
        driver.turn()
        try driver.ack(1)
        driver.turn()
        try driver.ack(2)
        #expect(driver.machine.recordBudget > 0)
        #expect(driver.machine.unsettledBytes == 0)
    }

    @Test func givesBackWhatIsNotWanted() {
        let driver = MachineDriver()
        driver.assign(0, from: 5)
        driver.arrive(1, 0...0)
        driver.arrive(0, 3...5)
        driver.arrive(0, 5...5)
        driver.arrive(-1, 0...0)
        #expect(driver.turn().givenBackSlots == [0, 1, 2, 4, 5].map { RecordSlot($0) })
    }

    // MARK: --exit-at-end

    private func atEnd() -> MachineDriver {
        let driver = MachineDriver { limits, policy in policy.exitAtEnd = true }
        driver.turn()
        return driver
    }

    @Test func stopsWhenEverythingUpToTheEndIsSettled() throws {
        let driver = atEnd()
        driver.assign(0, end: 2)
        driver.arrive(0, 0...1)
        driver.turn()
        try driver.ack(1)
        for token in driver.turn().tokens { driver.commitFinished(token) }
        #expect(!driver.isDraining)
        try driver.ack(2)
        driver.turn()
        #expect(driver.isDraining)
        driver.exit()
        let last = driver.turn()
        #expect(last.committed == [0: 2])
        for token in last.tokens { driver.commitFinished(token) }
        #expect(driver.turn().ending == .completed)
    }

    @Test func neitherHandlesNorCommitsWhatLiesBehindTheEnd() throws {
        let driver = atEnd()
        driver.assign(0, end: 2)
        driver.arrive(0, 0...4)
        #expect(driver.turn().givenBack == 3)
        try driver.ack(1)
        driver.turn()
        try driver.ack(2)
        #expect(driver.turn().committed.values.allSatisfy { $0 <= 2 })
        #expect(driver.committable(0) == 2)
    }

    @Test func stopsAtAnEndThatOnlyControlRecordsReach() throws {
        let driver = atEnd()
        driver.assign(0, end: 5)
        driver.arrive(0, 0...1)
        driver.turn()
        try driver.ack(1)
        driver.turn()
        try driver.ack(2)
        driver.turn()
        #expect(!driver.isDraining)
        driver.machine.endReached(PartitionIndex(0), offset: 5, now: driver.now)
        driver.turn()
        #expect(driver.isDraining)
    }

    @Test func doesNotStopBeforeTheFirstAssignment() {
        let driver = atEnd()
        #expect(driver.advance(.seconds(60)).actions.isEmpty)
        #expect(!driver.isDraining)
    }

    @Test func stopsWhereItOwnsNothing() {
        let driver = atEnd()
        driver.assign()
        driver.turn()
        #expect(driver.isDraining)
    }

    @Test func doesNotStopBetweenTheHalvesOfAnEagerRebalance() {
        let driver = atEnd()
        driver.assign(0, end: 5)
        driver.revoke(0)
        driver.turn()
        #expect(!driver.isDraining)
        driver.assign(0, from: 5, end: 5)
        driver.turn()
        #expect(driver.isDraining)
    }

    // MARK: --max-messages

    private func three() -> MachineDriver {
        let driver = MachineDriver { limits, policy in policy.maxMessages = 3 }
        driver.assign(0, 1)
        return driver
    }

    @Test func takesAndHandlesExactlyAsManyAsAsked() throws {
        let driver = three()
        #expect(driver.machine.recordBudget == 3)
        driver.arrive(0, 0...2)
        #expect(driver.machine.recordBudget == 0)
        for id in UInt64(1)...3 {
            #expect(driver.turn().sent.count == 1)
            #expect(!driver.isDraining)
            try driver.ack(id)
        }
        driver.turn()
        #expect(driver.isDraining)
        #expect(driver.machine.counters.settled == 3)
    }

    @Test func takesOthersForThoseThatARevokeTookAway() throws {
        let driver = three()
        driver.arrive(0, 0...1)
        driver.arrive(1, 0...0)
        driver.turn()
        try driver.ack(2)
        driver.revoke(0, lost: true)
        driver.turn()
        #expect(!driver.isDraining)
        #expect(driver.machine.recordBudget == 2)
        driver.arrive(1, 1...2)
        try driver.ack(1)
        for id in UInt64(3)...4 {
            driver.turn()
            try driver.ack(id)
        }
        driver.turn()
        #expect(driver.isDraining)
        #expect(driver.machine.counters.settled == 3)
    }

    @Test("A record that came too many is not skipped when a revoke makes room for others")
    func losesNothingThatWasGivenBack() throws {
        let driver = three()
        driver.arrive(0, 0...0)
        driver.arrive(1, 0...1)
        driver.arrive(0, 1...1)
        #expect(driver.turn().givenBack == 1)
        driver.revoke(1, lost: true)
        driver.turn()
        driver.arrive(0, 2...2)
        try driver.ack(1)
        driver.advance(.seconds(1))
        #expect(driver.committable(0) <= 1, "0@1 was never handled")
    }
}
