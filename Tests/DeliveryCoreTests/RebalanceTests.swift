import Testing

@testable import DeliveryCore

@Suite struct RebalanceTests {
    private let zero = PartitionIndex(0)

    @Test func answersARevokeAtOnceWhereNothingIsHeld() {
        let driver = MachineDriver()
        driver.assign(0, 1)
        driver.revoke(0, 1)
        #expect(driver.turn().actions == [.answerRevoke([zero, PartitionIndex(1)])])
        #expect(driver.machine.assignedPartitions.isEmpty)
        #expect(driver.machine.recordBudget == 0)
    }

    @Test func waitsForVerdictsThenCommitsThenAnswers() throws {
        let driver = MachineDriver()
        driver.assign(0, 1)
        driver.arrive(0, 0...1)
        driver.arrive(1, 0...0)
        driver.turn()
        driver.revoke(0)
        #expect(driver.turn().actions.isEmpty)
        try driver.ack(1)
        let answered = driver.turn()
        #expect(answered.committed == [0: 1])
        #expect(answered.sent.isEmpty, "nothing more of a partition that goes is delivered")
        #expect(answered.givenBack == 2)
        #expect(!answered.actions.contains(.answerRevoke([zero])))
        driver.commitFinished(try #require(answered.tokens.first))
        #expect(driver.turn().actions.contains(.answerRevoke([zero])))
        #expect(driver.machine.assignedPartitions == [PartitionIndex(1)])
        #expect(driver.machine.unsettled == 1)
    }

    @Test("The answer waits also for a periodic commit that holds the partition's last offset")
    func waitsForACommitThatIsUnderWay() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        try driver.ack(1)
        let periodic = driver.turn()
        #expect(periodic.committed == [0: 1])
        driver.revoke(0)
        #expect(!driver.turn().actions.contains(.answerRevoke([zero])))
        driver.commitFinished(try #require(periodic.tokens.first))
        #expect(driver.turn().actions.contains(.answerRevoke([zero])))
    }

    @Test func answersAfterTheRevokeTimeoutAndCancelsWhatIsUnanswered() throws {
        let driver = MachineDriver { limits, _ in limits.revokeTimeout = .seconds(4) }
        driver.assign(0)
        driver.arrive(0, 0...1)
        driver.turn()
        driver.revoke(0)
        #expect(driver.advance(.milliseconds(3_999)).actions.isEmpty)
        let over = driver.advance(.milliseconds(1))
        #expect(over.actions.contains(.cancel(.first, ids: [1], reason: .revoked)))
        #expect(over.actions.contains(.answerRevoke([zero])))
        #expect(over.notices == [.revokedUnanswered(zero, deliveries: 1)])
        #expect(over.givenBack == 2)
        #expect(over.committed.isEmpty)
    }

    @Test func keepsTheLaneClosedUntilTheOldExecutionIsOver() throws {
        let driver = MachineDriver(workers: 2) { limits, _ in limits.revokeTimeout = .seconds(1) }
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.revoke(0)
        driver.advance(.seconds(1))
        driver.assign(0)
        driver.arrive(0, 0...0)
        #expect(driver.advance(.seconds(4)).sent.isEmpty)
        try driver.nack(1, .release)
        #expect(driver.turn().offsets == [[0]])
        #expect(driver.machine.counters.failedAttempts == 0)
    }

    @Test func opensTheLaneAgainWhenTheWorkerThatKeptOnIsReaped() {
        let driver = MachineDriver(workers: 2) { limits, _ in limits.cancelGrace = .seconds(5) }
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.revoke(0, lost: true)
        driver.assign(0)
        driver.arrive(0, 0...0)
        let killed = driver.advance(.seconds(5))
        #expect(killed.actions.contains(.kill(.first)))
        #expect(killed.sent.isEmpty)
        driver.exit(0)
        #expect(driver.turn().sent.map(\.worker) == [1])
    }

    @Test func aLostAssignmentIsAnsweredAtOnceAndNotCommitted() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...1)
        driver.turn()
        try driver.ack(1)
        driver.revoke(0, lost: true)
        let lost = driver.turn()
        #expect(lost.actions.contains(.answerRevoke([zero])))
        #expect(lost.committed.isEmpty)
        #expect(driver.advance(.seconds(10)).committed.isEmpty)
    }

    @Test func answersSeveralRevokesOneAfterTheOther() throws {
        let driver = MachineDriver(workers: 2)
        driver.assign(0, 1)
        driver.arrive(0, 0...0)
        driver.arrive(1, 0...0)
        driver.turn()
        driver.revoke(0)
        driver.revoke(1)
        func answers() -> [Action] {
            driver.turn().actions.filter { if case .answerRevoke = $0 { true } else { false } }
        }
        try driver.nack(1, .release, from: 1)
        #expect(answers().isEmpty)
        try driver.nack(1, .release, from: 0)
        #expect(answers() == [.answerRevoke([zero]), .answerRevoke([PartitionIndex(1)])])
    }

    @Test func answersARevokeAlsoWhereTheCommitIsNeverConfirmed() throws {
        let driver = MachineDriver { limits, _ in limits.revokeTimeout = .seconds(4) }
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.revoke(0)
        try driver.ack(1)
        #expect(driver.turn().committed == [0: 1])
        #expect(driver.advance(.seconds(4)).actions.contains(.answerRevoke([zero])))
    }

    @Test func countsAttemptsAnewInANewAssignment() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        try driver.nack(1, delay: .zero)
        #expect(driver.turn().sent.map(\.attempts) == [[2]])
        try driver.nack(2, delay: .seconds(5))
        driver.revoke(0)
        driver.turn()
        driver.assign(0)
        driver.arrive(0, 0...0)
        #expect(driver.turn().sent.map(\.attempts) == [[1]], "and the retry of the old assignment holds nothing up")
        #expect(driver.advance(.seconds(6)).sent.isEmpty)
    }

    @Test func anAssignmentOverAnExistingOneKeepsTheLaneClosedForTheOldExecution() throws {
        let driver = MachineDriver(workers: 2)
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.assign(0)
        driver.arrive(0, 0...0)
        #expect(driver.turn().sent.isEmpty)
        try driver.ack(1)
        #expect(driver.committable(0) == 0)
        #expect(driver.turn().offsets == [[0]])
    }

    // MARK: Relocation

    @Test func readsOnAheadAndKeepsWhatIsUnderWay() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.machine.relocate(zero, to: 50, now: driver.now, actions: &driver.pending)
        #expect(driver.committable(0) == 0)
        try driver.ack(1)
        #expect(driver.committable(0) == 50)
        driver.arrive(0, 50...50)
        #expect(driver.turn().offsets == [[50]])
    }

    @Test func beginsAnewBehindThePosition() throws {
        let driver = MachineDriver()
        driver.assign(0, from: 100)
        driver.arrive(0, 100...100)
        driver.turn()
        driver.machine.relocate(zero, to: 20, now: driver.now, actions: &driver.pending)
        driver.arrive(0, 20...20)
        #expect(driver.turn().sent.isEmpty)
        try driver.ack(1)
        #expect(driver.committable(0) == 20)
        #expect(driver.turn().offsets == [[20]])
    }

    @Test("The end of a partition does not move its offset past what arrived after the revoke began")
    func neverCommitsPastWhatItGaveBack() throws {
        let driver = MachineDriver()
        driver.assign(0, 1)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.revoke(0, 1)
        driver.arrive(1, 0...3)
        driver.machine.endReached(PartitionIndex(1), offset: 4, now: driver.now)
        try driver.ack(1)
        #expect(driver.turn().committed == [0: 1])
    }
}
