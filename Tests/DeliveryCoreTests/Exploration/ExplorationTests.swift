import Testing

@testable import DeliveryCore

/// Seeded random runs of the machine between a broker and handlers that misbehave; each step is checked by the oracle.
@Suite struct ExplorationTests {
    @Test("The promises hold in a world that misbehaves at random", arguments: 0..<6)
    func holdsItsPromises(part: Int) {
        for seed in UInt64(part * 50)..<UInt64(part * 50 + 50) {
            guard World(seed: seed).run() != nil else { continue }
            let world = World(seed: seed, isTraced: true)
            let violation = world.run() ?? "it did not happen again: the run does not follow from its seed"
            Issue.record(
                """
                seed \(seed), \(world.policy.order), \(world.limits.workers) workers: \(violation)
                \(world.trace.suffix(60).joined(separator: "\n"))
                """)
            return
        }
    }
}
