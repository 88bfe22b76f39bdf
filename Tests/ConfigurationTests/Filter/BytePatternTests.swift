import Testing

@testable import Configuration

@Suite struct BytePatternTests {
    /// The plain search.
    private func occurs(_ pattern: [UInt8], in text: [UInt8]) -> Bool {
        if pattern.isEmpty { return true }
        return text.indices.contains { text[$0...].starts(with: pattern) }
    }

    @Test func findsWhatAPlainSearchFinds() {
        let seed = SeededGenerator.seed(for: "byte pattern")
        var generator = SeededGenerator(state: seed)
        var found = 0
        for round in 0..<20_000 {
            // Few letters, so that beginnings of the pattern come again within it.
            let letters: ClosedRange<UInt8> = 0...UInt8.random(in: 0...2, using: &generator)
            func word(_ most: Int, _ generator: inout SeededGenerator) -> [UInt8] {
                (0..<Int.random(in: 0...most, using: &generator)).map { _ in .random(in: letters, using: &generator) }
            }
            let pattern = word(6, &generator)
            let text = word(20, &generator)
            let answer = BytePattern(pattern).occurs(in: text.span)
            if answer { found += 1 }
            if answer != occurs(pattern, in: text) {
                Issue.record("seed \(seed), round \(round): \(pattern) in \(text): \(answer)")
            }
        }
        #expect((2_000..<18_000).contains(found))
    }

    @Test("A text made to be slow is searched in linear time: a plain search would make 800 million comparisons")
    func isLinear() {
        let pattern = BytePattern(Array(repeating: 0x61, count: 4_000) + [0x62])
        let text = Array(repeating: UInt8(0x61), count: 200_000)
        let clock = ContinuousClock()
        var isFound = true
        let time = clock.measure { isFound = pattern.occurs(in: text.span) }
        #expect(!isFound)
        #expect(time < .seconds(5))
    }
}
