import Testing

@testable import Kafka

@Suite struct TakeBoundTests {
    @Test func smallRecordsComeByTheThousand() {
        var bound = TakeBound()
        bound.note(records: 10, bytes: 1_000)
        #expect(bound.records > 1_000)
    }

    @Test func aTakeOfLargeRecordsBringsAboutAMebibyte() {
        var bound = TakeBound()
        bound.note(records: 10, bytes: 10 * 102_400)
        #expect(bound.records == 10)
        bound.note(records: 1, bytes: 5 << 20)
        #expect(bound.records == 1)
    }

    @Test func theFirstTakeIsSmallAsNothingIsKnown() { #expect(TakeBound().records == 64) }

    @Test func theBoundFollowsWhenRecordsGetSmallerAgain() {
        var bound = TakeBound()
        bound.note(records: 1, bytes: 1 << 20)
        for _ in 0..<60 { bound.note(records: 10, bytes: 1_000) }
        #expect(bound.records > 1_000)
    }

    @Test func recordsWithoutAValueAndEmptyTakesDoNotDivideByZero() {
        var bound = TakeBound()
        bound.note(records: 0, bytes: 0)
        #expect(bound == TakeBound())
        bound.note(records: 5, bytes: 0)
        #expect(bound.records > 1_000)
    }
}
