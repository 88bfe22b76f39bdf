import Testing

@testable import DeliveryCore

@Suite struct PartitionTrackerTests {
    private let start = Instant(nanoseconds: 0)

    private func tracker(from position: Int64 = 10, end: Int64? = nil) -> PartitionTracker {
        PartitionTracker(epoch: 1, position: position, end: end, now: start)
    }

    @Test func commitsUpToTheLowestUnsettledOffsetOnly() {
        var tracker = tracker()
        tracker.take([10, 11, 12, 13])
        tracker.settle(1, now: start)
        tracker.settle(3, now: start)
        #expect(tracker.committable == 10)
        tracker.settle(0, now: start)
        #expect(tracker.committable == 12)
        tracker.settle(2, now: start)
        #expect(tracker.committable == 14)
        #expect(tracker.unsettled == 0)
        #expect(tracker.unsettledBytes == 0)
    }

    @Test func passesGapsInTheOffsets() {
        var tracker = tracker()
        tracker.take([12, 20, 31])
        #expect(tracker.committable == 10)
        tracker.settle(0, now: start)
        #expect(tracker.committable == 20)
        tracker.settle(2, now: start)
        #expect(tracker.committable == 20)
        tracker.settle(1, now: start)
        #expect(tracker.committable == 32)
    }

    @Test func refusesWhatItHasSeen() {
        var tracker = tracker()
        let early = tracker.take([9, 10, 10])
        #expect(early == [false, true, false])
        tracker.settle(0, now: start)
        let late = tracker.take([10, 15, 12])
        #expect(late == [false, true, false])
        #expect(tracker.unsettled == 1)
    }

    @Test func settlesARecordOnce() {
        var tracker = tracker()
        tracker.take([10, 11])
        tracker.settle(1, now: start)
        tracker.settle(1, now: start)
        #expect(tracker.unsettled == 1)
        #expect(tracker.unsettledBytes == 10)
        tracker.settle(0, now: start)
        tracker.settle(0, now: start)
        tracker.settle(99, now: start)
        #expect(tracker.unsettled == 0)
        #expect(tracker.unsettledBytes == 0)
    }

    @Test func passesControlRecordsAtTheEndOnceNothingIsUnsettled() {
        var tracker = tracker()
        tracker.take([10])
        tracker.reachEnd(at: 15)
        #expect(tracker.committable == 10)
        tracker.settle(0, now: start)
        #expect(tracker.committable == 15)
        tracker.reachEnd(at: 17)
        #expect(tracker.committable == 17)
        tracker.reachEnd(at: 12)
        #expect(tracker.committable == 17)
    }

    @Test func takesNothingFromTheEndAtAssignmentOn() {
        var tracker = tracker(end: 12)
        #expect(!tracker.isFinished)
        let taken = tracker.take([10, 12])
        #expect(taken == [true, false])
        #expect(tracker.reachedEnd)
        #expect(!tracker.isFinished)
        tracker.settle(0, now: start)
        #expect(tracker.isFinished)
        #expect(tracker.committable == 11, "the record behind the end is not handled, nor is what was never seen")
    }

    @Test("The end that Kafka reports may lie behind the end at assignment: what is between is not ours to commit")
    func doesNotPassItsEnd() {
        var tracker = tracker(end: 12)
        tracker.take([10, 12, 13])
        tracker.settle(0, now: start)
        tracker.reachEnd(at: 14)
        #expect(tracker.committable == 12)
        #expect(tracker.isFinished)
    }

    @Test func passesNothingOnceItIsClosed() {
        var tracker = tracker()
        tracker.take([10])
        tracker.close()
        let taken = tracker.take([11])
        tracker.reachEnd(at: 12)
        tracker.settle(0, now: start)
        #expect(taken == [false])
        #expect(tracker.committable == 11)
    }

    @Test func isFinishedAtOnceWhereThereIsNothingToRead() {
        #expect(tracker(from: 10, end: 10).isFinished)
        #expect(tracker(from: 11, end: 10).isFinished)
        #expect(!tracker(from: 9, end: 10).isFinished)
        #expect(!tracker(from: 9, end: nil).isFinished)
    }

    @Test func tellsWhatIsSettledAboveTheCommittableOffset() {
        var tracker = tracker()
        tracker.take([10, 11, 12, 13, 17, 18, 19])
        #expect(tracker.settledRuns.isEmpty)
        for sequence in [UInt64(1), 2, 4, 6] { tracker.settle(sequence, now: start) }
        #expect(tracker.settledRuns.runs == [11...12, 17...17, 19...19])
        #expect(tracker.settledAbove == 4)
        tracker.settle(0, now: start)
        #expect(tracker.committable == 13)
        #expect(tracker.settledRuns.runs == [17...17, 19...19])
        tracker.settle(3, now: start)
        #expect(tracker.committable == 18)
        #expect(tracker.settledRuns.runs == [19...19])
        #expect(tracker.settledAbove == 1)
    }

    @Test("What is filtered out is passed, and is no news of its own in the metadata")
    func passesWhatIsFilteredOut() {
        var tracker = tracker()
        tracker.pass(record(10), isFiltered: true, now: start)
        #expect(tracker.committable == 11)
        tracker.take([11, 12])
        tracker.pass(record(13), isFiltered: true, now: start)
        #expect(tracker.committable == 11)
        #expect(tracker.settledRuns.isEmpty)
        tracker.take([14])
        tracker.settle(1, now: start)
        tracker.settle(3, now: start)
        #expect(tracker.settledRuns.runs == [12...14])
        #expect(tracker.keptDone == 3, "11 is not settled")
        tracker.settle(0, now: start)
        #expect(tracker.committable == 15)
        #expect(tracker.keptDone == 0)
        #expect(tracker.settledAbove == 0)
    }

    @Test("What was settled before the assignment is passed when it comes, and is committed on until it has")
    func carriesOnWhatWasSettledBefore() {
        var before = SettledRuns()
        before.append(12...13)
        before.append(20...29)
        var tracker = PartitionTracker(epoch: 1, position: 10, end: nil, settled: before, now: start)
        var told: [Bool] = []
        for offset in [Int64(10), 11, 12, 13, 14] {
            let wasSettled = tracker.wasSettledBefore(offset)
            told.append(wasSettled)
            if wasSettled {
                tracker.pass(record(offset), isFiltered: false, now: start)
            } else {
                tracker.take([offset])
            }
        }
        #expect(told == [false, false, true, true, false])
        #expect(tracker.settledRuns.runs == [12...13, 20...29])
        tracker.settle(0, now: start)
        tracker.settle(1, now: start)
        #expect(tracker.committable == 14)
        #expect(tracker.settledRuns.runs == [20...29])
    }

    @Test("What the log had lost is passed with the offset, and never called settled on its own")
    func callsNothingSettledThatItJumpedOver() {
        var tracker = tracker()
        tracker.take([10, 11, 12])
        tracker.settle(1, now: start)
        tracker.settle(2, now: start)
        tracker.jump(to: 50)
        tracker.take([50, 51])
        tracker.settle(3, now: start)
        tracker.settle(4, now: start)
        #expect(tracker.settledRuns.runs == [11...12, 50...51])
        tracker.settle(0, now: start)
        #expect(tracker.committable == 52)
    }

    @Test func growsItsVersionWithEachRecordThatIsSettledOutOfTurn() {
        var tracker = tracker()
        tracker.take([10, 11, 12])
        let before = tracker.version
        tracker.settle(2, now: start)
        #expect(tracker.version > before)
    }

    @Test func saysWhenItLastMadeProgress() {
        var tracker = tracker()
        let later = Instant(nanoseconds: 5)
        tracker.take([10], now: later)
        #expect(tracker.lastProgress == later)
        tracker.take([11], now: Instant(nanoseconds: 6))
        #expect(tracker.lastProgress == later, "an arrival behind others is no progress")
        tracker.settle(1, now: Instant(nanoseconds: 9))
        #expect(tracker.lastProgress == Instant(nanoseconds: 9))
    }
}

/// A record of 10 bytes.
private func record(_ offset: Int64) -> Record {
    Record(partition: PartitionIndex(0), offset: offset, size: 10, slot: RecordSlot(Int32(offset)))
}

extension PartitionTracker {
    /// Lets records arrive; which of them were taken.
    @discardableResult
    fileprivate mutating func take(_ offsets: [Int64], now: Instant = Instant(nanoseconds: 0)) -> [Bool] {
        offsets.map { offset in
            guard wants(offset) else { return false }
            _ = arrive(record(offset), lane: LaneIndex(value: 0), now: now)
            return true
        }
    }
}
