import Testing

@testable import DeliveryCore

/// Attempts that are used up (`--max-attempts`, `--on-exhausted`), rejections, and what has no encoding.
@Suite struct ExhaustedTests {
    private let zero = PartitionIndex(0)

    private func limited(
        _ attempts: Int?, _ way: ExhaustedPolicy, batch: Int = 1, window: Int = 1, canCancel: Bool = true
    ) -> MachineDriver {
        let driver = MachineDriver(abilities: WorkerAbilities(canCancel: canCancel)) { limits, policy in
            policy.maxAttempts = attempts
            policy.onExhausted = way
            policy.hasDeadLetters = way == .deadLetter
            policy.isBatch = batch > 1
            limits.batchSize = batch
            limits.batchLinger = .zero
            limits.laneWindow = window
            limits.ackTimeout = .seconds(10)
        }
        driver.assign(0)
        return driver
    }

    private func refuseFirst(_ driver: MachineDriver) throws {
        let key = try #require(driver.dispatched().first)
        driver.refuse(key)
    }

    // MARK: By what attempts are used up

    @Test func aRecordIsGivenUpAfterSoManyAttemptsAndNotBefore() throws {
        let driver = limited(3, .skip)
        driver.arrive(0, 0...1)
        for attempt in 1...3 {
            #expect(driver.turn().sent.map(\.attempts) == [[attempt]])
            try driver.nack(UInt64(attempt), delay: .zero)
        }
        let given = driver.turn()
        #expect(given.notices.contains(.exhaustedSkipped(zero, offset: 0, attempts: 3)))
        #expect(given.sent.map(\.offsets) == [[1]])
        #expect(given.sent.map(\.attempts) == [[1]], "its neighbour has all of its attempts")
        #expect(driver.committable(0) == 1)
        #expect(driver.machine.counters.failedAttempts == 3)
        #expect(driver.machine.counters.skipped == 1)
        driver.expectNoStandstill()
    }

    @Test func attemptsNeverEndWithoutABound() throws {
        let driver = limited(nil, .skip)
        driver.arrive(0, 0...0)
        for attempt in 1...50 {
            #expect(driver.turn().sent.map(\.attempts) == [[attempt]])
            try driver.nack(UInt64(attempt), delay: .zero)
        }
        #expect(driver.machine.unsettled == 1)
    }

    @Test func crashesUseAttemptsUp() throws {
        let driver = limited(2, .deadLetter)
        driver.arrive(0, 0...1)
        driver.turn()
        driver.replace()
        driver.advance(.seconds(1))
        driver.exit()
        let letter = try #require(driver.turn().letters.first)
        #expect(letter.offset == 0)
        #expect(letter.cause == .exhausted)
        #expect(letter.attempts == 2)
        driver.answer(letter)
        driver.advance(.milliseconds(300))
        driver.startWorkers()
        #expect(driver.turn().sent.map(\.attempts) == [[1]])
        driver.expectNoStandstill()
    }

    @Test func timeOutsUseAttemptsUpWhenTheWorkerHasLetGo() throws {
        let driver = limited(1, .deadLetter)
        driver.arrive(0, 0...0)
        #expect(driver.advance(.seconds(10)).letters.isEmpty, "the old execution still runs")
        try driver.ack(1)
        #expect(driver.turn().letters.map(\.attempts) == [1])
    }

    @Test func timeOutsOfAHandlerWithoutCancelUseAttemptsUpWhenItIsReaped() {
        let driver = limited(1, .deadLetter, canCancel: false)
        driver.arrive(0, 0...0)
        let over = driver.advance(.seconds(10))
        #expect(over.kills == [0])
        #expect(over.letters.isEmpty)
        driver.exit()
        #expect(driver.turn().letters.map(\.offset) == [0])
    }

    @Test func releasesUseNothingUp() throws {
        let driver = limited(1, .stop)
        driver.arrive(0, 0...0)
        for id in UInt64(1)...5 {
            #expect(driver.turn().sent.map(\.attempts) == [[1]])
            try driver.nack(id, .release, delay: .zero)
        }
        #expect(!driver.isDraining)
    }

    // MARK: stop

    @Test func stopNamesTheRecordAndLeavesItUnsettled() throws {
        let driver = limited(2, .stop)
        driver.arrive(0, 0...2)
        driver.turn()
        try driver.ack(1)
        for id in UInt64(2)...3 {
            driver.turn()
            try driver.nack(id, delay: .zero)
        }
        driver.turn()
        driver.exit()
        let last = driver.turn()
        #expect(last.committed.values.allSatisfy { $0 == 1 })
        #expect(driver.committable(0) == 1)
        for token in UInt64(1)...9 { driver.commitFinished(token) }
        #expect(driver.turn().ending == .stopped(.exhausted(zero, offset: 1, attempts: 2)))
    }

    // MARK: Batches

    @Test func aBatchWhoseAttemptsAreUsedUpIsGivenUpRecordByRecord() throws {
        let driver = limited(1, .deadLetter, batch: 3)
        driver.arrive(0, 0...2)
        driver.turn()
        try driver.nack(1)
        let letters = driver.turn().letters
        #expect(letters.map(\.offset) == [0, 1, 2])
        for letter in letters.reversed() { driver.answer(letter) }
        #expect(driver.committable(0) == 3)
        #expect(driver.machine.counters.deadLettered == 3)
        driver.expectNoStandstill()
    }

    @Test func onlyTheRecordOfABatchThatFailsTooOftenIsGivenUp() throws {
        let driver = limited(2, .skip, batch: 3)
        driver.arrive(0, 0...2)
        driver.turn()
        try driver.verdict(.result(id: 1, failed: [FailedRecord(index: 1, Failure(.retry, delay: .zero))]))
        #expect(driver.turn().sent.map(\.attempts) == [[2, 1]])
        try driver.verdict(.result(id: 2, failed: [FailedRecord(index: 0, Failure(.retry))]))
        #expect(driver.committable(0) == 2)
        #expect(
            driver.turn().sent.map(\.offsets) == [[2]], "the handler stopped at it: what follows comes again, at once")
        driver.expectNoStandstill()
    }

    @Test("A record that is given up behind one that waits for its retry is not counted as waiting")
    func givesUpBehindWhatIsSetBack() throws {
        let driver = limited(2, .deadLetter, batch: 2, window: 2)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.arrive(0, 1...1)
        #expect(driver.turn().offsets == [[1]])
        try driver.nack(2, delay: .zero)
        try driver.nack(1, .release, delay: .zero)
        #expect(driver.turn().sent.map(\.attempts) == [[1, 2]])
        try driver.nack(3, delay: .zero)
        let letter = try #require(driver.turn().letters.first)
        #expect(letter.offset == 1)
        driver.expectNoStandstill()
        driver.answer(letter)
        #expect(driver.turn().sent.map(\.attempts) == [[2]])
        try driver.ack(4)
        #expect(driver.committable(0) == 2)
        driver.expectNoStandstill()
    }

    // MARK: Rejections

    @Test func aRejectedRecordGoesToTheTopicWhateverTheWayOfExhaustedOnes() throws {
        for way in [ExhaustedPolicy.stop, .skip, .deadLetter] {
            let driver = MachineDriver { _, policy in
                policy.hasDeadLetters = true
                policy.onExhausted = way
            }
            driver.assign(0)
            driver.arrive(0, 0...0)
            driver.turn()
            try driver.nack(1, .reject)
            let letter = try #require(driver.turn().letters.first)
            #expect(letter.cause == .rejected)
            #expect(letter.attempts == 1)
            #expect(driver.machine.counters.failedAttempts == 0)
        }
    }

    @Test func aRejectedRecordIsSkippedWherePolicySaysSoAndThereIsNoTopic() throws {
        let driver = limited(nil, .skip)
        driver.arrive(0, 0...1)
        driver.turn()
        try driver.nack(1, .reject)
        #expect(driver.committable(0) == 1)
        #expect(driver.turn().offsets == [[1]])
    }

    @Test func aRejectInAResultLeavesTheOthersSettled() throws {
        let driver = limited(nil, .deadLetter, batch: 3)
        driver.arrive(0, 0...2)
        driver.turn()
        try driver.verdict(.result(id: 1, failed: [FailedRecord(index: 0, Failure(.reject))]))
        #expect(driver.machine.unsettled == 1)
        #expect(driver.committable(0) == 0)
        driver.answer(try #require(driver.turn().letters.first))
        #expect(driver.committable(0) == 3)
    }

    // MARK: No encoding

    @Test func whatHasNoEncodingGoesTheSameWay() throws {
        for way in [ExhaustedPolicy.deadLetter, .skip] {
            let driver = limited(5, way)
            driver.arrive(0, 0...1)
            try refuseFirst(driver)
            let turn = driver.turn()
            if way == .deadLetter {
                let letter = try #require(turn.letters.first)
                #expect(letter.cause == .notEncodable)
                #expect(letter.attempts == 0)
                #expect(turn.offsets.isEmpty)
                driver.answer(letter)
                #expect(driver.turn().offsets == [[1]])
            } else {
                #expect(turn.notices.contains(.exhaustedSkipped(zero, offset: 0, attempts: 0)))
                #expect(turn.offsets == [[1]])
            }
            #expect(driver.committable(0) == 1)
            driver.expectNoStandstill()
        }
    }

    @Test func itsCompanyGoesWithALaterBatchUncharged() throws {
        let driver = limited(1, .deadLetter, batch: 3)
        driver.arrive(0, 0...2)
        try refuseFirst(driver)
        let refused = driver.turn()
        driver.answer(try #require(refused.letters.first))
        let rest = driver.turn().sent
        #expect(rest.map(\.offsets) == [[1, 2]])
        #expect(rest.map(\.attempts) == [[1, 1]])
        driver.expectNoStandstill()
    }

    @Test("A refused delivery takes no room of its worker: nothing of it is written")
    func aRefusedDeliveryLeavesNothingBehind() throws {
        let driver = MachineDriver { limits, policy in
            policy.onExhausted = .skip
            limits.maxUnwrittenBytes = 100
        }
        driver.writesAtOnce = false
        driver.assign(0)
        driver.arrive(0, 0...1, size: 100)
        try refuseFirst(driver)
        #expect(driver.turn().offsets == [[1]])
    }
}
