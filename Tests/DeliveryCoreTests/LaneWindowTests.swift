import Testing

@testable import DeliveryCore

@Suite struct LaneWindowTests {
    private func windowed(
        _ window: Int = 3, workers: Int = 1, canCancel: Bool = true, records: Int64 = 3,
        _ configure: (inout Limits, inout ServicePolicy) -> Void = { _, _ in }
    ) -> MachineDriver {
        let driver = MachineDriver(
            workers: workers, abilities: WorkerAbilities(concurrency: 4, canCancel: canCancel)
        ) { limits, policy in
            limits.laneWindow = window
            limits.ackTimeout = .seconds(10)
            configure(&limits, &policy)
        }
        driver.assign(0)
        driver.arrive(0, 0...(records - 1))
        return driver
    }

    private func withLetters(_ limits: inout Limits, _ policy: inout ServicePolicy) {
        policy.hasDeadLetters = true
        policy.onExhausted = .deadLetter
    }

    // MARK: How many

    @Test(arguments: 2...4)
    func neverMoreThanTheWindowIsUnansweredAndAllOfItIsWithOneWorker(window: Int) throws {
        let driver = windowed(window, workers: 3, records: 12)
        var sent = driver.turn().sent
        #expect(sent.map(\.offsets) == (0..<Int64(window)).map { [$0] })
        for next in UInt64(1)...12 {
            #expect(Set(sent.map(\.worker)).count <= 1)
            try driver.ack(next)
            let more = driver.turn().sent
            #expect(more.count == (next + UInt64(window) <= 12 ? 1 : 0))
            sent += more
            driver.expectNoStandstill()
        }
        #expect(Set(sent.map(\.worker)) == [0])
        #expect(driver.committable(0) == 12)
    }

    @Test func anotherLaneHasItsOwnWindow() {
        let driver = windowed(2, records: 5)
        driver.assign(1)
        driver.arrive(1, 0...4)
        #expect(driver.turn().sent.map(\.partition).sorted() == [0, 0, 1, 1])
    }

    @Test func theWorkersOwnWindowBoundsTheLanesToo() throws {
        let driver = windowed(4, records: 6) { limits, _ in limits.maxInFlight = 2 }
        #expect(driver.turn().offsets == [[0], [1]])
        try driver.ack(1)
        #expect(driver.turn().offsets == [[2]])
    }

    @Test func aWindowOfBatchesWaitsForCompany() {
        let driver = windowed(2, records: 5) { limits, policy in
            policy.isBatch = true
            limits.batchSize = 3
        }
        #expect(driver.turn().offsets == [[0, 1, 2]])
        #expect(driver.advance(.milliseconds(9)).sent.isEmpty)
        #expect(driver.advance(.milliseconds(1)).offsets == [[3, 4]])
    }

    @Test("With order key each key has its window, also where its batches wait for company")
    func keysHaveWindows() {
        let driver = windowed(2, records: 1) { limits, policy in
            policy.order = .key
            policy.isBatch = true
            limits.batchSize = 3
        }
        driver.turn()
        driver.arrive(0, from: 1, keys: [1, 1, 1, 1])
        #expect(driver.turn().offsets == [[0, 1, 2]])
        #expect(
            driver.advance(.milliseconds(10)).offsets == [[3, 4]], "the window has room for what has waited long enough"
        )
        driver.expectNoStandstill()
    }

    // MARK: Answers out of turn

    @Test func anAnswerOutOfTurnSettlesOnlyAfterTheEarlierOnes() throws {
        let driver = windowed()
        driver.turn()
        try driver.ack(2)
        try driver.ack(3)
        #expect(driver.committable(0) == 0)
        #expect(driver.machine.unsettled == 3)
        #expect(driver.turn().givenBack == 0)
        driver.expectNoStandstill()
        try driver.ack(1)
        #expect(driver.committable(0) == 3)
        #expect(driver.machine.counters.settled == 3)
        #expect(driver.turn().givenBack == 3)
    }

    @Test func aGapInTheMiddleHoldsBackWhatIsBehindItAlone() throws {
        let driver = windowed(4, records: 4)
        driver.turn()
        try driver.ack(4)
        try driver.ack(2)
        try driver.ack(1)
        #expect(driver.committable(0) == 2)
        try driver.ack(3)
        #expect(driver.committable(0) == 4)
    }

    @Test("A record that was settled out of turn (it had no encoding) does not cut off what was answered behind it")
    func goesPastWhatIsDoneAlready() throws {
        let driver = windowed(3) { _, policy in policy.onExhausted = .skip }
        let keys = driver.dispatched()
        try #require(keys.count == 3)
        driver.refuse(keys[1])
        driver.turn()
        try driver.ack(3)
        #expect(driver.committable(0) == 0)
        try driver.ack(1)
        #expect(driver.committable(0) == 3)
        driver.expectNoStandstill()
    }

    // MARK: Failures rewind

    @Test("A failure cancels what is behind it; redelivery starts at the failed one when all of it is let go of")
    func aFailureRewinds() throws {
        let driver = windowed()
        driver.turn()
        try driver.nack(1, delay: .zero)
        let failed = driver.turn()
        #expect(failed.cancelled(.rewind) == [2, 3])
        #expect(failed.sent.isEmpty)
        try driver.ack(3)
        #expect(driver.turn().sent.isEmpty, "2 still runs")
        try driver.ack(2)
        let again = driver.turn().sent
        #expect(again.map(\.offsets) == [[0], [1], [2]])
        #expect(again.map(\.attempts) == [[2], [1], [1]])
        #expect(again.allSatisfy { $0.redelivered == [true] })
        #expect(driver.machine.counters.lateVerdicts == 2)
        #expect(driver.machine.counters.failedAttempts == 1)
        #expect(driver.committable(0) == 0, "late verdicts only free their places")
        driver.expectNoStandstill()
    }

    @Test func whatWasAnsweredBehindAFailureIsDeliveredAgain() throws {
        let driver = windowed()
        driver.turn()
        try driver.ack(2)
        try driver.ack(3)
        try driver.nack(1, delay: .zero)
        let again = driver.turn()
        #expect(again.cancelled(.rewind).isEmpty)
        #expect(again.offsets == [[0], [1], [2]])
        for id in UInt64(4)...6 { try driver.ack(id) }
        #expect(driver.committable(0) == 3)
        #expect(driver.machine.counters.settled == 3)
    }

    @Test func aFailureInTheMiddleLeavesTheEarlierOneAlone() throws {
        let driver = windowed()
        driver.turn()
        try driver.nack(2, delay: .zero)
        #expect(driver.turn().cancelled(.rewind) == [3])
        try driver.ack(3)
        #expect(driver.turn().sent.isEmpty, "the first one is not answered")
        try driver.ack(1)
        #expect(driver.committable(0) == 1)
        #expect(driver.turn().sent.map(\.attempts) == [[2], [1]])
    }

    @Test func aReleaseRewindsUncharged() throws {
        let driver = windowed()
        driver.turn()
        try driver.nack(1, .release, delay: .zero)
        try driver.ack(2)
        try driver.ack(3)
        let again = driver.turn().sent
        #expect(again.map(\.offsets) == [[0], [1], [2]])
        #expect(again.map(\.attempts) == [[1], [1], [1]])
    }

    @Test("A handler without the feature is told nothing, and its verdicts free their places")
    func rewindsWithoutCancel() throws {
        let driver = windowed(canCancel: false)
        driver.turn()
        try driver.nack(1, delay: .zero)
        let failed = driver.turn()
        #expect(failed.cancelled(.rewind).isEmpty && failed.kills.isEmpty && failed.sent.isEmpty)
        try driver.ack(2)
        try driver.ack(3)
        #expect(driver.committable(0) == 0)
        #expect(driver.turn().offsets == [[0], [1], [2]])
    }

    @Test func aHandlerWithoutCancelThatHangsOnACancelledDeliveryIsKilledAtItsTimeout() throws {
        let driver = windowed(canCancel: false)
        driver.turn()
        try driver.nack(1, delay: .zero)
        try driver.ack(2)
        #expect(driver.advance(.milliseconds(9_999)).kills.isEmpty)
        #expect(driver.advance(.milliseconds(1)).kills == [0])
        driver.replace()
        #expect(driver.machine.counters.failedAttempts == 1, "the nack alone: what was cancelled is not charged")
        driver.expectNoStandstill()
    }

    @Test func aCancelThatIsIgnoredEndsTheWorkerAfterTheGrace() throws {
        let driver = windowed { limits, _ in limits.cancelGrace = .seconds(2) }
        driver.turn()
        try driver.nack(1, delay: .zero)
        #expect(driver.advance(.milliseconds(1_999)).kills.isEmpty)
        #expect(driver.advance(.milliseconds(1)).kills == [0])
        let again = driver.replace()
        #expect(again.offsets == [[0]], "the failed one first; those behind it ran when the worker ended: suspects")
        try driver.ack(1)
        #expect(driver.turn().offsets == [[1]])
        driver.expectNoStandstill()
    }

    // MARK: Verdicts that wait

    @Test func aSkipAndARejectOutOfTurnWait() throws {
        let driver = windowed(3, withLetters)
        driver.turn()
        try driver.nack(2, .skip)
        try driver.nack(3, .reject)
        var turn = driver.turn()
        #expect(turn.letters.isEmpty)
        #expect(driver.machine.counters.skipped == 0)
        try driver.ack(1)
        #expect(driver.committable(0) == 2)
        #expect(driver.machine.counters.skipped == 1)
        turn = driver.turn()
        #expect(turn.letters.map(\.offset) == [2])
        driver.answer(try #require(turn.letters.first))
        #expect(driver.committable(0) == 3)
    }

    @Test func aSkipAndARejectOutOfTurnAreForgottenWhereTheEarlierOneFails() throws {
        let driver = windowed(3, withLetters)
        driver.turn()
        try driver.nack(2, .skip)
        try driver.nack(3, .reject)
        try driver.nack(1, delay: .zero)
        let again = driver.turn()
        #expect(again.letters.isEmpty)
        #expect(driver.machine.counters.skipped == 0)
        #expect(again.offsets == [[0], [1], [2]])
    }

    @Test("Attempts that are used up in the middle: the letter is written, the neighbours go on")
    func givesUpInTheMiddle() throws {
        let driver = windowed(3) { limits, policy in
            withLetters(&limits, &policy)
            policy.maxAttempts = 1
        }
        driver.turn()
        try driver.nack(2)
        let given = driver.turn()
        #expect(given.letters.map(\.offset) == [1])
        #expect(given.cancelled(.rewind).isEmpty)
        driver.arrive(0, 3...3)
        #expect(driver.turn().sent.isEmpty, "the lane waits for the letter")
        try driver.ack(3)
        try driver.ack(1)
        #expect(driver.committable(0) == 1)
        #expect(driver.machine.unsettled == 2, "0 and 2 are settled")
        driver.expectNoStandstill()
        driver.answer(try #require(given.letters.first))
        #expect(driver.committable(0) == 3)
        #expect(driver.turn().offsets == [[3]])
    }

    @Test func aConfirmedLetterLetsTheWindowBeFilledAgain() throws {
        let driver = windowed(3) { limits, policy in
            withLetters(&limits, &policy)
            policy.maxAttempts = 1
        }
        driver.turn()
        try driver.nack(2)
        let letter = try #require(driver.turn().letters.first)
        driver.arrive(0, 3...4)
        driver.answer(letter)
        #expect(driver.turn().offsets == [[3]], "0 and 2 are unanswered, and there is room for one more")
    }

    // MARK: Crashes and timeouts

    @Test func aCrashMakesSuspectsOfTheWholeWindow() throws {
        let driver = windowed()
        driver.turn()
        var again = driver.replace().offsets
        #expect(driver.machine.counters.failedAttempts == 0)
        for offset in Int64(0)...2 {
            #expect(again == [[offset]], "alone and in order")
            driver.expectNoStandstill()
            try driver.ack(UInt64(offset + 1))
            again = driver.turn().offsets
        }
        #expect(driver.committable(0) == 3)
    }

    @Test func aCrashIsChargedToTheOneThatWasLeftThoughOthersWereAnsweredBehindIt() throws {
        let driver = windowed()
        driver.turn()
        try driver.ack(2)
        try driver.ack(3)
        driver.replace()
        #expect(driver.machine.counters.failedAttempts == 1)
        let again = driver.advance(.seconds(1)).sent
        #expect(again.map(\.offsets) == [[0]], "alone")
        #expect(again.map(\.attempts) == [[2]])
        try driver.ack(1)
        #expect(driver.turn().sent.map(\.attempts) == [[1], [1]])
    }

    @Test func nothingMoreGoesBehindADeliveryWhoseTimeIsOver() throws {
        let driver = windowed(3, records: 1)
        driver.turn()
        #expect(driver.advance(.seconds(10)).cancelled(.timeout) == [1])
        driver.arrive(0, 1...2)
        #expect(driver.turn().sent.isEmpty, "it would only be taken back")
        try driver.ack(1)
        #expect(driver.advance(.seconds(1)).sent.first?.attempts == [2])
        try driver.ack(2)
        #expect(driver.turn().offsets == [[1], [2]])
        driver.expectNoStandstill()
    }

    @Test func aTimeOutWithCompanyMakesSuspectsAndRewinds() throws {
        let driver = windowed()
        driver.turn()
        try driver.machine.extend(2, by: .seconds(60), from: .first, now: driver.now)
        try driver.machine.extend(3, by: .seconds(60), from: .first, now: driver.now)
        #expect(driver.advance(.seconds(10)).cancelled(.timeout) == [1])
        try driver.ack(1)
        #expect(driver.machine.counters.failedAttempts == 0)
        #expect(driver.turn().cancelled(.rewind) == [2, 3])
        try driver.ack(2)
        try driver.ack(3)
        #expect(driver.turn().offsets == [[0]], "a suspect goes alone")
        try driver.ack(4)
        #expect(driver.turn().offsets == [[1], [2]])
        driver.expectNoStandstill()
    }

    // MARK: Room that comes back

    @Test("A lane whose worker was full is filled again when another lane's answer makes room")
    func roomThatAnotherLaneMakesIsUsed() throws {
        let driver = MachineDriver { limits, _ in
            limits.laneWindow = 3
            limits.maxInFlight = 2
        }
        driver.assign(0, 1)
        driver.arrive(1, 0...0)
        driver.arrive(0, 0...3)
        #expect(driver.turn().sent.map(\.partition) == [1, 0])
        try driver.ack(1)
        #expect(driver.turn().offsets == [[1]])
    }

    @Test func aWindowIsFilledAsTheRateAllows() {
        let driver = windowed(4, records: 6) { limits, _ in limits.rate = RateLimit(perSecond: 1, burst: 1) }
        #expect(driver.turn().offsets == [[0]])
        #expect(driver.advance(.milliseconds(3_001)).offsets == [[1], [2], [3]])
    }

    @Test func aWindowIsFilledWhenItsWorkerResumes() throws {
        let driver = windowed(2, records: 1)
        driver.turn()
        driver.machine.workerPaused(.first, for: nil, now: driver.now)
        driver.arrive(0, 1...1)
        #expect(driver.turn().sent.isEmpty)
        driver.machine.workerResumed(.first, now: driver.now)
        #expect(driver.turn().offsets == [[1]])
    }
}
