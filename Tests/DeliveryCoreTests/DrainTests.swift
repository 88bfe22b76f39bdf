import Testing

@testable import DeliveryCore

@Suite struct DrainTests {
    private func busy(workers: Int = 1, canCancel: Bool = true) -> MachineDriver {
        let driver = MachineDriver(workers: workers, abilities: WorkerAbilities(canCancel: canCancel)) { limits, _ in
            limits.drainTimeout = .seconds(20)
            limits.exitGrace = .seconds(5)
            limits.terminateGrace = .seconds(2)
        }
        driver.assign(0, 1)
        driver.arrive(0, 0...2)
        driver.turn()
        return driver
    }

    @Test("shutdown, verdict, end of input, exit, commit, finished")
    func goesThroughItsSteps() throws {
        let driver = busy()
        driver.drain()
        #expect(driver.turn().actions == [.sendShutdown(.first, deadline: .seconds(14))])
        #expect(driver.machine.recordBudget == 0)
        try driver.ack(1)
        let answered = driver.turn()
        #expect(answered.actions.contains(.closeInput(.first)))
        #expect(answered.sent.isEmpty)
        driver.exit()
        let commit = driver.turn()
        #expect(answered.committed == [0: 1] || commit.committed == [0: 1])
        #expect(commit.ending == nil)
        driver.commitFinished(try #require((answered.tokens + commit.tokens).first))
        let end = driver.turn()
        #expect(end.ending == .drained)
        #expect(end.givenBack == 2)
        #expect(end.actions.last == .finished(.drained))
    }

    @Test func endsAtOnceWhereNothingRuns() {
        let driver = MachineDriver(unstarted: 2)
        driver.drain()
        #expect(driver.turn().actions == [.finished(.drained)])
    }

    @Test func givesBackWhatArrivesLater() {
        let driver = busy()
        driver.drain()
        driver.turn()
        driver.arrive(1, 0...3)
        #expect(driver.turn().givenBack == 4)
    }

    @Test func terminatesAndThenKillsAWorkerThatDoesNotLeave() {
        let driver = busy()
        driver.drain()
        driver.turn()
        let termination = driver.advance(.seconds(14))
        #expect(termination.actions.contains(.terminate(.first)))
        #expect(termination.notices.contains(.drainCutOff(unanswered: 1)))
        #expect(driver.advance(.milliseconds(1_999)).actions.isEmpty)
        #expect(driver.advance(.milliseconds(1)).actions == [.kill(.first)])
        driver.exit()
        #expect(driver.turn().ending == .drainedWithLoss(unanswered: 1))
    }

    @Test func endsAtItsDeadlineAlsoWhereAProcessIsNeverReaped() {
        let driver = busy()
        driver.drain()
        let end = driver.advance(.seconds(20))
        #expect(end.ending == .drainedWithLoss(unanswered: 1))
        #expect(end.actions.last.map { if case .finished = $0 { true } else { false } } == true)
        #expect(driver.advance(.seconds(60)).actions.isEmpty, "no action follows the end")
    }

    @Test("A worker that leaves without its verdict makes the end one with loss")
    func countsWhatAWorkerTookWithIt() {
        let driver = busy()
        driver.drain()
        driver.turn()
        driver.exit()
        #expect(driver.turn().ending == .drainedWithLoss(unanswered: 1))
    }

    @Test func aVerdictAfterTheTerminationStillCounts() throws {
        let driver = busy()
        driver.drain()
        driver.advance(.seconds(14))
        try driver.ack(1)
        let commit = driver.turn()
        #expect(commit.committed == [0: 1])
        driver.commitFinished(try #require(commit.tokens.first))
        driver.exit()
        #expect(driver.turn().ending == .drained)
    }

    @Test func waitsForACommitThatIsUnderWayAndSendsItAgainOnceWhereItWasRefused() throws {
        let driver = busy()
        try driver.ack(1)
        let periodic = driver.turn()
        try driver.nack(2, .release)
        #expect(periodic.committed == [0: 1])
        driver.drain()
        driver.turn()
        driver.exit()
        #expect(driver.turn().ending == nil, "the offset is not committed yet")
        driver.commitFinished(try #require(periodic.tokens.first), failed: [0])
        let again = driver.turn()
        #expect(again.committed == [0: 1])
        #expect(again.ending == nil)
        driver.commitFinished(try #require(again.tokens.first), failed: [0])
        #expect(driver.turn().ending == .drained)
    }

    @Test func endsAtItsDeadlineWhereACommitIsNeverConfirmed() throws {
        let driver = busy()
        try driver.ack(1)
        driver.turn()
        driver.drain()
        driver.turn()
        try driver.nack(2, .release)
        driver.exit()
        #expect(driver.advance(.milliseconds(19_999)).ending == nil)
        #expect(driver.advance(.milliseconds(1)).ending == .drained)
    }

    @Test func aSecondSignalKillsAtOnce() {
        let driver = busy(workers: 2)
        driver.drain()
        driver.turn()
        driver.drain(fast: true)
        let fast = driver.turn()
        #expect(fast.actions.contains(.kill(WorkerIndex(0))))
        #expect(fast.actions.contains(.kill(WorkerIndex(1))))
        driver.exit(0)
        driver.exit(1)
        #expect(driver.turn().ending == .drainedWithLoss(unanswered: 1))
        driver.drain(fast: true)
        #expect(driver.turn().actions.isEmpty)
    }

    @Test func aProcessThatStartsDuringTheFastPathIsKilled() {
        let driver = MachineDriver(unstarted: 1)
        driver.turn()
        driver.drain(fast: true)
        #expect(driver.turn().actions.isEmpty)
        driver.machine.workerLaunched(.first, now: driver.now, actions: &driver.pending)
        #expect(driver.turn().actions == [.kill(.first)])
        driver.exit()
        #expect(driver.turn().ending == .drained)
    }

    @Test func aWorkerThatIsStillStartingGetsTheEndOfItsInput() {
        let driver = MachineDriver(unstarted: 1)
        driver.turn()
        driver.machine.workerLaunched(.first, now: driver.now, actions: &driver.pending)
        driver.drain()
        #expect(driver.turn().actions == [.closeInput(.first)])
        driver.machine.workerReady(.first, WorkerAbilities(), now: driver.now, actions: &driver.pending)
        driver.exit()
        #expect(driver.turn().ending == .drained)
    }

    @Test func answersARevokeThatIsPendingBeforeItEnds() throws {
        let driver = busy()
        driver.revoke(0)
        driver.drain()
        let end = driver.advance(.seconds(20)).actions
        let answer = try #require(end.firstIndex(of: .answerRevoke([PartitionIndex(0)])))
        #expect(answer < end.count - 1)
        #expect(end.last.map { if case .finished = $0 { true } else { false } } == true)
    }

    @Test("A lane that waits for company when the drain begins does not keep the loop awake")
    func doesNotSpin() {
        let driver = MachineDriver { limits, policy in
            limits.batchSize = 10
            policy.isBatch = true
        }
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.drain()
        driver.turn()
        driver.now = driver.now + .seconds(1)
        driver.turn()
        #expect(driver.machine.nextDeadline.map { $0 > driver.now } ?? true)
    }

    @Test func aReasonToStopIsTheEnding() {
        let driver = busy()
        driver.machine.stop(.external, now: driver.now, actions: &driver.pending)
        driver.drain()
        driver.turn()
        driver.exit()
        #expect(driver.turn().ending == .stopped(.external), "also where work was left, and signals came later")
    }

    @Test("The end of a partition does not move its offset past what arrived after the drain began")
    func neverCommitsPastWhatItGaveBack() throws {
        let driver = busy()
        driver.drain()
        driver.arrive(1, 0...3)
        driver.machine.endReached(PartitionIndex(1), offset: 4, now: driver.now)
        driver.turn()
        #expect(driver.committable(1) == 0)
        driver.exit()
        #expect(driver.turn().committed[1] == nil)
    }
}
