import Testing

@testable import DeliveryCore

@Suite struct WorkersTests {
    private func restarts(_ turn: Turn) -> [Interval] {
        turn.notices.compactMap { if case .workerEnded(_, _, let wait?) = $0 { wait } else { nil } }
    }

    // MARK: Starting

    @Test func launchesEachWorkerOnce() {
        let driver = MachineDriver(unstarted: 3)
        #expect(driver.turn().actions == (0...2).map { .launch(WorkerIndex($0)) })
        #expect(driver.turn().actions.isEmpty)
        #expect(driver.machine.nextDeadline == nil)
    }

    @Test func triesAgainWithAGrowingWaitWhereAProcessCannotBeStarted() {
        let driver = MachineDriver(unstarted: 1)
        driver.turn()
        var waits: [Interval] = []
        for _ in 0..<12 {
            driver.machine.workerLaunchFailed(.first, now: driver.now, actions: &driver.pending)
            guard let wait = restarts(driver.turn()).first else {
                Issue.record("not started again after \(waits)")
                return
            }
            waits.append(wait)
            let actions = driver.advance(wait).actions
            #expect(actions == [.launch(.first)])
        }
        #expect(waits.first.map { $0 >= .milliseconds(80) && $0 <= .milliseconds(120) } == true)
        #expect(waits.last.map { $0 >= .seconds(24) && $0 <= .seconds(30) } == true, "waited \(waits)")
    }

    @Test func killsAWorkerThatIsNotReadyInTime() {
        let driver = MachineDriver(unstarted: 1) { limits, _ in limits.startTimeout = .seconds(3) }
        driver.turn()
        driver.machine.workerLaunched(.first, now: driver.now, actions: &driver.pending)
        #expect(driver.advance(.milliseconds(2_999)).actions.isEmpty)
        #expect(driver.advance(.milliseconds(1)).actions == [.kill(.first)])
        driver.exit()
        let notices = driver.turn().notices
        #expect(notices.contains { if case .workerEnded(.first, .startTimeout?, .some) = $0 { true } else { false } })
    }

    @Test func lettsAWorkerWithAnInitErrorLeaveAndStartsItAgain() {
        let driver = MachineDriver(unstarted: 1)
        driver.turn()
        driver.machine.workerLaunched(.first, now: driver.now, actions: &driver.pending)
        driver.broke(0, .initError)
        #expect(driver.turn().actions == [.closeInput(.first)])
        #expect(driver.advance(.seconds(5)).actions == [.terminate(.first)])
        #expect(driver.advance(.seconds(2)).actions == [.kill(.first)])
        driver.exit()
        let notices = driver.turn().notices
        #expect(notices.contains { if case .workerEnded(.first, .initError?, .some) = $0 { true } else { false } })
    }

    // MARK: Restart

    @Test func anAcceptedVerdictEndsARowOfFailures() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...50)
        for _ in 0..<5 {
            driver.turn()
            driver.exit()
            driver.advance(.seconds(40))
            driver.startWorkers()
        }
        let sent = driver.turn().sent
        try driver.ack(try #require(sent.first).id)
        driver.exit()
        let wait = try #require(restarts(driver.turn()).first)
        #expect(wait <= .milliseconds(120))
    }

    @Test func doesNotStartAWorkerAgainThatLeftForGood() {
        let driver = MachineDriver(workers: 2)
        driver.exit(0, isPermanent: true)
        let turn = driver.advance(.seconds(100))
        #expect(turn.actions == [.notice(.workerEnded(.first, failure: .exited, restartAfter: nil))])
        #expect(!driver.isDraining)
    }

    @Test func stopsWhenEveryWorkerHasLeftForGood() {
        let driver = MachineDriver(workers: 2)
        driver.exit(0, isPermanent: true)
        driver.exit(1, isPermanent: true)
        #expect(driver.turn().ending == .stopped(.handlersGone))
    }

    @Test func anotherWorkerTakesWhatACrashedOneHad() throws {
        let driver = MachineDriver(workers: 2, abilities: WorkerAbilities()) { limits, _ in
            limits.restartBackoffInitial = .seconds(30)
        }
        driver.assign(0)
        driver.arrive(0, 0...0)
        #expect(driver.turn().sent.map(\.worker) == [0])
        driver.exit(0)
        let again = driver.advance(.seconds(1)).sent
        #expect(again.map(\.worker) == [1])
        #expect(again.map(\.id) == [1], "ids count from 1 in each process")
    }

    @Test func aNewProcessCountsItsIdsFromOne() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...1)
        driver.turn()
        try driver.ack(1)
        driver.turn()
        driver.exit()
        driver.advance(.seconds(1))
        driver.startWorkers()
        #expect(driver.turn().sent.map(\.id) == [1])
    }

    @Test func killsOnceAndReportsTheFirstReason() {
        let driver = MachineDriver()
        driver.broke(0, .protocolError)
        driver.broke(0, .outputClosed)
        #expect(driver.turn().actions == [.kill(.first)])
        driver.exit()
        driver.exit()
        let notices = driver.turn().notices
        #expect(notices.count == 1)
        #expect(notices.contains { if case .workerEnded(.first, .protocolError?, _) = $0 { true } else { false } })
    }

    @Test("What a killed worker held is delivered again only when it is reaped")
    func waitsForTheReaping() {
        let driver = MachineDriver(workers: 2)
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.broke(0)
        #expect(driver.advance(.seconds(60)).sent.isEmpty)
        driver.exit(0)
        #expect(driver.advance(.seconds(1)).sent.count == 1)
    }

    // MARK: Ping

    private func pinging() -> MachineDriver {
        MachineDriver(abilities: WorkerAbilities(canPing: true)) { limits, _ in limits.pingInterval = .seconds(10) }
    }

    private func pings(_ turn: Turn) -> Int {
        turn.actions.count { if case .ping = $0 { true } else { false } }
    }

    @Test func asksASilentWorkerForLifeAndKillsItWhereNoneComes() {
        let driver = pinging()
        #expect(pings(driver.advance(.milliseconds(9_999))) == 0)
        #expect(pings(driver.advance(.milliseconds(1))) == 1)
        let waiting = driver.advance(.milliseconds(9_999))
        #expect(waiting.actions.isEmpty)
        #expect(driver.advance(.milliseconds(1)).actions == [.kill(.first)])
        driver.exit()
        let notices = driver.turn().notices
        #expect(notices.contains { if case .workerEnded(.first, .hung?, _) = $0 { true } else { false } })
    }

    @Test func takesAnyFrameAsASignOfLife() {
        let driver = pinging()
        for _ in 0..<10 {
            #expect(pings(driver.advance(.seconds(10))) == 1)
            driver.advance(.seconds(9))
            driver.machine.heard(.first, now: driver.now)
        }
        #expect(driver.machine.readyWorkers == 1)
    }

    @Test func doesNotAskAWorkerThatCannotAnswer() {
        let driver = MachineDriver { limits, _ in limits.pingInterval = .seconds(10) }
        #expect(driver.advance(.seconds(100)).actions.isEmpty)
    }
}
