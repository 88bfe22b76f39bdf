import DeliveryCore
import Testing

@testable import Runtime

@Suite struct ReplayProgressTests {
    private let identity: UInt64 = 42

    /// What a later run finds of it.
    private func kept(_ progress: ReplayProgress) throws -> ReplayProgress {
        let metadata = progress.metadata(identity: identity)
        #expect(metadata.isComplete)
        return try ReplayProgress(base: progress.base, metadata: metadata.text, identity: identity)
    }

    @Test("Letters that are put back in order move the base and need no metadata")
    func inOrder() {
        var progress = ReplayProgress(base: 10)
        for offset in 10...12 { progress.insert(Int64(offset)...Int64(offset)) }
        #expect(progress.base == 13)
        #expect(progress.runs.isEmpty)
        #expect(progress.metadata(identity: identity).text == nil)
    }

    @Test("What was left out stays below what was put back, and is known as such to a later run")
    func leftOut() throws {
        var progress = ReplayProgress(base: 0)
        for offset in [0, 2, 3, 7] as [Int64] { progress.insert(offset...offset) }
        #expect(progress.base == 1)
        #expect(progress.runs == [2...3, 7...7])
        var later = try kept(progress)
        #expect(later == progress)
        #expect((0..<9).filter { later.contains(Int64($0)) } == [0, 2, 3, 7])
        later.insert(1...1)
        #expect(later.base == 4)
        #expect(later.runs == [7...7])
    }

    @Test("Any order of confirmations gives the same progress as a set of offsets does")
    func model() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("ReplayProgressTests.model: seed \(seed)")
        var random = SplitMix(state: seed)
        for _ in 0..<300 {
            let base = Int64.random(in: 0...3, using: &random)
            var progress = ReplayProgress(base: base)
            var model = Set(0..<base)
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                let lower = Int64.random(in: 0...40, using: &random)
                let run = lower...lower + Int64.random(in: 0...4, using: &random)
                progress.insert(run)
                model.formUnion(run)
            }
            let found = Set((0..<60).map { Int64($0) }.filter { progress.contains($0) })
            #expect(found == model)
            #expect(!model.contains(progress.base))
            #expect((0..<progress.base).allSatisfy { model.contains($0) })
            for (left, right) in zip(progress.runs, progress.runs.dropFirst()) {
                #expect(left.upperBound + 1 < right.lowerBound)
            }
            #expect(try kept(progress) == progress)
        }
    }

    @Test("Metadata of another topic, or of a base that somebody moved, is refused")
    func refused() throws {
        var progress = ReplayProgress(base: 0)
        progress.insert(5...6)
        let text = progress.metadata(identity: identity).text
        #expect(throws: CommitMetadataRefusal.otherIdentity) {
            try ReplayProgress(base: 0, metadata: text, identity: 43)
        }
        #expect(throws: CommitMetadataRefusal.otherBase(0)) {
            try ReplayProgress(base: 1, metadata: text, identity: identity)
        }
        #expect(throws: CommitMetadataRefusal.foreign) {
            try ReplayProgress(base: 0, metadata: Array("note".utf8), identity: identity)
        }
    }

    @Test(
        "There is room for a thousand letters with gaps between them; beyond, the record says that it is not complete")
    func room() {
        var progress = ReplayProgress(base: 0)
        for number in 1...1_000 { progress.insert(Int64(number * 3)...Int64(number * 3)) }
        #expect(progress.metadata(identity: identity).isComplete)
        for number in 1_001...1_500 { progress.insert(Int64(number * 3)...Int64(number * 3)) }
        let metadata = progress.metadata(identity: identity)
        #expect(!metadata.isComplete)
        #expect(metadata.text.map { $0.count <= 3_500 } == true)
    }
}

/// SplitMix64, so that a failure can be run again from its seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
