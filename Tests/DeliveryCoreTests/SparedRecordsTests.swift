import Testing

@testable import DeliveryCore

/// What was settled above the committed offset, from the commit that says so to the assignment that spares it.
@Suite struct SparedRecordsTests {
    private let zero = PartitionIndex(0)

    private func driver(_ configure: (inout Limits, inout ServicePolicy) -> Void = { _, _ in }) -> MachineDriver {
        MachineDriver { limits, policy in
            policy.order = .none
            limits.commitInterval = .zero
            configure(&limits, &policy)
        }
    }

    /// Records 0 to 9 of which 0 and 5 are not answered; the last commit.
    private func interrupted(identity: UInt64) throws -> CommitEntry {
        let driver = driver()
        driver.assign(0, from: 0, settled: [], identity: identity)
        driver.arrive(0, 0...9)
        for sent in driver.turn().sent where sent.offsets != [0] && sent.offsets != [5] { try driver.ack(sent.id) }
        return try #require(driver.turn().commitEntries.last)
    }

    @Test func afterARestartOnlyWhatWasNotSettledIsDelivered() throws {
        let entry = try interrupted(identity: 7)
        #expect(entry.offset == 0)
        let settled = CommitMetadata.decode(entry.metadata ?? [], base: entry.offset, identity: 7)
        let driver = driver()
        driver.assign(0, from: entry.offset, settled: settled.runs, identity: 7)
        driver.arrive(0, 0...11)
        let turn = driver.turn()
        #expect(turn.offsets == [[0], [5], [10], [11]])
        #expect(turn.givenBack == 8)
        #expect(driver.machine.counters.spared == 8)
        #expect(driver.machine.counters.settled == 0)
        try driver.ack(1)
        #expect(driver.committable(0) == 5)
        try driver.ack(2)
        #expect(driver.committable(0) == 10)
        driver.expectNoStandstill()
    }

    @Test(arguments: [(Int64(1), UInt64(7)), (0, 8)])
    func anotherBaseOrIdentityMeansThatNothingIsSettled(base: Int64, identity: UInt64) throws {
        let entry = try interrupted(identity: 7)
        let settled = CommitMetadata.decode(entry.metadata ?? [], base: base, identity: identity)
        let driver = driver()
        driver.assign(0, from: base, settled: settled.runs, identity: identity)
        driver.arrive(0, base...9)
        #expect(driver.turn().sent.count == 10 - Int(base))
        #expect(driver.machine.counters.spared == 0)
    }

    @Test("What was spared is said again until the offset has passed it, also before it has come by")
    func carriesOn() throws {
        let driver = driver()
        driver.assign(0, from: 3, settled: [5...6, 8...20], identity: 9)
        driver.arrive(0, 3...9)
        let first = driver.turn()
        #expect(first.offsets == [[3], [4], [7]])
        #expect(first.commitEntries.isEmpty, "the broker knows all of it")
        try driver.ack(1)
        let entry = try #require(driver.turn().commitEntries.last)
        #expect(entry.offset == 4)
        #expect(try CommitMetadata.read(entry.metadata ?? [], base: 4, identity: 9) == settledRuns([5...6, 8...20]))
        try driver.ack(2)
        try driver.ack(3)
        #expect(driver.committable(0) == 10, "10 to 20 have not come by: where they do not exist, nothing is lost")
        driver.arrive(0, 10...21)
        #expect(driver.turn().offsets == [[21]])
        #expect(driver.committable(0) == 21)
    }

    @Test func aRecordThatIsFilteredAndWasSettledIsSparedOnce() {
        let driver = driver()
        driver.assign(0, from: 0, settled: [1...2])
        driver.arrive(0, 0...0)
        driver.arriveFiltered(0, 1...3)
        driver.turn()
        #expect(driver.machine.counters.spared == 2)
        #expect(driver.machine.counters.filtered == 1)
    }

    @Test func sparedRecordsDoNotCountForMaxMessages() {
        let driver = driver { _, policy in policy.maxMessages = 2 }
        driver.assign(0, from: 0, settled: [1...3])
        driver.arrive(0, 0...4)
        #expect(driver.turn().offsets == [[0], [4]])
    }

    @Test func inPartitionOrderTheOrderOfTheRestIsKept() throws {
        let driver = driver { _, policy in policy.order = .partition }
        driver.assign(0, from: 0, settled: [1...1, 3...3])
        driver.arrive(0, 0...4)
        for (id, offset) in zip(UInt64(1)..., [Int64(0), 2, 4]) {
            #expect(driver.turn().offsets == [[offset]])
            try driver.ack(id)
        }
        #expect(driver.committable(0) == 5)
    }

    @Test("What the log had lost is passed over: nobody says that it was settled")
    func aRelocationForwardsBelongsToNoRun() throws {
        let driver = driver()
        driver.assign(0)
        driver.arrive(0, 0...1)
        driver.machine.relocate(zero, to: 10, now: driver.now, actions: &driver.pending)
        driver.arrive(0, 10...11)
        driver.turn()
        for id in UInt64(2)...4 { try driver.ack(id) }
        let entry = try #require(driver.turn().commitEntries.last)
        #expect(CommitMetadata.decode(entry.metadata ?? [], base: 0, identity: 0) == settledRuns([1...1, 10...11]))
        try driver.ack(1)
        #expect(driver.committable(0) == 12)
    }

    @Test func aRelocationBackwardsForgetsWhatWasSettled() {
        let driver = driver()
        driver.assign(0, from: 10, settled: [12...14])
        driver.machine.relocate(zero, to: 5, now: driver.now, actions: &driver.pending)
        driver.arrive(0, 5...14)
        #expect(driver.turn().sent.count == 10)
    }

    @Test func withoutThePolicyNothingIsSaid() throws {
        let driver = driver { _, policy in policy.commitsMetadata = false }
        driver.assign(0)
        driver.arrive(0, 0...2)
        driver.turn()
        try driver.ack(2)
        #expect(driver.advance(.seconds(5)).commitEntries.isEmpty, "the offset has not moved")
        try driver.ack(1)
        #expect(driver.turn().commitEntries == [CommitEntry(partition: zero, offset: 2)])
    }
}
