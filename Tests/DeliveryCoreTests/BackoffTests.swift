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
