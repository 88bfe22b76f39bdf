/// One run of the delivery core between a cluster, daemons and handlers that misbehave as a seed tells.
package struct Simulation {
    /// How a run ended.
    package struct Outcome: Sendable {
        /// The first promise that was broken, in words; nil where all of them were kept.
        package let violation: String?
        /// Everything that happened, as a number: two runs of one seed have the same.
        package let hash: UInt64
        /// Events and turns.
        package let steps: Int
        /// What happened, the last of it; empty where it was not asked for.
        package let trace: [String]
    }

    /// Plays the run that belongs to the seed, on the calling thread; `isTraced` keeps its story, which takes time.
    package static func run(seed: UInt64, isTraced: Bool = false) -> Outcome {
        let world = World(seed: seed, isTraced: isTraced)
        world.run()
        return Outcome(
            violation: world.violation, hash: world.trace.hash, steps: world.steps, trace: world.trace.lines)
    }
}
