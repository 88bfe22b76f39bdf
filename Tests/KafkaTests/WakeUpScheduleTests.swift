import Testing

@testable import Kafka

@Suite struct WakeUpScheduleTests {
    @Test func theFetchersAreWokenWhenHalfOfTheRecordLimitWasTaken() {
        var schedule = WakeUpSchedule(queuedRecords: 1_000, queuedBytes: 1 << 20)
        #expect(schedule.take(records: 499, bytes: 0, isLast: false) == false)
        #expect(schedule.take(records: 1, bytes: 0, isLast: false) == true)
        #expect(schedule.take(records: 499, bytes: 0, isLast: false) == false, "counted anew")
    }

    @Test func theFetchersAreWokenWhenHalfOfTheByteLimitWasTaken() {
        var schedule = WakeUpSchedule(queuedRecords: 1_000, queuedBytes: 1_000)
        #expect(schedule.take(records: 1, bytes: 499, isLast: false) == false)
        #expect(schedule.take(records: 1, bytes: 1, isLast: false) == true)
        #expect(schedule.take(records: 1, bytes: 499, isLast: false) == false, "counted anew")
    }

    @Test(
        "However far the queue was over its limit when fetching stopped, it is woken while half of the limit still waits",
        arguments: [1_000, 1_001, 1_400, 1_500, 2_000, 5_499], [1, 7, 100])
    func wokenInTime(queued: Int, takenAtOnce: Int) {
        for phase in 0..<500 {
            var schedule = WakeUpSchedule(queuedRecords: 1_000, queuedBytes: .max)
            // What was taken since the last wake-up when the fetching stopped.
            _ = schedule.take(records: phase, bytes: 0, isLast: false)
            var left = queued
            var wokenAt: Int?
            while left > 0, wokenAt == nil {
                left -= min(takenAtOnce, left)
                // A wake-up while the queue is over its limit wakes nobody.
                if schedule.take(records: takenAtOnce, bytes: 0, isLast: left == 0), left < 1_000 { wokenAt = left }
            }
            #expect((wokenAt ?? 0) >= 500 - takenAtOnce, "phase \(phase): \(String(describing: wokenAt)) records left")
        }
    }

    @Test func whoIsIdleWakesNobody() {
        var schedule = WakeUpSchedule(queuedRecords: 1_000, queuedBytes: 1_000)
        for _ in 0..<100_000 where schedule.take(records: 0, bytes: 0, isLast: true) { Issue.record("woken") }
    }

    @Test func loneRecordsWakeTheFetchersOnceInAHalfOfTheLimit() {
        var schedule = WakeUpSchedule(queuedRecords: 1_000, queuedBytes: 1 << 20)
        let wakeUps = (0..<10_000).count { _ in schedule.take(records: 1, bytes: 100, isLast: true) }
        #expect(wakeUps == 20)
    }

    @Test func recordsThatAreThrownAwayWakeTheFetchersOnceWhenTheQueueIsEmpty() {
        var schedule = WakeUpSchedule(queuedRecords: 1_000, queuedBytes: 1 << 20)
        schedule.drop()
        schedule.drop()
        #expect(schedule.take(records: 10, bytes: 10, isLast: false) == false)
        #expect(schedule.take(records: 0, bytes: 0, isLast: true) == true)
        #expect(schedule.take(records: 0, bytes: 0, isLast: true) == false)
    }

    @Test func aLimitOfOneWakesAtMostOnceATake() {
        var schedule = WakeUpSchedule(queuedRecords: 1, queuedBytes: 0)
        #expect(schedule.take(records: 0, bytes: 0, isLast: true) == false)
        #expect(schedule.take(records: 1, bytes: 0, isLast: true) == true)
    }
}
