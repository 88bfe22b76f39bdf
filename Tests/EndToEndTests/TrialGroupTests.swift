import Foundation
import Testing

/// Instances that join and leave while records flow. The mock cluster refuses commits while a group rebalances: in the eager
/// strategy what was settled since the last commit is repeated by the next owner.
@Suite("Trial: instances join and leave while records flow")
struct TrialGroupTests {
    static let strategies = ["cooperative-sticky", "range"]

    @Test(
        "Two instances: one joins, the first leaves and comes back; no partition is at both", .timeLimit(.minutes(30)),
        arguments: strategies)
    func two(strategy: String) async throws {
        try await Slots.shared.run(weight: 2) {
            var random = TestRandom("two(\(strategy))")
            let trial = try await Trial(partitions: 6, each: 1_500, pace: 0.01)
            let options = ["-X", "partition.assignment.strategy=\(strategy)"]
            let one = try trial.start("one", options)
            try await trial.waitForWork(of: one)
            let two = try trial.start("two", options)
            try await trial.waitForWork(of: two)
            try await random.pause(milliseconds: 0...1_000)
            try await leave(one)
            let again = try trial.start("one", options)
            try await trial.waitForWork(of: again)
            trial.requireFlow()
            report("two instances, \(strategy)", try await trial.finish())
        }
    }

    @Test(
        "Four instances come one by one and two go: no partition is at two of them", .timeLimit(.minutes(30)),
        arguments: strategies)
    func four(strategy: String) async throws {
        try await Slots.shared.run(weight: 2) {
            var random = TestRandom("four(\(strategy))")
            let trial = try await Trial(partitions: 8, each: 1_500, pace: 0.02)
            let options = ["-X", "partition.assignment.strategy=\(strategy)"]
            var members = [try trial.start("one", options)]
            try await trial.waitForWork(of: members[0])
            for name in ["two", "three", "four"] {
                try await random.pause(milliseconds: 0...1_500)
                members.append(try trial.start(name, options))
            }
            for member in members { try await trial.waitForWork(of: member) }
            members.shuffle(using: &random)
            try await leave(members[0])
            try await random.pause(milliseconds: 0...1_000)
            try await leave(members[1])
            try await trial.waitForProgress()
            trial.requireFlow()
            report("four instances, \(strategy)", try await trial.finish())
        }
    }

    /// librdkafka before 2.10 gives all partitions up as lost when a commit meets a join (its issue 4059).
    @Test("A second instance joins: the first loses nothing, and nothing is repeated", .timeLimit(.minutes(30)))
    func aJoinRepeatsNothing() async throws {
        try await Slots.shared.run {
            let trial = try await Trial(partitions: 6, each: 1_500, pace: 0.01)
            let one = try trial.start("one", ["-X", "heartbeat.interval.ms=500", "--commit-interval", "200ms"])
            try await trial.waitForWork(of: one, records: 50)
            let two = try trial.start("two", ["-X", "heartbeat.interval.ms=500"])
            try await trial.waitForWork(of: two, records: 50)
            trial.requireFlow()
            #expect(!one.process.log.contains("lost=true"), "\(one.process.logTail)")
            let repeated = try await trial.finish()
            // A broker that is slow to see the join through refuses even the commit of what is being given up.
            let wasRefused = one.process.log.contains(/commit failed.*REBALANCE_IN_PROGRESS/)
            #expect(repeated == 0 || wasRefused, "\(repeated) repeated: \(trial.seen)\n\(one.process.logTail)")
        }
    }

    /// While the group rebalances the last commit may be refused; then the exit code and the last line say so.
    private func leave(_ instance: Trial.Instance) async throws {
        instance.process.signal(SIGTERM)
        let code = try await instance.process.waitForExit()
        let wasRefused = instance.process.log.contains(
            /the last offsets could not be committed: .*(REBALANCE_IN_PROGRESS|ILLEGAL_GENERATION)/)
        #expect(code == (wasRefused ? 75 : 0), "\(instance.process.logTail)")
    }

    private func report(_ what: String, _ duplicates: Int) { print("\(what): \(duplicates) executions repeated") }
}
