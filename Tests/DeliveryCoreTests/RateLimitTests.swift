import Testing

@testable import DeliveryCore

@Suite struct RateLimitTests {
    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: 0) + .milliseconds(milliseconds) }

    // MARK: The bucket

    @Test func aBucketBeginsFullAndRefillsUpToItsBurst() {
        var bucket = TokenBucket(RateLimit(perSecond: 10, burst: 5), now: at(0))
        #expect(bucket.available(now: at(0)) == 5)
        bucket.take(5)
        #expect(bucket.isEmpty)
        #expect(bucket.available(now: at(99)) == 0)
        #expect(bucket.available(now: at(101)) == 1)
        #expect(!bucket.isEmpty)
        #expect(bucket.available(now: at(350)) == 3)
        #expect(bucket.available(now: at(3_600_000)) == 5)
    }

    @Test func theNextTokenIsThereWhenItSaysSo() {
        for perSecond in [0.01, 0.3, 1, 7, 1_000, 123_456.7] {
            var bucket = TokenBucket(RateLimit(perSecond: perSecond, burst: 1), now: at(0))
            var now = at(0)
            for _ in 0..<50 {
                #expect(bucket.available(now: now) == 1, "\(perSecond) a second")
                bucket.take(1)
                let next = bucket.nextToken
                #expect(next > now)
                #expect(bucket.available(now: Instant(nanoseconds: next.nanoseconds - 3)) == 0 || perSecond > 100_000)
                now = next
            }
        }
    }

    @Test func aTinyRateLooksAgainEveryHour() {
        var bucket = TokenBucket(RateLimit(perSecond: 1e-12, burst: 1), now: at(0))
        bucket.take(1)
        #expect(bucket.nextToken <= at(3_600_001))
        #expect(bucket.available(now: bucket.nextToken) == 0)
    }

    @Test func aClockThatStandsStillOrGoesBackGivesNothing() {
        var bucket = TokenBucket(RateLimit(perSecond: 1, burst: 2), now: at(5_000))
        bucket.take(2)
        #expect(bucket.available(now: at(5_000)) == 0)
        #expect(bucket.available(now: at(0)) == 0)
        #expect(bucket.available(now: at(6_001)) == 1)
    }

    @Test func aBurstIsAtLeastOne() {
        #expect(RateLimit(perSecond: 1, burst: 0).burst == 1)
        #expect(RateLimit(perSecond: 1, burst: -3).burst == 1)
    }

    // MARK: The machine

    private func limited(
        _ rate: RateLimit, workers: Int = 1, batch: Int = 1, _ order: DeliveryOrder = .none,
        window: Int = 1
    ) -> MachineDriver {
        let driver = MachineDriver(workers: workers, abilities: WorkerAbilities(concurrency: 64, canCancel: true)) {
            limits, policy in
            limits.rate = rate
            limits.batchSize = batch
            limits.laneWindow = window
            limits.stallTimeout = .zero
            policy.isBatch = batch > 1
            policy.order = order
        }
        driver.assign(0)
        return driver
    }

    @Test func noMoreGoesThanTheBurstAndWhatTheTimeAllows() {
        let driver = limited(RateLimit(perSecond: 10, burst: 5))
        driver.arrive(0, 0...63)
        #expect(driver.turn().offsets.count == 5)
        #expect(driver.machine.nextDeadline == Instant(nanoseconds: 100_000_001), "it wakes for the next token")
        var sent = 5
        for step in 1...20 {
            sent += driver.advance(.milliseconds(100)).sent.count
            #expect(sent <= 5 + step)
            #expect(sent >= 5 + step - 1)
        }
        driver.expectNoStandstill()
    }

    @Test func aBatchHoldsNoMoreRecordsThanTheRateAllows() throws {
        let driver = limited(RateLimit(perSecond: 10, burst: 7), batch: 5)
        driver.arrive(0, 0...29)
        #expect(driver.turn().offsets.map(\.count) == [5, 2])
        let later = driver.advance(.milliseconds(1_001)).offsets.map(\.count)
        #expect(later.reduce(0, +) == 10)
    }

    @Test func redeliveriesCountToo() throws {
        let driver = limited(RateLimit(perSecond: 1, burst: 2), .partition)
        driver.arrive(0, 0...0)
        driver.turn()
        try driver.nack(1, delay: .zero)
        #expect(driver.turn().sent.count == 1)
        try driver.nack(2, delay: .zero)
        #expect(driver.turn().sent.isEmpty)
        driver.expectNoStandstill()
        #expect(driver.advance(.milliseconds(1_001)).sent.map(\.attempts) == [[3]])
    }

    @Test func suspectsCountToo() throws {
        let driver = limited(RateLimit(perSecond: 1, burst: 3))
        driver.arrive(0, 0...2)
        #expect(driver.turn().sent.count == 3)
        #expect(driver.replace().sent.isEmpty)
        driver.expectNoStandstill()
        #expect(driver.advance(.milliseconds(900)).sent.count == 1)
    }

    @Test func anIdleServiceDoesNotWakeForTokens() throws {
        let driver = limited(RateLimit(perSecond: 10, burst: 1))
        driver.arrive(0, 0...0)
        driver.turn()
        try driver.ack(1)
        for token in driver.turn().tokens { driver.commitFinished(token) }
        driver.turn()
        #expect(driver.machine.nextDeadline.map { $0 > at(10_000) } ?? true)
    }

    @Test(arguments: [DeliveryOrder.none, .partition])
    func aBusyWorkerIsNotWaitedForWithTokens(order: DeliveryOrder) {
        // In partition order all of it goes through the lane's window.
        let driver = limited(RateLimit(perSecond: 1_000, burst: 4), order, window: 8)
        driver.arrive(0, 0...3)
        driver.turn()
        driver.machine.workerPaused(.first, for: nil, now: driver.now)
        driver.arrive(0, 4...9)
        var turns = 0
        while let next = driver.machine.nextDeadline, next < at(10_000), turns < 100 {
            driver.now = max(driver.now, next)
            driver.turn()
            turns += 1
        }
        #expect(turns < 5, "the loop spins")
    }
}
