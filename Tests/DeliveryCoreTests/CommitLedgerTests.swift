import Testing

@testable import DeliveryCore

@Suite struct CommitLedgerTests {
    private func handled(_ count: Int64 = 3) throws -> MachineDriver {
        let driver = MachineDriver { _, policy in policy.order = .none }
        driver.assign(0, 1)
        driver.arrive(0, 0...(count - 1))
        driver.turn()
        return driver
    }

    @Test func commitsWhatMovedOnceEveryInterval() throws {
        let driver = try handled()
        try driver.ack(1)
        let first = driver.turn()
        #expect(first.committed == [0: 1])
        driver.commitFinished(try #require(first.tokens.first))
        try driver.ack(2)
        #expect(driver.advance(.milliseconds(999)).committed.isEmpty)
        try driver.ack(3)
        #expect(driver.advance(.milliseconds(1)).committed == [0: 3])
    }

    @Test func commitsNothingWhereNothingMoved() throws {
        let driver = try handled()
        #expect(driver.advance(.seconds(10)).committed.isEmpty)
        #expect(driver.machine.nextDeadline == Instant(nanoseconds: 120_000_000_000), "only the stall watch is due")
    }

    @Test("A record that is settled above one that is not changes the metadata alone, and once")
    func commitsWhatIsSettledAboveTheOffset() throws {
        let driver = try handled()
        try driver.ack(2)
        let turn = driver.turn()
        guard case .commit(let entries, let token)? = turn.actions.last else {
            Issue.record("nothing was committed: \(turn.actions)")
            return
        }
        #expect(entries.map(\.offset) == [0])
        let runs = CommitMetadata.decode(entries.first?.metadata ?? [], base: 0, identity: 0)
        #expect(runs.runs == [1...1])
        driver.commitFinished(token)
        #expect(driver.advance(.seconds(10)).committed.isEmpty, "nothing has changed since")
    }

    @Test func commitsWithoutMetadataWhereTheBrokerFindsItTooLarge() throws {
        let driver = try handled()
        try driver.ack(2)
        let token = try #require(driver.turn().tokens.first)
        driver.machine.commitFinished(
            token: token, failed: [PartitionIndex(0)], metadataRefused: true, now: driver.now, actions: &driver.pending)
        let again = driver.advance(.seconds(1))
        #expect(again.notices.contains(.metadataRefused))
        guard
            case .commit(let entries, _)? = again.actions.last(where: { if case .commit = $0 { true } else { false } })
        else {
            Issue.record("nothing was committed: \(again.actions)")
            return
        }
        #expect(entries == [CommitEntry(partition: PartitionIndex(0), offset: 0, metadata: nil)])
    }

    @Test func hasOnePeriodicCommitUnderWayAndSendsTheRestAfterIt() throws {
        let driver = try handled()
        try driver.ack(1)
        let first = driver.turn()
        try driver.ack(2)
        #expect(driver.advance(.seconds(5)).committed.isEmpty)
        driver.commitFinished(try #require(first.tokens.first))
        #expect(driver.turn().committed == [0: 2])
    }

    @Test func sendsAnOffsetAgainThatWasRefused() throws {
        let driver = try handled()
        try driver.ack(1)
        let first = driver.turn()
        driver.commitFinished(try #require(first.tokens.first), failed: [0])
        let again = driver.advance(.seconds(1))
        #expect(again.committed == [0: 1])
        driver.commitFinished(try #require(again.tokens.first))
        #expect(driver.advance(.seconds(5)).committed.isEmpty)
    }

    @Test func commitsTheStartingPositionWhereTheGroupHasNone() throws {
        let driver = MachineDriver()
        driver.machine.assigned(
            [AssignedPartition(partition: PartitionIndex(0), position: 40, end: 0, commitsPosition: true)],
            now: driver.now, actions: &driver.pending)
        #expect(driver.turn().committed == [0: 40])
    }

    @Test func commitsPastControlRecordsAtTheEnd() throws {
        let driver = try handled(1)
        driver.machine.endReached(PartitionIndex(0), offset: 5, now: driver.now)
        #expect(driver.turn().committed.isEmpty)
        try driver.ack(1)
        #expect(driver.turn().committed == [0: 5])
    }

    @Test func commitsNothingWhereThePolicySaysSo() throws {
        let driver = MachineDriver { _, policy in policy.commits = false }
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        try driver.ack(1)
        #expect(driver.advance(.seconds(10)).committed.isEmpty)
        driver.revoke(0)
        #expect(driver.turn().actions == [.answerRevoke([PartitionIndex(0)])])
    }

    @Test func ignoresAnAnswerToACommitThatItDoesNotKnow() throws {
        let driver = try handled()
        driver.commitFinished(77, failed: [0])
        #expect(driver.turn().actions.isEmpty)
    }

    @Test func anAnswerFromAnOlderAssignmentDoesNotMoveTheNewOne() throws {
        let driver = try handled(1)
        try driver.ack(1)
        let first = driver.turn()
        driver.revoke(0, lost: true)
        driver.assign(0, from: 1)
        driver.turn()
        driver.commitFinished(try #require(first.tokens.first), failed: [0])
        #expect(driver.advance(.seconds(5)).committed.isEmpty, "the new assignment has settled nothing")
    }
}
