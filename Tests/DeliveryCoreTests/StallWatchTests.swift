import Testing

@testable import DeliveryCore

@Suite struct StallWatchTests {
    private let zero = PartitionIndex(0)

    private func watched(_ timeout: Interval = .seconds(120), _ order: DeliveryOrder = .partition) -> MachineDriver {
        let driver = MachineDriver { limits, policy in
            limits.stallTimeout = timeout
            limits.ackTimeout = .seconds(100_000)
            limits.commitInterval = .zero
            policy.order = order
        }
        driver.assign(0, 1)
        return driver
    }

    private func stalled(_ turn: Turn) -> [Notice] {
        turn.notices.filter { if case .stalled = $0 { true } else { false } }
    }

    @Test func aPartitionThatSettlesNothingIsReportedOnceAndNamed() throws {
        let driver = watched()
        driver.advance(.seconds(50))
        driver.arrive(0, 7...9)
        driver.turn()
        #expect(stalled(driver.advance(.milliseconds(119_999))).isEmpty)
        #expect(driver.machine.stalledPartitions.isEmpty)
        let over = driver.advance(.seconds(3))
        #expect(stalled(over).count == 1)
        guard case .stalled(zero, offset: 7, unsettled: 3, let since)? = stalled(over).first else {
            Issue.record("\(over.notices)")
            return
        }
        #expect(since >= .seconds(120) && since < .seconds(123))
        #expect(driver.machine.stalledPartitions == [zero])
        #expect(driver.advance(.seconds(1_000)).notices.isEmpty)
    }

    @Test func progressEndsAStallAndIsReported() throws {
        let driver = watched()
        driver.arrive(0, 0...1)
        driver.advance(.seconds(200))
        #expect(driver.machine.stalledPartitions == [zero])
        try driver.ack(1)
        #expect(driver.turn().notices == [.progressing(zero)])
        #expect(driver.machine.stalledPartitions.isEmpty)
        #expect(stalled(driver.advance(.milliseconds(119_999))).isEmpty)
        #expect(stalled(driver.advance(.seconds(3))).count == 1, "a second stall is a second report")
    }

    @Test func aPartitionThatHoldsNothingNeverStalls() {
        let driver = watched()
        #expect(driver.advance(.seconds(10_000)).notices.isEmpty)
        driver.arriveFiltered(0, 0...9)
        #expect(stalled(driver.advance(.seconds(10_000))).isEmpty)
    }

    @Test func aPartitionThatSettlesOutOfTurnMakesProgress() throws {
        let driver = watched(.seconds(120), .none)
        driver.arrive(0, 0...50)
        let sent = driver.turn().sent
        for delivery in sent.dropFirst().prefix(30) {
            try driver.ack(delivery.id)
            #expect(stalled(driver.advance(.seconds(100))).isEmpty)
        }
    }

    @Test func aGivenUpPartitionStallsNoLonger() {
        let driver = watched()
        driver.arrive(0, 0...0)
        driver.advance(.seconds(200))
        driver.revoke(0, lost: true)
        #expect(driver.turn().notices.contains(.progressing(zero)))
        #expect(driver.machine.stalledPartitions.isEmpty)
    }

    @Test func failuresAreNoProgress() throws {
        let driver = watched()
        driver.arrive(0, 0...0)
        driver.turn()
        var reports = 0
        for id in UInt64(1)...20 {
            try driver.nack(id, delay: .seconds(10))
            reports += stalled(driver.advance(.seconds(10))).count
        }
        #expect(reports == 1)
    }

    @Test func zeroIsNever() {
        let driver = watched(.zero)
        driver.arrive(0, 0...0)
        #expect(driver.advance(.seconds(10_000)).notices.isEmpty)
    }

    @Test func theMachineWakesForItAndDoesNotSpin() {
        let driver = watched()
        for partition in Int32(0)...1 { driver.arrive(partition, 0...0) }
        var turns = 0
        while let next = driver.machine.nextDeadline, next <= Instant(nanoseconds: 0) + .seconds(2_000), turns < 200 {
            driver.now = max(driver.now, next)
            driver.turn()
            turns += 1
        }
        #expect(driver.machine.stalledPartitions.count == 2)
        #expect(turns < 60)
    }
}
