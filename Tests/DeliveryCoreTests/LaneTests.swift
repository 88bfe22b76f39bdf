import Testing

@testable import DeliveryCore

/// Lanes of keys (`--order key`); the lane of a whole partition has its tests in `DispatchTests`.
@Suite struct LaneTests {
    private func keyed(workers: Int = 1, batch: Int = 1, window: Int = 1) -> MachineDriver {
        let driver = MachineDriver(
            workers: workers, abilities: WorkerAbilities(concurrency: 8, canCancel: true)
        ) { limits, policy in
            policy.order = .key
            policy.isBatch = batch > 1
            limits.batchSize = batch
            limits.batchLinger = .milliseconds(batch > 1 ? 10 : 0)
            limits.laneWindow = window
        }
        driver.assign(0, 1)
        return driver
    }

    @Test func keysOfOnePartitionAreHandledSideBySideAndEachInItsOrder() throws {
        let driver = keyed()
        driver.arrive(0, keys: [1, 1, 2, 3, 2])
        #expect(driver.turn().offsets == [[0], [2], [3]])
        try driver.ack(2)
        #expect(driver.turn().offsets == [[4]])
        #expect(driver.committable(0) == 0)
        try driver.ack(1)
        #expect(driver.turn().offsets == [[1]])
        #expect(driver.committable(0) == 1)
        driver.expectNoStandstill()
    }

    @Test func recordsWithoutAKeyShareTheLaneOfTheirPartition() throws {
        let driver = keyed()
        driver.arrive(0, keys: [nil, nil, 1])
        driver.arrive(1, keys: [nil])
        #expect(driver.turn().sent.map { [Int64($0.partition)] + $0.offsets } == [[0, 0], [1, 0], [0, 2]])
        try driver.ack(1)
        #expect(driver.turn().offsets == [[1]])
    }

    @Test func theSameKeyInTwoPartitionsIsTwoLanes() {
        let driver = keyed()
        driver.arrive(0, keys: [7])
        driver.arrive(1, keys: [7])
        #expect(driver.turn().sent.map(\.partition) == [0, 1])
    }

    @Test func withPartitionOrderAKeyChangesNothing() {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, keys: [1, 2])
        #expect(driver.turn().offsets == [[0]])
        #expect(driver.machine.lanes.keys == 0)
    }

    @Test func aRetryOfOneKeyHoldsNoOtherUp() throws {
        let driver = keyed()
        driver.arrive(0, keys: [1, 1, 2, 2])
        driver.turn()
        try driver.nack(1, delay: .seconds(5))
        try driver.ack(2)
        #expect(driver.turn().offsets == [[3]])
        #expect(driver.advance(.milliseconds(4_999)).sent.isEmpty)
        #expect(driver.advance(.milliseconds(1)).sent.map(\.attempts) == [[2]])
    }

    // MARK: Lanes come and go

    @Test("A lane of a key is given up with its last record, and its place serves one key at a time")
    func lanesComeAndGo() throws {
        let driver = keyed()
        var id: UInt64 = 1
        for round in Int64(0)..<4 {
            driver.arrive(0, from: round * 20, keys: (0..<20).map { UInt64(round * 7 + $0 % 10) })
            #expect(driver.turn().sent.count == 10, "a key is mixed up with another, or not delivered")
            #expect(driver.machine.lanes.keys == 10)
            for _ in 0..<2 {
                for _ in 0..<10 {
                    try driver.ack(id)
                    id += 1
                }
                let next = driver.turn().offsets
                #expect(Set(next.map { $0[0] % 10 }).count == next.count)
            }
            #expect(driver.machine.lanes.keys == 0)
        }
        #expect(driver.committable(0) == 80)
        driver.expectNoStandstill()
    }

    @Test func lanesOfARevokedPartitionAreGivenUp() throws {
        let driver = keyed()
        driver.arrive(0, keys: [1, 2, 3, 1, nil])
        driver.arrive(1, keys: [1])
        let sent = driver.turn().sent
        #expect(sent.count == 5)
        driver.revoke(0, lost: true)
        driver.turn()
        // What still runs keeps its lane closed.
        #expect(driver.machine.lanes.keys == 4)
        for late in sent where late.partition == 0 { try driver.ack(late.id) }
        #expect(driver.machine.lanes.keys == 1)
        driver.expectNoStandstill()
    }

    @Test func lanesOfSuspectsAreGivenUpAfterARevokeToo() {
        let driver = keyed()
        driver.arrive(0, keys: [1, 2, 3])
        driver.turn()
        driver.exit()
        driver.turn()
        driver.revoke(0, lost: true)
        driver.arrive(1, keys: [9])
        driver.advance(.milliseconds(200))
        driver.startWorkers()
        #expect(driver.turn().sent.map(\.partition) == [1])
        #expect(driver.machine.lanes.keys == 1)
        driver.expectNoStandstill()
    }

    @Test func aLateExecutionKeepsItsOwnKeyClosedAndNoOther() throws {
        let driver = keyed(workers: 2)
        driver.arrive(0, keys: [1])
        driver.turn()
        driver.revoke(0, lost: true)
        driver.assign(0)
        driver.arrive(0, keys: [1, 2, nil])
        #expect(driver.turn().offsets == [[1], [2]])
        driver.expectNoStandstill()
        try driver.ack(1, from: 0)
        #expect(driver.committable(0) == 0, "the late verdict settles nothing")
        #expect(driver.turn().offsets == [[0]])
    }

    // MARK: Batches over several keys

    @Test("A batch takes lanes whole, one after the other, and what does not fit stays in order")
    func aBatchTakesLanesWhole() throws {
        let driver = keyed(batch: 4)
        driver.arrive(0, keys: [1, 2, 1, 3, 1, 2])
        #expect(driver.turn().offsets == [[0, 2, 4, 1]])
        #expect(driver.advance(.milliseconds(10)).offsets == [[3]])
        try driver.ack(1)
        #expect(driver.turn().offsets == [[5]])
        driver.expectNoStandstill()
    }

    @Test func aFailureInABatchSetsBackItsOwnLaneOnly() throws {
        let driver = keyed(batch: 4)
        driver.arrive(0, keys: [1, 2, 1, 2])
        #expect(driver.turn().offsets == [[0, 2, 1, 3]])
        try driver.verdict(.result(id: 1, failed: [FailedRecord(index: 0, Failure(.retry, delay: .zero))]))
        #expect(driver.machine.unsettled == 2)
        #expect(driver.committable(0) == 0)
        let again = driver.turn().sent
        #expect(again.map(\.offsets) == [[0, 2]])
        #expect(again.map(\.attempts) == [[2, 1]])
        try driver.ack(2)
        #expect(driver.committable(0) == 4)
        #expect(driver.machine.lanes.keys == 0)
    }

    @Test("A failure behind a batch over several keys does not take the batch back")
    func aRewindLeavesAnEarlierBatchAlone() throws {
        let driver = keyed(batch: 2, window: 2)
        driver.arrive(0, keys: [1])
        #expect(driver.advance(.milliseconds(10)).offsets == [[0]])
        driver.arrive(0, from: 1, keys: [1, 2])
        try driver.nack(1, delay: .milliseconds(10))
        // Key 2 is ready first, so that its record stands before the older one of key 1.
        #expect(driver.advance(.milliseconds(10)).offsets == [[2, 0], [1]])
        try driver.nack(3, delay: .zero)
        #expect(driver.turn().cancelled(.rewind).isEmpty)
        try driver.ack(2)
        driver.expectNoStandstill()
        #expect(driver.committable(0) == 1)
        #expect(driver.turn().offsets == [[1]])
    }

    @Test("A batch over several keys that is shortened is not taken back by that")
    func aShortenedBatchStands() throws {
        let driver = keyed(batch: 2)
        driver.arrive(0, keys: [1])
        driver.advance(.milliseconds(10))
        driver.arrive(0, from: 1, keys: [2])
        try driver.nack(1, delay: .milliseconds(10))
        driver.now = driver.now + .milliseconds(10)
        let key = try #require(driver.dispatched().first)
        driver.machine.shorten(key, to: 1, now: driver.now, actions: &driver.pending)
        let turn = driver.turn()
        #expect(turn.offsets == [[1], [0]], "key 2 is ready first, and the other key waits for nobody")
        #expect(turn.cancelled(.rewind).isEmpty)
        driver.expectNoStandstill()
        try driver.ack(2)
        #expect(driver.machine.unsettled == 1)
    }
}
