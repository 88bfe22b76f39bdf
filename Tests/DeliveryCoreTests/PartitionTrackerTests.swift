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

    @Test func rewindsToARecordAndDeliversFromThereAgain() {
        var tracker = tracker()
        tracker.take([10, 11, 12, 13, 14])
        #expect(tracker.waiting == 5)
        #expect(tracker.waitingBytes == 50)
        for sequence in UInt64(0)...3 { tracker.dispatch(sequence) }
        #expect(tracker.waiting == 1)
        #expect(tracker.waitingBytes == 10)
        tracker.settle(0, now: start)
        tracker.rewind(to: 1)
        #expect(tracker.cursor == 1)
        #expect(tracker.waiting == 4)
        #expect(tracker.waitingBytes == 40)
        #expect(tracker[1]?.phase == .waiting)
        tracker.rewind(to: 0)
        #expect(tracker.cursor == 1, "what is settled is never delivered again")
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

extension PartitionTracker {
    /// Lets records of 10 bytes arrive; which of them were taken.
    @discardableResult
    fileprivate mutating func take(_ offsets: [Int64], now: Instant = Instant(nanoseconds: 0)) -> [Bool] {
        offsets.map { offset in
            let slot = RecordSlot(Int32(offset))
            return arrive(Record(partition: PartitionIndex(0), offset: offset, size: 10, slot: slot), now: now)
        }
    }
}
