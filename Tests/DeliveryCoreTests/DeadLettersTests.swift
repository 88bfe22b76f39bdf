import Testing

@testable import DeliveryCore

@Suite struct DeadLettersTests {
    private let zero = PartitionIndex(0)

    private func lettered(
        _ order: DeliveryOrder = .partition, partitions: [Int32] = [0], rate: RateLimit? = nil,
        _ configure: (inout Limits, inout ServicePolicy) -> Void = { _, _ in }
    ) -> MachineDriver {
        let driver = MachineDriver { limits, policy in
            policy.order = order
            policy.hasDeadLetters = true
            policy.onExhausted = .deadLetter
            policy.maxAttempts = 1
            limits.deadLetterRate = rate
            limits.commitInterval = .zero
            configure(&limits, &policy)
        }
        for partition in partitions { driver.assign(partition) }
        return driver
    }

    /// The first record of each partition is rejected; the letters that were to be written.
    private func rejectAll(_ driver: MachineDriver, partitions: [Int32]) throws -> Turn {
        for partition in partitions { driver.arrive(partition, 0...1) }
        for sent in driver.turn().sent { try driver.nack(sent.id, .reject) }
        return driver.turn()
    }

    // MARK: Confirmation

    @Test func onlyAConfirmedLetterSettlesItsRecord() throws {
        let driver = lettered()
        let turn = try rejectAll(driver, partitions: [0])
        let letter = try #require(turn.letters.first)
        #expect(turn.actions.first == .copyOut(letter.slot), "its bytes wait without pinning what they came in")
        #expect(turn.sent.isEmpty, "the lane waits")
        #expect(driver.holds(letter))
        #expect(driver.advance(.seconds(60)).committed.isEmpty)
        #expect(driver.machine.counters.settled == 0)
        driver.expectNoStandstill()
        driver.answer(letter)
        let after = driver.turn()
        #expect(
            after.notices == [.deadLettered(letter), .progressing(zero)] || after.notices == [.deadLettered(letter)])
        #expect(after.givenBackSlots.contains(letter.slot))
        #expect(after.committed == [0: 1])
        #expect(after.offsets == [[1]])
        #expect(!driver.holds(letter))
        #expect(driver.machine.counters.deadLettered == 1)
        driver.expectNoStandstill()
    }

    @Test func aConfirmationCountsOnce() throws {
        let driver = lettered()
        let letter = try #require(try rejectAll(driver, partitions: [0]).letters.first)
        for _ in 0..<3 { driver.answer(letter) }
        #expect(driver.machine.counters.deadLettered == 1)
        #expect(driver.machine.unsettled == 1)
        #expect(driver.machine.deadLetters.writing == 0)
        driver.answer(letter, confirmed: false)
        #expect(driver.advance(.seconds(60)).letters.isEmpty)
    }

    @Test func withoutOrderTheNeighboursGoOn() throws {
        let driver = lettered(.none)
        driver.arrive(0, 0...2)
        driver.turn()
        try driver.nack(1, .reject)
        let letter = try #require(driver.turn().letters.first)
        try driver.ack(2)
        driver.arrive(0, 3...3)
        #expect(driver.turn().offsets == [[3]])
        #expect(driver.committable(0) == 0)
        driver.answer(letter)
        #expect(driver.committable(0) == 2)
    }

    @Test func withOrderKeyTheOtherKeysGoOn() throws {
        let driver = lettered(.key)
        driver.arrive(0, keys: [1, 1, 2, 2])
        driver.turn()
        try driver.nack(1, .reject)
        try driver.ack(2)
        let turn = driver.turn()
        #expect(turn.offsets == [[3]])
        driver.answer(try #require(turn.letters.first))
        #expect(driver.turn().offsets == [[1]])
    }

    // MARK: Writes that fail

    @Test func aFailedWriteIsRepeatedAfterABackoffAndItsPartitionWaits() throws {
        let driver = lettered(.key, partitions: [0, 1])
        driver.arrive(0, keys: [1, 2, 2])
        driver.arrive(1, keys: [1])
        driver.turn()
        try driver.nack(1, .reject)
        let letter = try #require(driver.turn().letters.first)
        driver.answer(letter, confirmed: false)
        try driver.ack(2)
        try driver.ack(3)
        driver.arrive(1, 1, key: 1)
        let failed = driver.turn()
        #expect(failed.notices.contains { if case .deadLetterFailed(letter, _) = $0 { true } else { false } })
        #expect(failed.sent.map(\.partition) == [1], "its own partition waits, key 2 too")
        #expect(failed.letters.isEmpty)
        driver.expectNoStandstill()
        let again = driver.advance(.milliseconds(200))
        #expect(again.letters == [letter])
        #expect(again.offsets == [[2]], "the letter is on its way: the other key goes on")
        driver.answer(letter)
        #expect(driver.machine.counters.deadLettered == 1)
        #expect(driver.committable(0) == 2)
        driver.expectNoStandstill()
    }

    @Test func theBackoffGrowsWithEachRoundAndBeginsAnewAfterAConfirmation() throws {
        let driver = lettered(partitions: [0, 1])
        let letters = try rejectAll(driver, partitions: [0, 1]).letters
        #expect(letters.count == 2)
        var waits: [Interval] = []
        for _ in 0..<6 {
            for letter in letters { driver.answer(letter, confirmed: false) }
            let round = driver.turn().notices.compactMap { notice -> Interval? in
                if case .deadLetterFailed(_, let wait) = notice { wait } else { nil }
            }
            #expect(round.count == 2)
            #expect(round.first == round.last, "letters that fail together are one round")
            waits += round.prefix(1)
            #expect(Set(driver.advance(round[0]).letters.map(\.partition)).count == 2)
        }
        for (shorter, longer) in zip(waits, waits.dropFirst()) { #expect(shorter < longer, "\(waits)") }
        driver.answer(letters[0])
        driver.answer(letters[1], confirmed: false)
        let after = driver.turn().notices.compactMap { notice -> Interval? in
            if case .deadLetterFailed(_, let wait) = notice { wait } else { nil }
        }
        #expect(after.first ?? .seconds(9) <= .milliseconds(120))
    }

    // MARK: The ceiling

    @Test func theCeilingHoldsLettersBackAndTheirPartitionsWithThem() throws {
        let driver = lettered(partitions: [0, 1, 2], rate: RateLimit(perSecond: 1, burst: 2))
        let turn = try rejectAll(driver, partitions: [0, 1, 2])
        #expect(turn.letters.map(\.partition.value) == [0, 1])
        #expect(turn.notices.contains(.deadLettersHeld(PartitionIndex(2), until: Interval(nanoseconds: 1_000_000_001))))
        for letter in turn.letters { driver.answer(letter) }
        #expect(driver.turn().sent.map(\.partition) == [0, 1])
        #expect(driver.advance(.milliseconds(999)).letters.isEmpty)
        driver.expectNoStandstill()
        let later = driver.advance(.milliseconds(2))
        #expect(later.letters.map(\.partition.value) == [2])
        driver.answer(try #require(later.letters.first))
        #expect(driver.turn().sent.map(\.partition) == [2])
        driver.expectNoStandstill()
    }

    @Test("A topic is not drained into the dead letters: never more of them than the burst and what the time allows")
    func theCeilingBindsOverTime() throws {
        let driver = lettered(.none, partitions: [0, 1], rate: RateLimit(perSecond: 5, burst: 3)) { limits, _ in
            limits.maxInFlight = 4
        }
        var written = 0
        var offset: Int64 = 0
        for step in 1...100 {
            driver.arrive(0, offset...offset)
            driver.arrive(1, offset...offset)
            offset += 1
            let turn = driver.advance(.milliseconds(100))
            for sent in turn.sent { try driver.nack(sent.id) }
            let next = driver.turn()
            let letters = turn.letters + next.letters
            written += letters.count
            for sent in next.sent { try driver.nack(sent.id) }
            for letter in letters { driver.answer(letter) }
            #expect(written <= 3 + step / 2 + 1, "step \(step)")
            driver.expectNoStandstill()
        }
        #expect(written >= 45)
    }

    @Test("A retry whose partition was held meanwhile goes once, though it stood in the queue already")
    func aRetryThatWasHeldGoesOnce() throws {
        let driver = lettered(.none, partitions: [0, 1]) { limits, policy in
            policy.maxAttempts = nil
            policy.isBatch = true
            limits.batchSize = 4
            limits.batchLinger = .zero
            limits.maxInFlight = 2
        }
        driver.arrive(0, 0...0)
        driver.arrive(1, 0...1)
        #expect(driver.turn().offsets == [[0], [0, 1]])
        try driver.nack(1, delay: .milliseconds(5))
        try driver.verdict(
            .result(
                id: 2,
                failed: [
                    FailedRecord(index: 0, Failure(.reject)),
                    FailedRecord(index: 1, Failure(.retry, delay: .milliseconds(10))),
                ]))
        driver.assign(2, 3)
        driver.arrive(2, 0...0)
        driver.arrive(3, 0...0)
        let full = driver.turn()
        #expect(full.sent.map(\.partition) == [2, 3])
        driver.advance(.milliseconds(20))
        driver.answer(try #require(full.letters.first), confirmed: false)
        #expect(driver.advance(.milliseconds(200)).letters.count == 1)
        try driver.ack(3)
        try driver.ack(4)
        let sent = driver.turn().sent
        #expect(sent.map(\.partition) == [0, 1])
        #expect(sent.map(\.offsets) == [[0], [1]])
        driver.expectNoStandstill()
    }

    // MARK: Partitions that go

    @Test func aLostPartitionForgetsItsLetters() throws {
        let driver = lettered()
        let letter = try #require(try rejectAll(driver, partitions: [0]).letters.first)
        driver.revoke(0, lost: true)
        #expect(driver.turn().answeredRevokes == [[zero]])
        #expect(!driver.holds(letter))
        driver.assign(0)
        driver.arrive(0, 0...1)
        #expect(driver.turn().offsets == [[0]])
        driver.answer(letter)
        #expect(driver.committable(0) == 0, "a confirmation of an older assignment")
        #expect(driver.machine.counters.deadLettered == 0)
        #expect(driver.machine.deadLetters.writing == 0)
        driver.expectNoStandstill()
    }

    @Test func aHeldLetterOfALostPartitionHoldsNothingAnyMore() throws {
        let driver = lettered()
        let letter = try #require(try rejectAll(driver, partitions: [0]).letters.first)
        driver.answer(letter, confirmed: false)
        driver.revoke(0, lost: true)
        driver.assign(0)
        driver.arrive(0, 0...0)
        #expect(driver.turn().offsets == [[0]])
        #expect(driver.advance(.seconds(60)).letters.isEmpty)
        driver.expectNoStandstill()
    }

    @Test func aRevokeWaitsForALetterThatIsBeingWritten() throws {
        let driver = lettered()
        let letter = try #require(try rejectAll(driver, partitions: [0]).letters.first)
        driver.revoke(0)
        #expect(driver.turn().answeredRevokes.isEmpty)
        driver.answer(letter)
        let last = driver.turn()
        #expect(last.committed == [0: 1])
        driver.commitFinished(try #require(last.tokens.first))
        #expect(driver.turn().answeredRevokes == [[zero]])
    }

    @Test func aRevokeDoesNotWaitLongerThanItsTimeoutNorForALetterThatIsHeld() throws {
        for isHeld in [false, true] {
            let driver = lettered { limits, _ in limits.revokeTimeout = .seconds(4) }
            let letter = try #require(try rejectAll(driver, partitions: [0]).letters.first)
            if isHeld { driver.answer(letter, confirmed: false) }
            driver.revoke(0)
            let early = driver.advance(.milliseconds(3_999))
            #expect(early.answeredRevokes.isEmpty != isHeld)
            let all = early.answeredRevokes + driver.advance(.milliseconds(1)).answeredRevokes
            #expect(all == [[zero]])
            #expect(early.committed.isEmpty)
        }
    }

    // MARK: The way out

    @Test func aDrainWaitsForTheLettersThatAreBeingWritten() throws {
        let driver = lettered(partitions: [0, 1], rate: RateLimit(perSecond: 1, burst: 1))
        let letters = try rejectAll(driver, partitions: [0, 1]).letters
        #expect(letters.count == 1)
        driver.drain()
        driver.turn()
        driver.exit()
        #expect(driver.advance(.seconds(5)).ending == nil)
        driver.answer(letters[0])
        let last = driver.turn()
        #expect(last.committed == [0: 1], "the letter that was held back comes again after a restart")
        for token in last.tokens { driver.commitFinished(token) }
        #expect(driver.turn().ending == .drained)
    }

    @Test func aDrainEndsAtItsDeadlineWithoutTheConfirmation() throws {
        let driver = lettered()
        _ = try rejectAll(driver, partitions: [0])
        driver.drain()
        driver.turn()
        driver.exit()
        let last = driver.advance(.seconds(20))
        #expect(last.ending == .drained)
        #expect(last.committed.isEmpty)
    }

    @Test func aLetterThatFailsDuringADrainIsNotWrittenAgain() throws {
        let driver = lettered()
        let letter = try #require(try rejectAll(driver, partitions: [0]).letters.first)
        driver.drain()
        driver.turn()
        driver.exit()
        driver.answer(letter, confirmed: false)
        let last = driver.turn()
        #expect(last.ending == .drained)
        #expect(last.letters.isEmpty && last.committed.isEmpty)
        #expect(last.givenBackSlots.contains(letter.slot))
    }
}
