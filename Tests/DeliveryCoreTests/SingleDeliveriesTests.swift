import Testing

@testable import DeliveryCore

/// Records that are handed over one by one, several at a time.
@Suite struct SingleDeliveriesTests {
    private func spread(
        workers: Int, window: Int, _ configure: (inout Limits, inout ServicePolicy) -> Void = { _, _ in }
    ) -> MachineDriver {
        let driver = MachineDriver(workers: workers, abilities: WorkerAbilities(maxInFlight: window)) {
            limits, policy in
            policy.order = .none
            configure(&limits, &policy)
        }
        driver.assign(0)
        return driver
    }

    @Test("Each worker gets its share", arguments: [(1, 8, 1), (1_024, 8, 1), (1_024, 80, 10), (2, 16, 2), (3, 80, 3)])
    func eachGetsItsShare(window: Int, records: Int, share: Int) {
        let driver = spread(workers: 8, window: window)
        driver.arrive(0, 0...Int64(records) - 1)
        let sent = driver.turn().sent
        for worker in 0..<8 { #expect(sent.count { $0.worker == worker } == share, "worker \(worker)") }
        driver.expectNoStandstill()
    }

    @Test func aFewRecordsGoToAFewWorkers() {
        let driver = spread(workers: 8, window: 4)
        driver.arrive(0, 0...2)
        #expect(Set(driver.turn().sent.map(\.worker)).count == 3)
    }

    @Test func noWorkerGetsMoreThanItsWindow() throws {
        let driver = spread(workers: 2, window: 3)
        driver.arrive(0, 0...19)
        #expect(driver.turn().sent.count == 6)
        try driver.ack(2, from: 1)
        let next = driver.turn().sent
        #expect(next.map(\.worker) == [1])
        #expect(next.map(\.offsets) == [[6]])
        #expect(driver.turn().sent.isEmpty)
    }

    @Test func theOrderOfArrivalIsTheOrderOfTheIds() {
        let driver = spread(workers: 1, window: 100)
        driver.arrive(0, [3, 7, 8, 20])
        let sent = driver.turn().sent
        #expect(sent.map(\.offsets) == [[3], [7], [8], [20]])
        #expect(sent.map(\.id) == [1, 2, 3, 4])
    }

    @Test func theRateBoundsThemAll() {
        let driver = spread(workers: 4, window: 100) { limits, _ in
            limits.rate = RateLimit(perSecond: 10, burst: 5)
        }
        driver.arrive(0, 0...19)
        #expect(driver.turn().sent.count == 5)
        #expect(driver.advance(.milliseconds(100)).sent.count == 1)
    }

    @Test func aWorkerThatReadsNothingGetsNoMoreBytesThanItMay() {
        let driver = spread(workers: 1, window: 100) { limits, _ in limits.maxUnwrittenBytes = 250 }
        driver.writesAtOnce = false
        driver.arrive(0, 0...9, size: 100)
        // The one that passes the bound goes still.
        #expect(driver.turn().sent.count == 3)
    }

    @Test func aLanesWindowIsFilledAtOnceAndNoFurther() throws {
        let driver = MachineDriver(abilities: WorkerAbilities(maxInFlight: 10)) { limits, _ in limits.laneWindow = 4 }
        driver.assign(0)
        driver.arrive(0, 0...9)
        #expect(driver.turn().offsets == [[0], [1], [2], [3]])
        try driver.ack(1)
        try driver.ack(2)
        #expect(driver.turn().offsets == [[4], [5]])
        driver.expectNoStandstill()
    }

    @Test func aRetryIsNoFreshRecord() throws {
        let driver = spread(workers: 1, window: 2)
        driver.arrive(0, 0...4)
        driver.turn()
        try driver.nack(1, delay: .zero)
        try driver.ack(2)
        let sent = driver.turn().sent
        #expect(sent.map(\.offsets) == [[0], [2]])
        #expect(sent.map(\.attempts) == [[2], [1]])
        driver.expectNoStandstill()
        #expect(driver.machine.lanes[LaneIndex(value: 0)].waiting == 2)
    }
}
