import Testing

@testable import DeliveryCore

@Suite struct RetryScheduleTests {
    private func entry(_ due: Int64, _ sequence: UInt64 = 0) -> RetrySchedule.Entry {
        .init(due: Instant(nanoseconds: due), partition: PartitionIndex(0), epoch: 1, sequence: sequence)
    }

    @Test func givesNothingBeforeItsTime() {
        var schedule = RetrySchedule()
        #expect(schedule.nextDue == nil)
        schedule.add(entry(10))
        let early = schedule.popDue(now: Instant(nanoseconds: 9))
        #expect(early == nil)
        #expect(schedule.nextDue == Instant(nanoseconds: 10))
        let due = schedule.popDue(now: Instant(nanoseconds: 10))
        #expect(due == entry(10))
        #expect(schedule.count == 0)
    }

    @Test func givesEntriesInTheOrderInWhichTheyAreDue() {
        var schedule = RetrySchedule()
        var random = SeededGenerator(seed: 3)
        var expected: [Int64] = []
        for sequence in 0..<1_000 {
            let due = Int64(random.next() % 500)
            expected.append(due)
            schedule.add(entry(due, UInt64(sequence)))
        }
        var dues: [Int64] = []
        var sequences = Set<UInt64>()
        while let next = schedule.popDue(now: Instant(nanoseconds: 1_000)) {
            dues.append(next.due.nanoseconds)
            sequences.insert(next.sequence)
        }
        #expect(dues == expected.sorted())
        #expect(sequences.count == 1_000)
    }
}
