import Testing

@testable import DeliveryCore

/// What the tracker does for several records of one lane at once.
@Suite struct PartitionTrackerRunsTests {
    private let start = Instant(nanoseconds: 0)
    private let lane = LaneIndex(value: 4)

    private func tracker(end: Int64? = nil, settled: SettledRuns = SettledRuns()) -> PartitionTracker {
        PartitionTracker(epoch: 1, position: 10, end: end, settled: settled, now: start)
    }

    private func records(_ offsets: [Int64], filtered: Int64? = nil) -> [Record] {
        offsets.map {
            Record(
                partition: PartitionIndex(0), offset: $0, size: Int32($0), slot: RecordSlot(Int32($0)),
                isFiltered: $0 == filtered)
        }
    }

    private func arrive(
        _ records: [Record], from place: Int = 0, after last: UInt64? = nil, into tracker: inout PartitionTracker
    ) -> ArrivedRun {
        tracker.arrive(records.span, from: place, lane: lane, after: last, now: start)
    }

    // MARK: Arriving

    @Test func aRunIsAChainOfItsLane() {
        var tracker = tracker()
        let run = arrive(records([10, 11, 15]), into: &tracker)
        #expect(run.first == 0 && run.count == 3 && run.bytes == 36)
        #expect((0..<3).map { tracker[$0]?.next } == [1, 2, 0])
        #expect((0..<3).map { tracker[$0]?.lane } == [lane, lane, lane])
        #expect((0..<3).map { tracker[$0]?.slot.value } == [10, 11, 15])
        #expect(tracker.position == 16 && tracker.committable == 10)
        #expect(tracker.unsettled == 3 && tracker.unsettledBytes == 36)
    }

    @Test func aRunFollowsTheNewestOfItsLane() {
        var tracker = tracker()
        _ = arrive(records([10, 11]), into: &tracker)
        let run = arrive(records([12, 13]), after: 1, into: &tracker)
        #expect(run.first == 2)
        #expect((0..<4).map { tracker[$0]?.next } == [1, 2, 3, 0])
    }

    @Test("A run ends before what goes another way")
    func endsBeforeWhatIsDifferent() {
        var filter = tracker()
        #expect(arrive(records([10, 11, 12], filtered: 11), into: &filter).count == 1)
        #expect(filter.position == 11)
        var repetition = tracker()
        #expect(arrive(records([10, 11, 11, 12]), into: &repetition).count == 2)
        var old = tracker()
        #expect(arrive(records([9, 10]), into: &old).count == 0)
        #expect(old.position == 10 && old.unsettled == 0)
        var mixed = tracker()
        var others = records([10, 11, 12])
        others[2].partition = PartitionIndex(1)
        #expect(arrive(others, into: &mixed).count == 2)
        #expect(arrive(records([10, 11, 12, 13]), from: 2, into: &mixed).count == 2)
        #expect(mixed.position == 14)
    }

    @Test func aRunEndsAtTheEnd() {
        var tracker = tracker(end: 12)
        #expect(arrive(records([10]), into: &tracker).count == 1)
        #expect(!tracker.reachedEnd)
        #expect(arrive(records([11, 12]), after: 0, into: &tracker).count == 1)
        #expect(tracker.reachedEnd && tracker.position == 12)
        #expect(arrive(records([12, 13]), after: 1, into: &tracker).count == 0)
    }

    @Test("No run is taken where records need a look each")
    func takesNoRunWhereEachNeedsALook() {
        var closed = tracker()
        closed.close()
        #expect(arrive(records([10]), into: &closed).count == 0)
        var jumped = tracker()
        jumped.jump(to: 20)
        #expect(arrive(records([20]), into: &jumped).count == 0)
        var known = tracker(settled: settledRuns([30...31]))
        #expect(arrive(records([10]), into: &known).count == 0)
    }

    // MARK: Gathering

    @Test func gathersWhatWaitsAndFits() {
        var tracker = tracker()
        _ = arrive(records([10, 11, 12, 13]), into: &tracker)
        var run: [UInt64] = []
        #expect(tracker.gather(from: 0, atMost: 3, bytes: 100, isFirst: true, into: &run) == 33)
        #expect(run == [0, 1, 2])
        run = []
        #expect(tracker.gather(from: 1, atMost: 9, bytes: 24, isFirst: false, into: &run) == 23)
        #expect(run == [1, 2])
        run = []
        #expect(tracker.gather(from: 0, atMost: 9, bytes: 0, isFirst: true, into: &run) == 10)
        #expect(run == [0], "the first goes whatever its size")
        run = []
        #expect(tracker.gather(from: 0, atMost: 9, bytes: 0, isFirst: false, into: &run) == 0)
        #expect(run.isEmpty)
    }

    @Test func passesOverWhatDoesNotWaitAndStopsAtASuspectOrAnotherHalf() {
        var tracker = tracker()
        _ = arrive(records([10, 11, 12, 13]), into: &tracker)
        tracker.update(1) { $0.phase = .deadLetter }
        var run: [UInt64] = []
        #expect(tracker.gather(from: 0, atMost: 9, bytes: 100, isFirst: true, into: &run) == 35)
        #expect(run == [0, 2, 3])
        tracker.update(3) { $0.isSuspect = true }
        run = []
        _ = tracker.gather(from: 0, atMost: 9, bytes: 100, isFirst: true, into: &run)
        #expect(run == [0, 2])
        tracker.update(2) { $0.group = 5 }
        run = []
        _ = tracker.gather(from: 0, atMost: 9, bytes: 100, isFirst: true, into: &run)
        #expect(run == [0])
    }

    // MARK: Handing over

    @Test func countsOnlyWhatIsNotBeforeTheCursorAsFresh() {
        var tracker = tracker()
        _ = arrive(records([10, 11, 12, 13]), into: &tracker)
        let (end, fresh) = tracker.stretch(of: [0, 2, 3], from: 0, lane: lane, cursor: 2)
        #expect(end == 3)
        #expect(fresh.records == 2 && fresh.bytes == 25 && fresh.last == 3)
        let none = tracker.stretch(of: [0, 1], from: 0, lane: lane, cursor: .max)
        #expect(none.end == 2 && none.fresh.records == 0)
        tracker.update(2) { $0.lane = LaneIndex(value: 9) }
        #expect(tracker.stretch(of: [0, 2, 3], from: 0, lane: lane, cursor: 0).end == 1)
    }

    @Test func tellsWhatWasHandedOverBefore() {
        var tracker = tracker()
        _ = arrive(records([10, 11, 12]), into: &tracker)
        tracker.update(1) { $0.wasDelivered = true }
        let handed = tracker.handOver([0, 1])
        #expect(handed.bytes == 21 && handed.redelivered == 1)
        #expect((0..<3).map { tracker[$0]?.phase } == [.outstanding, .outstanding, .waiting])
    }

    // MARK: Settling

    @Test func settlesARunOnceAndMovesOverWhatIsDone() {
        var tracker = tracker()
        _ = arrive(records([10, 11, 12, 13]), into: &tracker)
        var slots: [RecordSlot] = []
        let first = tracker.settle([1, 3], now: start, slots: &slots)
        #expect(first.records == 2 && first.bytes == 24)
        #expect(slots.map(\.value) == [11, 13])
        #expect(tracker.committable == 10 && tracker.settledAbove == 2)
        let second = tracker.settle([0, 1, 2, 3, 99], now: start, slots: &slots)
        #expect(second.records == 2 && second.bytes == 22)
        #expect(slots.map(\.value) == [11, 13, 10, 12])
        #expect(tracker.committable == 14 && tracker.settledAbove == 0)
        #expect(tracker.unsettled == 0 && tracker.unsettledBytes == 0 && tracker.version == 4)
        let third = tracker.settle([0], now: start, slots: &slots)
        #expect(third.records == 0)
    }

    @Test("Settled together or one by one, records lead to the same")
    func settlesTogetherWhatItSettlesSingly() {
        var random = SeededGenerator(seed: 21)
        for _ in 0..<100 {
            var (one, other) = (tracker(), tracker())
            let all = records(Array(10...29))
            _ = arrive(all, into: &one)
            _ = arrive(all, into: &other)
            for step in 0..<12 {
                let now = Instant(nanoseconds: Int64(step))
                let run = (0..<20).map { UInt64($0) }.filter { _ in random.next() % 5 == 0 }
                var slots: [RecordSlot] = []
                _ = one.settle(run, now: now, slots: &slots)
                for sequence in run { other.settle(sequence, now: now) }
                #expect(one.committable == other.committable && one.head == other.head)
                #expect(one.unsettled == other.unsettled && one.unsettledBytes == other.unsettledBytes)
                #expect(one.settledAbove == other.settledAbove && one.version == other.version)
                #expect(one.settledRuns == other.settledRuns && one.lastProgress == other.lastProgress)
            }
        }
    }
}
