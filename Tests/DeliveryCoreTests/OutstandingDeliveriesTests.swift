import Testing

@testable import DeliveryCore

@Suite struct OutstandingDeliveriesTests {
    @Test func aDeliveryIsFoundByItsIdUntilItIsRemoved() {
        var outstanding = OutstandingDeliveries()
        for id in UInt64(1)...100 { outstanding.append(DeliveryKey(Int(id) * 10), id: id) }
        #expect(outstanding[57] == DeliveryKey(570))
        #expect(outstanding[101] == nil)
        let first = outstanding.remove(57)
        let second = outstanding.remove(57)
        #expect(first)
        #expect(!second)
        #expect(outstanding[57] == nil)
        #expect(outstanding.count == 99)
        #expect(outstanding.ids == Array(1...56) + Array(58...100))
    }

    @Test func oneThatStaysCostsNothingForTheMillionsAfterIt() {
        var outstanding = OutstandingDeliveries()
        outstanding.append(DeliveryKey(7), id: 1)
        for id in UInt64(2)...100_000 {
            outstanding.append(DeliveryKey(8), id: id)
            let removed = outstanding.remove(id)
            if !removed { Issue.record("\(id) was not there") }
        }
        #expect(outstanding.count == 1)
        #expect(outstanding.places <= 66, "\(outstanding.places) places for one delivery")
        #expect(outstanding[1] == DeliveryKey(7))
        #expect(outstanding[99_999] == nil)
    }

    @Test("An id is found whether or not the ids before it are there", arguments: [UInt64(1), 40, 1_000])
    func findsWhatTheGuessMisses(start: UInt64) {
        var random = SeededGenerator(seed: start)
        var outstanding = OutstandingDeliveries()
        var model: [UInt64: Int] = [:]
        for id in start..<start + 400 {
            outstanding.append(DeliveryKey(Int(id) * 2), id: id)
            model[id] = Int(id) * 2
            // The oldest mostly, and any at times: holes and sweeps in every state.
            let ids = model.keys.sorted()
            let old = random.next() % 2 == 0 ? ids[0] : ids[Int(random.next() % UInt64(ids.count))]
            if random.next() % 8 > 0 {
                let removed = outstanding.remove(old)
                #expect(removed)
                model[old] = nil
            }
            #expect(outstanding.count == model.count)
            #expect(outstanding.lowest == model.keys.min())
            for probe in start - 1...id + 1 where outstanding[probe]?.value != model[probe] {
                Issue.record("\(probe): \(String(describing: outstanding[probe]))")
            }
            let removedUnknown = outstanding.remove(id + 1)
            #expect(!removedUnknown)
        }
    }

    @Test func whatIsSweptKeepsItsOrder() {
        var outstanding = OutstandingDeliveries()
        for id in UInt64(1)...1_000 { outstanding.append(DeliveryKey(Int(id)), id: id) }
        for id in UInt64(1)...1_000 where id % 10 != 0 { _ = outstanding.remove(id) }
        #expect(outstanding.ids == stride(from: UInt64(10), through: 1_000, by: 10).map { $0 })
        for id in outstanding.ids { #expect(outstanding[id] == DeliveryKey(Int(id))) }
    }
}
