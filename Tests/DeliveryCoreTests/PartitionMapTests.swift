import Testing

@testable import DeliveryCore

@Suite struct PartitionMapTests {
    @Test func countsAndListsWhatItHolds() {
        var map = PartitionMap<String>()
        #expect(map.isEmpty)
        map[PartitionIndex(5)] = "five"
        map[PartitionIndex(1)] = "one"
        map[PartitionIndex(1)] = "uno"
        #expect(map.count == 2)
        #expect(map.partitions == [PartitionIndex(1), PartitionIndex(5)])
        #expect(map[PartitionIndex(1)] == "uno")
        #expect(map[PartitionIndex(2)] == nil)
        #expect(map[PartitionIndex(99)] == nil)
        #expect(map.contains { $1 == "five" })
        let removed = map.remove(PartitionIndex(5))
        let again = map.remove(PartitionIndex(5))
        #expect(removed == "five")
        #expect(again == nil)
        #expect(map.count == 1)
        #expect(!map.contains { $1 == "five" })
    }

    @Test func countsAValueThatIsChangedInPlaceOnce() {
        var map = PartitionMap<[Int]>()
        map[PartitionIndex(0)] = []
        map[PartitionIndex(0)]?.append(1)
        map[PartitionIndex(3)]?.append(1)
        #expect(map.count == 1)
        #expect(map[PartitionIndex(0)] == [1])
        map[PartitionIndex(0)] = nil
        #expect(map.isEmpty)
    }
}
