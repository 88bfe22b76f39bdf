import Foundation
import Kafka
import Testing

/// One or several instances of ackpipe in one group, on a topic that is full of records, while the test makes trouble.
///
/// Each record takes `pace` seconds until `finish` lets the rest go fast.
final class Trial: @unchecked Sendable {
    /// A running daemon; each start of a name is a new life.
    struct Instance {
        let name: String
        let process: AckpipeProcess
    }

    let scratch: Scratch
    let cluster: Cluster
    let log: ExecutionLog
    let partitions: Int
    let each: Int
    private let pace: Double
    private let environment: [String: String]
    private var lives: [String: Int] = [:]
    private var instances: [Instance] = []

    /// A topic with `each` records in every partition.
    init(partitions: Int = 4, each: Int, pace: Double = 0.005, brokers: Int = 1) async throws {
        (self.partitions, self.each, self.pace) = (partitions, each, pace)
        scratch = try Scratch()
        cluster = try Cluster(("t", partitions), brokers: brokers)
        log = ExecutionLog(path: scratch.path("executions"))
        environment = [
            "EXECUTIONS": log.path, "GATE": scratch.path("gate"), "HANG": scratch.path("hang"), "PACE": "\(pace)",
        ]
        try await cluster.fill("t", partitions: partitions, each: each)
        try await cluster.requireWholeLog("t")
    }

    var topic: String { cluster.topic }
    var group: String { cluster.group }
    var total: Int { partitions * each }

    /// Starts an instance as a member of the group.
    ///
    /// A rebalance of the mock cluster lasts as long as the session, so that it is short; a test that claims that nothing is
    /// repeated, and has one member, takes a long one: librdkafka needs a second for each coordinator that it looks for anew,
    /// tells no heartbeat meanwhile, and more on a busy machine.
    func start(_ name: String = "one", _ options: [String] = [], sessionSeconds: Int = 6) throws -> Instance {
        lives[name, default: 0] += 1
        let life = "\(name).\(lives[name, default: 0])"
        let process = try AckpipeProcess(
            ["run"] + cluster.address + ["-t", topic, "-g", group, "-X", "session.timeout.ms=\(sessionSeconds)000"]
                + options + ["--"]
                + Repository.handler("trial.py"),
            in: scratch, environment: environment.merging(["INSTANCE": life]) { $1 }, name: life)
        let instance = Instance(name: life, process: process)
        instances.append(instance)
        return instance
    }

    /// What failure messages show.
    var seen: String {
        "\(log.finishedCount) of \(total) records finished, begun \(log.begun)\n"
            + instances.suffix(4).map { "---- \($0.name)\n\($0.process.logTail)" }.joined(separator: "\n")
    }

    /// Waits until something is true of what the handlers wrote down.
    func wait(_ what: String, within seconds: Double = 120, until isSo: (ExecutionLog) -> Bool) async throws {
        try await eventually(what, within: seconds, seen: { seen }) {
            log.read()
            return isSo(log) ? () : nil
        }
    }

    /// Waits until the instance has begun so many more records.
    func waitForWork(of instance: Instance, records: Int = 1, within seconds: Double = 120) async throws {
        log.read()
        let before = log.begun[instance.name] ?? 0
        try await wait("\(instance.name) handles \(records) records", within: seconds) {
            ($0.begun[instance.name] ?? 0) >= before + records
        }
    }

    /// Waits until each of these partitions (all, by default) has finished so many records that never were before.
    func waitForProgress(
        of chosen: [Int]? = nil, records: Int = 3, within seconds: Double = 120
    ) async throws {
        log.read()
        let goals = (chosen ?? Array(0..<partitions)).map { ($0, min(each, (log.finished[$0]?.count ?? 0) + records)) }
        try await wait("partitions \(goals.map(\.0)) go on", within: seconds) { log in
            goals.allSatisfy { (log.finished[$0.0]?.count ?? 0) >= $0.1 }
        }
    }

    /// Fails where the records ran out: whatever comes next would happen to idle instances.
    func requireFlow(_ place: SourceLocation = #_sourceLocation) {
        log.read()
        #expect(log.finishedCount < total, "no records are left to flow", sourceLocation: place)
    }

    /// The group's committed offsets, 0 for none.
    func committed() async throws -> [Int64] { try await cluster.committed("g", "t").map { $0 ?? 0 } }

    /// Waits until the committed offset of every unfinished partition has moved on.
    func waitForCommits(within seconds: Double = 60) async throws {
        let before = try await committed()
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let now = try await committed()
            if zip(before, now).allSatisfy({ $0 < $1 || $1 == Int64(each) }) { return }
            guard ContinuousClock.now < deadline else {
                throw Timeout(description: "committed were \(before) and are \(now) after \(seconds) s. Seen: \(seen)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Lets the rest go fast, waits until every record is handled and committed, ends every instance with SIGTERM, and
    /// checks the promises that hold whatever happened; answers how many executions were repetitions.
    @discardableResult
    func finish(within seconds: Double = 180, mayOverlap: Bool = false) async throws -> Int {
        try scratch.write("gate", "open")
        try await wait("every record is handled", within: seconds) { $0.finishedCount == self.total }
        let deadline = ContinuousClock.now + .seconds(90)
        while try await committed() != Array(repeating: Int64(each), count: partitions) {
            guard ContinuousClock.now < deadline else {
                throw Timeout(description: "committed are \(try await committed()). Seen: \(seen)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        for instance in instances where instance.process.isRunning {
            instance.process.signal(SIGTERM)
            #expect(try await instance.process.waitForExit() == 0, "\(instance.process.logTail)")
        }
        log.read()
        #expect((0..<partitions).allSatisfy { log.finished[$0] == Set(0..<Int64(each)) }, "a record is missing")
        #expect(try await committed() == Array(repeating: Int64(each), count: partitions))
        #expect(log.leaps.isEmpty, "\(log.leaps.prefix(5))")
        let within = log.overlaps(withinOne: true)
        #expect(within.isEmpty, "two executions of a partition in one daemon: \(within.prefix(5))")
        let between = log.overlaps()
        if !mayOverlap { #expect(between.isEmpty, "two instances at one partition: \(between.prefix(5))") }
        let disorder = log.finalDisorder()
        if !mayOverlap { #expect(disorder.isEmpty, "\(disorder.prefix(5))") }
        return log.duplicates
    }
}
