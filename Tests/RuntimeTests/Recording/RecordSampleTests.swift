import Testing

@testable import Runtime

@Suite struct RecordSampleTests {
    private func taken(_ fraction: Double, _ topic: String, of count: Int64) -> [Int64] {
        let sample = RecordSample(fraction: fraction)
        let seed = RecordSample.seed(topic: topic, partition: 3)
        return (0..<count).filter { sample.takes(seed, offset: $0) }
    }

    @Test("the whole takes everything in; a part about that part, of each topic another one")
    func parts() {
        #expect(taken(1, "t", of: 1_000).count == 1_000)
        for fraction in [0.5, 0.1, 0.01] {
            let count = Double(taken(fraction, "t", of: 100_000).count)
            #expect(abs(count - fraction * 100_000) < 5 * (fraction * 100_000).squareRoot(), "\(fraction): \(count)")
        }
        #expect(taken(0.1, "t", of: 1_000) != taken(0.1, "u", of: 1_000))
        #expect(taken(1e-18, "t", of: 1_000).isEmpty)
    }

    @Test("a smaller sample is a part of a larger one, and every process takes the same")
    func stability() {
        #expect(Set(taken(0.1, "t", of: 10_000)).isSubset(of: taken(0.3, "t", of: 10_000)))
        #expect(taken(0.1, "t", of: 60) == taken(0.1, "t", of: 60))
        // What another version would have to take as well.
        #expect(RecordSample.seed(topic: "orders", partition: 0) != RecordSample.seed(topic: "orders", partition: 1))
    }
}
