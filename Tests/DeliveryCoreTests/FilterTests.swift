import Testing

@testable import DeliveryCore

/// Records that no handler is to see (`Record.isFiltered`).
@Suite struct FilterTests {
    private func driver(_ configure: (inout Limits, inout ServicePolicy) -> Void = { _, _ in }) -> MachineDriver {
        let driver = MachineDriver { limits, policy in
            limits.commitInterval = .zero
            configure(&limits, &policy)
        }
        driver.assign(0)
        return driver
    }

    @Test func filteredRecordsAloneMoveTheOffset() {
        let driver = driver()
        driver.arriveFiltered(0, 0...9)
        let turn = driver.turn()
        #expect(turn.sent.isEmpty)
        #expect(turn.givenBack == 10)
        #expect(turn.committed == [0: 10])
        #expect(driver.machine.counters.filtered == 10)
        #expect(driver.machine.counters.settled == 0)
        #expect(driver.machine.unsettled == 0)
        #expect(driver.machine.recordBudget > 0)
    }

    @Test func betweenOthersTheyMoveTheOffsetWithThem() throws {
        let driver = driver()
        driver.arrive(0, 0...0)
        driver.arriveFiltered(0, 1...3)
        driver.arrive(0, 4...4)
        driver.arriveFiltered(0, 5...5)
        #expect(driver.turn().offsets == [[0]])
        #expect(driver.committable(0) == 0)
        try driver.ack(1)
        #expect(driver.committable(0) == 4)
        #expect(driver.turn().offsets == [[4]])
        try driver.ack(2)
        #expect(driver.committable(0) == 6)
        driver.expectNoStandstill()
    }

    @Test func theyTakeNoPlaceInABatchAndBreakNone() {
        let driver = driver { limits, policy in
            policy.isBatch = true
            limits.batchSize = 3
        }
        driver.arrive(0, 0...0)
        driver.arriveFiltered(0, 1...5)
        driver.arrive(0, 6...7)
        #expect(driver.turn().offsets == [[0, 6, 7]])
    }

    @Test func theyDoNotCountForMaxMessages() throws {
        let driver = driver { _, policy in policy.maxMessages = 2 }
        driver.arriveFiltered(0, 0...4)
        #expect(driver.machine.recordBudget == 2)
        driver.arrive(0, 5...6)
        for id in UInt64(1)...2 {
            driver.turn()
            try driver.ack(id)
        }
        driver.turn()
        #expect(driver.isDraining)
        #expect(driver.committable(0) == 7)
    }

    @Test func theyLeadToTheEnd() {
        let driver = MachineDriver { _, policy in policy.exitAtEnd = true }
        driver.assign(0, end: 3)
        driver.arriveFiltered(0, 0...2)
        driver.turn()
        #expect(driver.isDraining)
    }

    @Test("The end is not reached while a partition of the assignment cannot be read yet")
    func theEndWaitsForPartitionsWithoutALeader() {
        let driver = MachineDriver { _, policy in policy.exitAtEnd = true }
        driver.machine.awaitsPartitions = true
        driver.assign(0, end: 3)
        driver.arriveFiltered(0, 0...2)
        driver.turn()
        #expect(!driver.isDraining)
        driver.machine.awaitsPartitions = false
        driver.turn()
        #expect(driver.isDraining)
    }

    @Test func duringADrainTheyAreGivenBackAndNotCommitted() {
        let driver = driver()
        driver.drain()
        driver.arriveFiltered(0, 0...1)
        #expect(driver.turn().committed.isEmpty)
        #expect(driver.machine.counters.filtered == 0)
    }

    @Test("They are no news for the metadata, but join what is settled around them")
    func metadata() throws {
        let driver = driver { _, policy in policy.order = .none }
        driver.arrive(0, 0...1)
        driver.arriveFiltered(0, 2...2)
        driver.arrive(0, 3...3)
        driver.turn()
        try driver.ack(2)
        try driver.ack(3)
        let entry = try #require(driver.turn().commitEntries.last)
        #expect(entry.offset == 0)
        #expect(try CommitMetadata.read(entry.metadata ?? [], base: 0, identity: 0) == settledRuns([1...3]))
        for token in UInt64(1)...9 { driver.commitFinished(token) }
        driver.arriveFiltered(0, 4...8)
        #expect(driver.advance(.seconds(5)).commitEntries.isEmpty)
    }

    @Test("Behind a record that is stuck any number may pass: their places are bounded in every order")
    func aStuckRecordBoundsWhatPassesBehindIt() throws {
        for order in [DeliveryOrder.partition, .key, .none] {
            let driver = driver { limits, policy in
                policy.order = order
                limits.maxTotalInFlight = 100
            }
            driver.arrive(0, 0...0)
            driver.turn()
            var passed: Int64 = 0
            while passed < 100_000, !driver.machine.backpressure.paused.contains(PartitionIndex(0)) {
                passed += 1
                driver.arriveFiltered(0, passed...passed)
            }
            #expect(passed <= 2_000, "\(order): \(passed) places are kept")
            #expect(driver.turn().actions.contains(.pause(PartitionIndex(0))))
            try driver.ack(1)
            #expect(driver.committable(0) == passed + 1)
            #expect(driver.advance(.milliseconds(200)).actions.contains(.resume(PartitionIndex(0))))
        }
    }
}
