import Testing

@testable import DeliveryCore

@Suite struct BackoffTests {
    private let backoff = Backoff(initial: .milliseconds(500), maximum: .seconds(30))

    @Test(arguments: [(1, 500), (2, 1_000), (3, 2_000), (6, 16_000), (7, 30_000), (64, 30_000), (1_000_000, 30_000)])
    func doublesUpToItsMaximumAndSpreadsByAFifth(failures: Int, middle: Int64) {
        var random = SeededGenerator(seed: 11)
        var seen = Set<Int64>()
        for _ in 0..<200 {
            let wait = backoff.wait(failures: failures, random: random.next())
            #expect(wait >= .milliseconds(middle * 4 / 5))
            #expect(wait <= .milliseconds(min(middle * 6 / 5, 30_000)))
            seen.insert(wait.nanoseconds)
        }
        #expect(seen.count > 50, "many waiters would wake together")
    }

    @Test(
        arguments: [(1.5, [100, 150, 225, 337]), (3, [100, 300, 900, 2_000]), (1, [100, 100, 100, 100])]
            as [(Double, [Int64])])
    func growsByItsFactor(factor: Double, waits: [Int64]) {
        let backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(2), factor: factor, jitter: 0)
        for (index, wait) in waits.enumerated() {
            #expect(backoff.wait(failures: index + 1, random: .max).nanoseconds / 1_000_000 == wait)
        }
    }

    @Test func spreadsByItsJitterAndNeverBelowZeroOrBeyondTheMaximum() {
        var random = SeededGenerator(seed: 12)
        for jitter in [0, 0.5, 1] {
            let backoff = Backoff(initial: .seconds(1), maximum: .milliseconds(1_500), factor: 2, jitter: jitter)
            let waits = (0..<500).map { _ in backoff.wait(failures: 1, random: random.next()) }
            let low = Int64((1 - jitter) * 1e9)
            #expect(waits.allSatisfy { $0.nanoseconds >= low && $0 <= .milliseconds(1_500) })
            #expect(jitter == 0 ? Set(waits).count == 1 : Set(waits).count > 100)
        }
    }

    @Test func theLimitsReachTheWaitsOfRetries() throws {
        let driver = MachineDriver { limits, _ in
            limits.retryBackoffInitial = .milliseconds(100)
            limits.retryBackoffMaximum = .milliseconds(450)
            limits.retryBackoffFactor = 3
            limits.retryJitter = 0
        }
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        for (id, wait) in zip(UInt64(1)..., [Int64(100), 300, 450, 450]) {
            try driver.nack(id)
            #expect(driver.advance(.milliseconds(wait - 1)).sent.isEmpty)
            #expect(driver.advance(.milliseconds(1)).sent.count == 1)
        }
    }

    @Test func countsNoFailureAsOne() {
        #expect(backoff.wait(failures: 0, random: 0) == backoff.wait(failures: 1, random: 0))
        #expect(backoff.wait(failures: -3, random: 0) == backoff.wait(failures: 1, random: 0))
    }

    @Test func takesOddBounds() {
        #expect(Backoff(initial: .zero, maximum: .zero).wait(failures: 5, random: .max) == .zero)
        #expect(Backoff(initial: .seconds(9), maximum: .seconds(1)).wait(failures: 1, random: .max) <= .seconds(1))
        let huge = Interval(nanoseconds: .max)
        #expect(Backoff(initial: .seconds(1), maximum: huge).wait(failures: 100, random: 0) > .zero)
    }

    @Test func theGeneratorRepeatsARunFromItsSeed() {
        let run = outputs(42)
        #expect(run == outputs(42))
        #expect(run != outputs(43))
        // From the reference implementation.
        #expect(outputs(0).first == 0xE220_A839_7B1D_CDAF)
    }

    private func outputs(_ seed: UInt64) -> [UInt64] {
        var generator = SeededGenerator(seed: seed)
        return (0..<10).map { _ in generator.next() }
    }
}
