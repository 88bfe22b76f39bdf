import Testing

@testable import DeliveryCore

@Suite struct OpenWorkersTests {
    @Test func looksAtEachWorkerOnceAtFirst() {
        var workers = OpenWorkers(workers: 70)
        var seen: [Int] = []
        while let next = workers.nextStale() { seen.append(next) }
        #expect(seen == Array(0..<70))
        #expect(workers.count == 0)
        #expect(workers.least == nil)
    }

    @Test(arguments: [1, 2, 3, 8, 64, 100])
    func findsTheOneThatALookAtAllOfThemFinds(count: Int) {
        var random = SeededGenerator(seed: testSeed(for: "OpenWorkersTests"))
        var workers = OpenWorkers(workers: count)
        var model = [Int?](repeating: nil, count: count)
        for _ in 0..<5_000 {
            let worker = Int(random.next() % UInt64(count))
            model[worker] = random.next() % 3 == 0 ? nil : Int(random.next() % 4)
            workers.set(worker, load: model[worker])
            let least = model.compactMap { $0 }.min()
            #expect(workers.least == least.flatMap { least in model.firstIndex { $0 == least } })
            #expect(workers.count == model.count { $0 != nil })
            #expect(workers.load(of: worker) == model[worker])
            #expect(workers.open.contains(worker) == (model[worker] != nil))
        }
    }

    @Test func aWorkerThatHasChangedIsLookedAtAgainOnce() {
        var workers = OpenWorkers(workers: 3)
        while let next = workers.nextStale() { workers.set(next, load: 0) }
        workers.changed(2)
        workers.changed(1)
        workers.changed(2)
        #expect(workers.isStale(2))
        #expect(workers.nextStale() == 1)
        #expect(workers.nextStale() == 2)
        #expect(workers.nextStale() == nil)
    }
}
