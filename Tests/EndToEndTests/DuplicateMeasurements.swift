import Foundation
import Kafka
import KafkaTestSupport
import Testing

/// How often each failure happens; nil where nothing is to be measured.
private let measuredRuns = ProcessInfo.processInfo.environment["ACKPIPE_MEASURE_DUPLICATES"].flatMap { Int($0) }

/// Measures what docs/duplicates.md tells; `scripts/measure-duplicates` runs it. No part of the tests: figures are no verdict.
///
/// The load is the same everywhere: 4 partitions and 5 ms a record. One instance has two workers, each of two or three
/// instances one, so that nearly 400 records a second are handled; `--commit-interval` is at its default of 1 s.
@Suite(
    "Duplicates after failures, measured", .serialized,
    .enabled(if: measuredRuns != nil, "run by scripts/measure-duplicates"))
struct DuplicateMeasurements {
    /// Makes the trouble; answers the instance that is at work afterwards, with the options of the one before.
    private typealias Failure = @Sendable (Trial, Trial.Instance, [String]) async throws -> Trial.Instance

    private var runs: Int { measuredRuns ?? 0 }

    @Test("One instance: workers, the daemon, commits, the broker", .embeddedBroker("steers it"))
    func oneInstance() async throws {
        let steps: [(String, [String], Failure)] = [
            ("handler killed (`kill -9`), message mode", [], killHandler),
            ("handler killed (`kill -9`), batches of 100", ["--mode", "batch"], killHandler),
            (
                "handler times out (`--ack-timeout 1s`), message mode",
                ["--ack-timeout", "1s", "--cancel-grace", "500ms"], hangHandler
            ),
            ("daemon killed (`kill -9`), message mode", [], killDaemon),
            ("daemon killed (`kill -9`), `--commit-interval 100ms`", ["--commit-interval", "100ms"], killDaemon),
            ("restart by `SIGTERM`, nobody else in the group", [], restartDaemon),
            ("commits fail for 2 s (`NOT_COORDINATOR`)", [], failCommits),
            ("broker away for 2 s", ["-X", "reconnect.backoff.max.ms=200"], stopBroker),
            ("broker away for longer than the session (8 s)", ["-X", "reconnect.backoff.max.ms=200"], stopBrokerLong),
            ("commit refused with `ILLEGAL_GENERATION`", [], expel),
        ]
        for (kind, options, failure) in steps {
            try await measure(kind) { try await self.oneInstance(kind, options, failure) }
        }
    }

    @Test("Two instances: joins, rolling restarts, sessions that time out")
    func twoInstances() async throws {
        for strategy in ["cooperative-sticky", "range"] {
            let options = ["-X", "partition.assignment.strategy=\(strategy)"]
            try await measure("rebalance: a second instance joins, `\(strategy)`") { try await self.join(options) }
            try await measure("rolling restart: one of two by `SIGTERM`, `\(strategy)`") {
                try await self.restart(options)
            }
        }
        try await measure("one of two killed (`kill -9`) and started again") { try await self.kill() }
        try await measure("session timed out: one of two stopped for 10 s") { try await self.sleep() }
    }

    private func measure(_ kind: String, _ one: @escaping @Sendable () async throws -> [Int]) async throws {
        guard isWanted(kind) else { return }
        print("ROW \(merge(kind, try await parallel(one)).row)")
    }

    // MARK: One instance

    private func oneInstance(
        _ kind: String, _ options: [String], _ failure: Failure
    ) async throws -> [Int] {
        let trial = try await Trial(each: 5_000)
        var instance = try trial.start("one", ["--workers", "2"] + options)
        try await trial.waitForWork(of: instance, records: 100)
        var count = DuplicateCount(kind)
        for _ in 0..<2 {
            try await trial.waitForCommits()
            var next = instance
            try await count.measure(trial) { next = try await failure(trial, instance, options) }
            instance = next
        }
        try await trial.finish(mayOverlap: true)
        return count.runs
    }

    private func killHandler(_ trial: Trial, _ one: Trial.Instance, _ options: [String]) async throws -> Trial.Instance
    {
        try await randomMoment()
        let victim = try #require(one.process.workerPids.randomElement())
        Foundation.kill(victim, SIGKILL)
        return one
    }

    private func hangHandler(_ trial: Trial, _ one: Trial.Instance, _ options: [String]) async throws -> Trial.Instance
    {
        let before = one.process.log.components(separatedBy: "worker is replaced").count
        try trial.scratch.write("hang", "")
        try await eventually("the worker is replaced", seen: { trial.seen }) {
            one.process.log.components(separatedBy: "worker is replaced").count > before ? () : nil
        }
        return one
    }

    private func killDaemon(_ trial: Trial, _ one: Trial.Instance, _ options: [String]) async throws -> Trial.Instance {
        try await randomMoment()
        one.process.killNow()
        _ = try await one.process.waitForExit()
        return try trial.start("one", ["--workers", "2"] + options)
    }

    private func restartDaemon(_ trial: Trial, _ one: Trial.Instance, _ options: [String]) async throws
        -> Trial.Instance
    {
        try await randomMoment()
        one.process.signal(SIGTERM)
        #expect(try await one.process.waitForExit() == 0)
        return try trial.start("one", ["--workers", "2"] + options)
    }

    private func failCommits(_ trial: Trial, _ one: Trial.Instance, _ options: [String]) async throws -> Trial.Instance
    {
        try trial.cluster.broker.pushErrors(api: 8, Array(repeating: 16, count: 50))
        try await Task.sleep(for: .seconds(2))
        try trial.cluster.broker.clearErrors(api: 8)
        try await trial.waitForCommits()
        return one
    }

    private func stopBroker(_ trial: Trial, _ one: Trial.Instance, _ options: [String]) async throws -> Trial.Instance {
        try await stopBroker(trial, one, seconds: 2)
    }

    private func stopBrokerLong(_ trial: Trial, _ one: Trial.Instance, _ options: [String]) async throws
        -> Trial.Instance
    {
        try await stopBroker(trial, one, seconds: 8)
    }

    private func stopBroker(_ trial: Trial, _ one: Trial.Instance, seconds: Int) async throws -> Trial.Instance {
        try trial.cluster.broker.setDown(broker: 1)
        try await Task.sleep(for: .seconds(seconds))
        try trial.cluster.broker.setUp(broker: 1)
        try await trial.waitForCommits(within: 60)
        return one
    }

    private func expel(_ trial: Trial, _ one: Trial.Instance, _ options: [String]) async throws -> Trial.Instance {
        try trial.cluster.broker.pushErrors(api: 8, [22])
        try await one.process.waitForLog("lost=true")
        return one
    }

    // MARK: Two instances

    private func join(_ options: [String]) async throws -> [Int] {
        let trial = try await Trial(each: 5_000)
        let one = try trial.start("one", options)
        try await trial.waitForWork(of: one, records: 100)
        var count = DuplicateCount("")
        for name in ["two", "three"] {
            try await trial.waitForCommits(within: 60)
            try await count.measure(trial) {
                try await trial.waitForWork(of: try trial.start(name, options), within: 90)
            }
        }
        try await trial.finish(mayOverlap: true)
        return count.runs
    }

    private func pair(_ options: [String]) async throws -> (Trial, Trial.Instance, Trial.Instance) {
        let trial = try await Trial(each: 5_000)
        let one = try trial.start("one", options)
        let two = try trial.start("two", options)
        for member in [one, two] { try await trial.waitForWork(of: member, records: 10, within: 90) }
        try await trial.waitForCommits(within: 60)
        return (trial, one, two)
    }

    private func restart(_ options: [String]) async throws -> [Int] {
        let (trial, one, _) = try await pair(options)
        var count = DuplicateCount("")
        try await count.measure(trial) {
            one.process.signal(SIGTERM)
            _ = try await one.process.waitForExit()
            try await trial.waitForWork(of: try trial.start("one", options), within: 90)
        }
        try await trial.finish(mayOverlap: true)
        return count.runs
    }

    private func kill() async throws -> [Int] {
        let (trial, one, _) = try await pair([])
        var count = DuplicateCount("")
        try await count.measure(trial) {
            try await randomMoment()
            one.process.killNow()
            try await trial.waitForWork(of: try trial.start("one"), within: 90)
        }
        try await trial.finish(mayOverlap: true)
        return count.runs
    }

    private func sleep() async throws -> [Int] {
        let (trial, one, _) = try await pair([])
        var count = DuplicateCount("")
        try await count.measure(trial) {
            one.process.signal(SIGSTOP)
            try await Task.sleep(for: .seconds(10))
            one.process.signal(SIGCONT)
            try await trial.waitForWork(of: one, records: 10, within: 90)
        }
        try await trial.finish(mayOverlap: true)
        return count.runs
    }

    // MARK: Together

    /// Three trials at a time, until there are enough runs.
    private func parallel(_ one: @escaping @Sendable () async throws -> [Int]) async throws -> [Int] {
        var counts: [Int] = []
        while counts.count < runs {
            counts += try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<3 { group.addTask { try await one() } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        }
        return Array(counts.prefix(runs))
    }

    private func isWanted(_ kind: String) -> Bool {
        guard let part = ProcessInfo.processInfo.environment["ACKPIPE_MEASURE_KIND"] else { return true }
        return kind.contains(part)
    }

    private func merge(_ kind: String, _ counts: [Int]) -> DuplicateCount {
        var count = DuplicateCount(kind)
        for duplicates in counts { count.add(duplicates) }
        return count
    }

    private func randomMoment() async throws {
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...1_000)))
    }
}
