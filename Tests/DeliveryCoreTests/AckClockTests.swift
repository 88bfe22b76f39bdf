import Testing

@testable import DeliveryCore

@Suite struct AckClockTests {
    private func driver(concurrency: Int = 1, canCancel: Bool = true) -> MachineDriver {
        let driver = MachineDriver(abilities: WorkerAbilities(concurrency: concurrency, canCancel: canCancel)) {
            limits, policy in
            limits.ackTimeout = .seconds(10)
            limits.maxExtend = .seconds(30)
            limits.cancelGrace = .seconds(5)
            policy.order = .none
        }
        driver.assign(0)
        return driver
    }

    private func cancelled(_ turn: Turn) -> [UInt64] {
        turn.actions.flatMap { action -> [UInt64] in
            if case .cancel(_, let ids, .timeout) = action { ids } else { [] }
        }
    }

    @Test func runsForTheLowestIdsOnly() throws {
        let driver = driver()
        driver.arrive(0, 0...3)
        driver.turn()
        // Each is answered 9 s after the one before: a window of four does not time out on what it has not begun.
        for id in UInt64(1)...4 {
            #expect(cancelled(driver.advance(.seconds(9))).isEmpty)
            try driver.ack(id)
        }
        #expect(driver.machine.unsettled == 0)
    }

    @Test func timesOutAsManyAsTheHandlerWorksOnAtOnce() {
        let driver = driver(concurrency: 2)
        driver.arrive(0, 0...3)
        driver.turn()
        #expect(cancelled(driver.advance(.milliseconds(9_999))).isEmpty)
        #expect(cancelled(driver.advance(.milliseconds(1))) == [1, 2])
    }

    @Test func beginsWhenTheLastByteIsWritten() {
        let driver = driver()
        driver.writesAtOnce = false
        driver.arrive(0, 0...0)
        #expect(cancelled(driver.advance(.seconds(100))).isEmpty)
        driver.machine.written(.first, through: 1, pendingBytes: 0, now: driver.now)
        #expect(cancelled(driver.advance(.milliseconds(9_999))).isEmpty)
        #expect(cancelled(driver.advance(.milliseconds(1))) == [1])
    }

    @Test func endsAWorkerThatTakesNoByteForAsLongAsItHasForAVerdict() {
        let driver = driver()
        driver.writesAtOnce = false
        driver.arrive(0, 0...0)
        driver.turn()
        driver.machine.written(.first, through: 0, pendingBytes: 70, now: driver.now)
        driver.advance(.seconds(9))
        // One byte taken: it has all of its time again.
        driver.machine.written(.first, through: 0, pendingBytes: 69, now: driver.now)
        #expect(!driver.advance(.milliseconds(9_999)).actions.contains(.kill(.first)))
        #expect(driver.advance(.milliseconds(1)).actions.contains(.kill(.first)))
    }

    @Test func goesOnWithTheNextIdAlsoWhereVerdictsComeOutOfOrder() throws {
        let driver = driver(concurrency: 2)
        driver.arrive(0, 0...3)
        driver.turn()
        driver.advance(.seconds(5))
        try driver.ack(2)
        try driver.ack(4)
        // 1 runs since 0 s, 3 since 5 s.
        #expect(cancelled(driver.advance(.seconds(5))) == [1])
        try driver.ack(1)
        #expect(cancelled(driver.advance(.seconds(4))).isEmpty)
        #expect(cancelled(driver.advance(.seconds(1))) == [3])
    }

    @Test func killsAWorkerThatDoesNotLetGoOfWhatWasCancelled() {
        let driver = driver()
        driver.arrive(0, 0...0)
        driver.turn()
        #expect(cancelled(driver.advance(.seconds(10))) == [1])
        #expect(!driver.advance(.milliseconds(4_999)).actions.contains(.kill(.first)))
        #expect(driver.advance(.milliseconds(1)).actions.contains(.kill(.first)))
        driver.exit()
        #expect(
            driver.turn().notices.contains {
                if case .workerEnded(.first, .cancelIgnored?, _) = $0 { true } else { false }
            })
        #expect(driver.machine.counters.failedAttempts == 1)
    }

    @Test func killsAtOnceAWorkerThatCannotCancel() {
        let driver = driver(canCancel: false)
        driver.arrive(0, 0...0)
        driver.turn()
        let overdue = driver.advance(.seconds(10))
        #expect(cancelled(overdue).isEmpty)
        #expect(overdue.actions.contains(.kill(.first)))
        driver.exit()
        #expect(driver.machine.counters.failedAttempts == 1)
    }

    @Test func deliversNothingIntoTheSlotOfACancelledDelivery() throws {
        let driver = MachineDriver { limits, policy in
            limits.ackTimeout = .seconds(10)
            limits.maxInFlight = 1
            policy.order = .none
        }
        driver.assign(0)
        driver.arrive(0, 0...1)
        driver.turn()
        #expect(driver.advance(.seconds(12)).sent.isEmpty)
        try driver.ack(1)
        #expect(driver.turn().offsets == [[1]])
    }

    // MARK: extend

    @Test func anExtensionMovesTheDeadlineAndNeverNearer() throws {
        let driver = driver()
        driver.arrive(0, 0...0)
        driver.turn()
        try driver.machine.extend(1, by: .seconds(1), from: .first, now: driver.now)
        #expect(cancelled(driver.advance(.milliseconds(9_999))).isEmpty, "1 s from now is before the deadline")
        try driver.machine.extend(1, by: .seconds(10), from: .first, now: driver.now)
        #expect(cancelled(driver.advance(.milliseconds(9_999))).isEmpty)
        #expect(cancelled(driver.advance(.milliseconds(1))) == [1])
    }

    @Test func extensionsAreCappedInAll() throws {
        let driver = driver()
        driver.arrive(0, 0...0)
        driver.turn()
        for _ in 0..<39 {
            try driver.machine.extend(1, by: .seconds(3_600), from: .first, now: driver.now)
            #expect(cancelled(driver.advance(.seconds(1))).isEmpty)
        }
        try driver.machine.extend(1, by: .seconds(3_600), from: .first, now: driver.now)
        #expect(cancelled(driver.advance(.seconds(1))) == [1], "10 s and 30 s of extension are over")
    }

    @Test func anExtensionBeforeTheClockRunsCountsOnceItDoes() throws {
        let driver = driver()
        driver.writesAtOnce = false
        driver.arrive(0, 0...0)
        driver.turn()
        try driver.machine.extend(1, by: .seconds(15), from: .first, now: driver.now)
        driver.machine.written(.first, through: 1, pendingBytes: 0, now: driver.now)
        #expect(cancelled(driver.advance(.milliseconds(14_999))).isEmpty)
        #expect(cancelled(driver.advance(.milliseconds(1))) == [1])
    }

    @Test func anExtensionRevivesNothing() throws {
        let driver = driver()
        driver.arrive(0, 0...1)
        driver.turn()
        #expect(cancelled(driver.advance(.seconds(10))) == [1])
        try driver.machine.extend(1, by: .seconds(20), from: .first, now: driver.now)
        #expect(driver.advance(.seconds(5)).actions.contains(.kill(.first)))
        try driver.machine.extend(1, by: .seconds(20), from: .first, now: driver.now)
        try driver.ack(2)
        try driver.machine.extend(2, by: .seconds(20), from: .first, now: driver.now)
        #expect(driver.committable(0) == 0)
    }
}
