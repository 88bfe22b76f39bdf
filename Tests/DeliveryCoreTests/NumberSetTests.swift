import Testing

@testable import DeliveryCore

@Suite struct NumberSetTests {
    @Test(arguments: [1, 63, 64, 65, 200])
    func findsWhatASetOfTheStandardLibraryFinds(bound: Int) {
        var random = SeededGenerator(seed: testSeed(for: "NumberSetTests"))
        var (set, other) = (NumberSet(below: bound), NumberSet(below: bound))
        var (model, otherModel) = (Set<Int>(), Set<Int>())
        for _ in 0..<2_000 {
            let number = Int(random.next() % UInt64(bound))
            switch random.next() % 5 {
            case 0, 1:
                set.insert(number)
                model.insert(number)
            case 2:
                set.remove(number)
                model.remove(number)
            case 3:
                other.insert(number)
                otherModel.insert(number)
            default:
                other.remove(number)
                otherModel.remove(number)
            }
            #expect(set.contains(number) == model.contains(number))
            #expect(set.isEmpty == model.isEmpty)
            #expect(set.first(from: number) == model.filter { $0 >= number }.min())
            #expect(set.first(from: bound) == nil)
            #expect(set.first(alsoIn: other) == model.intersection(otherModel).min())
        }
        var taken: [Int] = []
        while let number = set.popFirst() { taken.append(number) }
        #expect(taken == model.sorted())
    }
}
