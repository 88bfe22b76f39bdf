import Foundation
import Testing

/// A daemon that stands still for longer than its session: the group goes on without it.
@Suite("Trial: a session times out while records flow")
struct TrialSessionTests {
    @Test(
        "An instance that slept through its session commits nothing of what it had, and joins again",
        .timeLimit(.minutes(30)), arguments: ["cooperative-sticky", "range"])
    func sleeper(strategy: String) async throws {
        try await Slots.shared.run(weight: 2) {
            let trial = try await Trial(partitions: 4, each: 3_000, pace: 0.01)
            let options = ["-X", "partition.assignment.strategy=\(strategy)", "--commit-interval", "200ms"]
            let one = try trial.start("one", options)
            let two = try trial.start("two", options)
            for member in [one, two] { try await trial.waitForWork(of: member) }
            try await trial.waitForCommits()

            one.process.signal(SIGSTOP)
            defer { one.process.signal(SIGCONT) }
            trial.log.read()
            let asleep = trial.log.begun[one.name] ?? 0
            try await trial.waitForProgress(records: 100)
            try await trial.waitForCommits()
            trial.log.read()
            // What lay in the handler's pipe, no more: one delivery of each of its partitions.
            #expect((trial.log.begun[one.name] ?? 0) - asleep <= 4)
            let before = try await trial.committed()

            one.process.signal(SIGCONT)
            try await one.process.waitForLog("lost=true")
            var last = before
            for _ in 1...20 {
                let now = try await trial.committed()
                #expect(zip(last, now).allSatisfy { $0 <= $1 }, "a commit went back from \(last) to \(now)")
                last = now
            }
            try await trial.waitForWork(of: one)
            trial.requireFlow()
            let duplicates = try await trial.finish(mayOverlap: true)
            print("a session of \(strategy) timed out: \(duplicates) executions repeated")
        }
    }
}
