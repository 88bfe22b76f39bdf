import DeliveryCore
import Testing

@testable import Runtime

@Suite struct TroubleReportTests {
    private func instant(_ seconds: Int64) -> Instant { Instant(nanoseconds: 0) + .seconds(seconds) }

    @Test func troubleThatLastsIsToldEveryTenSeconds() {
        var report = TroubleReport()
        let told = (0..<25).filter { report.shouldTell("away", now: instant(Int64($0))) }
        #expect(told == [0, 10, 20])
    }

    @Test func oneKindDoesNotHideAnother() {
        var report = TroubleReport()
        let told = [("away", 0), ("refused", 1), ("away", 2)].map { kind, second in
            report.shouldTell(kind, now: instant(Int64(second)))
        }
        #expect(told == [true, true, false])
    }
}

@Suite struct RebalanceQueueTests {
    @Test func eventsAreAnsweredInTheOrderInWhichTheyCame() {
        var queue = RebalanceQueue()
        let first = RebalanceQueue.Event.assign([PartitionIndex(0)], explicit: [:])
        let second = RebalanceQueue.Event.revoke([PartitionIndex(0)], lost: false)
        queue.waiting = [first, second]
        #expect(queue.current == first)
        queue.step = .lookingUp(token: 1)
        queue.finish()
        #expect(queue.current == second)
        #expect(queue.step == .idle)
        queue.finish()
        #expect(queue.current == nil)
    }

    @Test func onlyAFailedLookUpHasATimeToRetry() {
        var queue = RebalanceQueue()
        #expect(queue.retryAt == nil)
        queue.step = .waitingToRetry(at: Instant(nanoseconds: 5))
        #expect(queue.retryAt == Instant(nanoseconds: 5))
    }
}
