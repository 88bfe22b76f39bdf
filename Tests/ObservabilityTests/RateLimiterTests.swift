import Testing

@testable import Observability

@Suite struct RateLimiterTests {
    private let second: Int64 = 1_000_000_000

    @Test("a burst passes at once, the rest is counted")
    func burst() {
        var limiter = RateLimiter(perSecond: 10, burst: 3)
        let passed = (0..<5).map { _ in limiter.allows(at: 77) }
        #expect(passed == [true, true, true, false, false])
        let (first, second) = (limiter.takeSuppressed(), limiter.takeSuppressed())
        #expect(first == 2)
        #expect(second == 0)
    }

    @Test("in the long run the rate is kept exactly, at odd steps too")
    func rate() {
        var limiter = RateLimiter(perSecond: 10, burst: 2)
        var passed = 0
        // 70 ms does not divide the 100 ms of an event: a limiter that forgot the rest would let fewer pass.
        for step in 0..<10_000 where limiter.allows(at: Int64(step) * 70_000_000) { passed += 1 }
        #expect((6_999...7_002).contains(passed), "\(passed) of 10000 passed in 700 s at 10 a second")
    }

    @Test("a silence earns a burst and not more")
    func silence() {
        var limiter = RateLimiter(perSecond: 1, burst: 2)
        _ = limiter.allows(at: 0)
        let passed = (0..<4).map { _ in limiter.allows(at: 1_000 * second) }
        #expect(passed == [true, true, false, false])
    }

    @Test("time that goes backwards or is extreme breaks nothing")
    func extremes() {
        var slow = RateLimiter(perSecond: 0, burst: 0)
        let backwards = [slow.allows(at: .max), slow.allows(at: 0)]
        #expect(backwards == [true, false])
        var fast = RateLimiter(perSecond: .max, burst: 1)
        let extreme = [fast.allows(at: .min), fast.allows(at: .max)]
        #expect(extreme == [true, true])
    }
}
