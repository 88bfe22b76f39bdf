import Foundation
import Testing

@Suite("Trial: an instance is killed while another goes on")
struct TrialKillTests {
    /// Not among the slots: nearly all of it is waiting for groups.
    @Test(
        "kill -9 of instance 1 of 2 within 2 s of its first record, 20 times in five groups: no record is lost",
        .timeLimit(.minutes(30)))
    func killingAnInstanceLosesNothing() async throws {
        var random = TestRandom()
        let trials = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...5 {
                let moments = (1...4).map { _ in Int.random(in: 0...2_000, using: &random) }
                group.addTask { try await killFourTimes("group \(number)", after: moments) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        print("20 kills of an instance: \(trials.reduce(0, +)) executions repeated, by group \(trials.sorted())")
    }

    /// Kills the instance `milliseconds` after the first record of each life; answers the executions repeated.
    private func killFourTimes(_ name: String, after moments: [Int]) async throws -> Int {
        let trial = try await Trial(each: 2_500, pace: 0.02)
        _ = try trial.start("two")
        for milliseconds in moments {
            let victim = try trial.start("one")
            try await trial.waitForWork(of: victim, records: 2)
            try await Task.sleep(for: .milliseconds(milliseconds))
            trial.requireFlow()
            victim.process.killNow()
            #expect(try await victim.process.waitForExit() == -SIGKILL, "\(name): \(victim.process.logTail)")
        }
        let last = try trial.start("one")
        try await trial.waitForWork(of: last)
        trial.requireFlow()
        return try await trial.finish()
    }
}
