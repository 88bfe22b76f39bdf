import Testing

@testable import DeliveryCore

@Suite struct SettledRunsTests {
    private func runs(_ list: ClosedRange<Int64>...) -> SettledRuns {
        var runs = SettledRuns()
        list.forEach { runs.append($0) }
        return runs
    }

    @Test func joinsRunsThatTouchOrOverlap() {
        #expect(runs(5...6, 7...9).runs == [5...9])
        #expect(runs(5...6, 8...9).runs == [5...6, 8...9])
        #expect(runs(5...9, 6...7).runs == [5...9])
        #expect(runs(5...7, 5...9).runs == [5...9])
        #expect(runs(5...7, 6...9, 10...10).runs == [5...10])
    }

    @Test("A run that begins before the last one is left out: its records are delivered again")
    func leavesOutWhatDescends() {
        #expect(runs(5...6, 3...9).runs == [5...6])
        #expect(runs(5...6, 1...2, 8...8).runs == [5...6, 8...8])
    }

    @Test func takesTheHighestAndTheLowestOffsets() {
        #expect(runs(Int64.min...0, Int64.max...Int64.max).runs == [Int64.min...0, Int64.max...Int64.max])
        #expect(runs(0...Int64.max, Int64.max...Int64.max).runs == [0...Int64.max])
        #expect(runs(Int64.min...Int64.min, Int64.min...5).runs == [Int64.min...5])
    }

    @Test func answersForAscendingOffsets() {
        var settled = runs(5...6, 9...9)
        let answers = (Int64(3)...11).map { settled.contains(advancingTo: $0) }
        #expect(answers == [false, false, true, true, false, false, true, false, false])
        #expect(settled.isEmpty)
    }

    @Test func dropsWhatWasPassed() {
        var settled = runs(5...6, 9...9, 20...22)
        let answer = settled.contains(advancingTo: 10)
        #expect(!answer)
        #expect(settled.runs == [20...22])
        #expect(settled == runs(20...22), "runs that were passed make no difference")
        #expect(settled != runs(20...21))
    }

    @Test func answersForTheSameOffsetTwice() {
        var settled = runs(5...6)
        let answers = [5, 5, 6].map { settled.contains(advancingTo: $0) }
        #expect(answers == [true, true, true])
    }

    @Test func takesMoreAfterEverythingWasPassed() {
        var settled = runs(5...6)
        let passed = settled.contains(advancingTo: 7)
        settled.append(7...8)
        let met = settled.contains(advancingTo: 8)
        #expect(!passed)
        #expect(met)
        #expect(settled.runs == [7...8])
    }

    @Test func appendsWhatOthersHaveLeft() {
        var later = runs(1...2, 8...9, 12...12)
        let passed = later.contains(advancingTo: 3)
        var settled = runs(5...7)
        settled.append(contentsOf: later)
        #expect(!passed)
        #expect(settled.runs == [5...9, 12...12])
    }

    @Test("A walk over random runs finds what a set finds")
    func agreesWithASet() {
        let seed = testSeed(for: "settled runs")
        var generator = SeededGenerator(seed: seed)
        for round in 0..<500 {
            var settled = SettledRuns()
            var set: Set<Int64> = []
            var at: Int64 = 0
            for _ in 0..<Int.random(in: 0...20, using: &generator) {
                let lower = at + .random(in: 0...5, using: &generator)
                let upper = lower + .random(in: 0...5, using: &generator)
                settled.append(lower...upper)
                set.formUnion(lower...upper)
                at = lower
            }
            #expect(settled.runs.map(\.count).reduce(0, +) == set.count, "seed \(seed), round \(round)")
            var offset: Int64 = 0
            while offset < 120 {
                let answer = settled.contains(advancingTo: offset)
                if answer != set.contains(offset) { Issue.record("seed \(seed), round \(round), offset \(offset)") }
                offset += .random(in: 0...3, using: &generator)
            }
        }
    }
}
