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
