import Testing

@testable import DeliveryCore

@Suite struct RingTests {
    @Test func givesElementsBackInTheOrderOfTheirArrival() {
        var ring = Ring<Int>()
        for value in 0..<100 { ring.append(value) }
        var taken: [Int] = []
        while let next = ring.popFirst() { taken.append(next) }
        #expect(taken == Array(0..<100))
        #expect(ring.isEmpty)
    }

    @Test func keepsOrderAndDistancesWhileItWrapsAndGrows() {
        var ring = Ring<Int>()
        var model: [Int] = []
        var random = SeededGenerator(seed: 7)
        for value in 0..<5_000 {
            // Phases of growth and of decline, so that the head passes the end of the block in every state.
            let takes = random.next() % 100 < (value / 500 % 2 == 0 ? 40 : 60)
            if takes {
                let taken = ring.popFirst()
                #expect(taken == (model.isEmpty ? nil : model.removeFirst()))
            } else {
                ring.append(value)
                model.append(value)
            }
            #expect(ring.count == model.count)
            #expect(ring.first == model.first)
            let distance = Int(random.next() % 40)
            #expect(ring[distance] == (distance < model.count ? model[distance] : nil))
        }
    }

    @Test func takesOutOneElementAndKeepsTheOrderOfTheOthers() {
        var random = SeededGenerator(seed: 9)
        var ring = Ring<Int>()
        var model: [Int] = []
        for value in 0..<2_000 {
            switch random.next() % 4 {
            case 0...1:
                ring.append(value)
                model.append(value)
            case 2:
                // At times one that is not there.
                let wanted = Int(random.next() % UInt64(value + 1))
                ring.removeFirst { $0 >= wanted }
                if let place = model.firstIndex(where: { $0 >= wanted }) { model.remove(at: place) }
            default:
                ring.dropFirst()
                if !model.isEmpty { model.removeFirst() }
            }
            #expect((0..<ring.count).map { ring[$0] } == model)
        }
    }

    @Test func takesOutTheFirstOfSeveralThatFulfilTheCondition() {
        var ring = Ring<Int>()
        for value in [1, 2, 3, 2] { ring.append(value) }
        ring.removeFirst { $0 == 2 }
        #expect((0..<ring.count).map { ring[$0] } == [1, 3, 2])
    }

    @Test func letsGoOfAllElementsAndIsUsedAgain() {
        var ring = Ring<Int>()
        for value in 0..<20 { ring.append(value) }
        for _ in 0..<5 { ring.dropFirst() }
        ring.removeAll()
        #expect(ring.isEmpty && ring.first == nil && ring[0] == nil)
        ring.append(7)
        #expect(ring.count == 1 && ring.first == 7)
        ring.removeAll()
        ring.dropFirst()
        ring.removeFirst { _ in true }
        #expect(ring.isEmpty)
    }

    @Test func changesNothingBeyondItsEnds() {
        var ring = Ring<Int>()
        ring[0] = 5
        ring.update(0) { $0 = 6 }
        #expect(ring[0] == nil)
        ring.append(1)
        ring[1] = 5
        ring[-1] = 5
        ring.update(1) { $0 = 6 }
        #expect(ring[0] == 1)
        #expect(ring[1] == nil)
        #expect(ring[-1] == nil)
        ring.update(0) { $0 += 1 }
        #expect(ring[0] == 2)
        ring[0] = 9
        #expect(ring.first == 9)
    }
}
