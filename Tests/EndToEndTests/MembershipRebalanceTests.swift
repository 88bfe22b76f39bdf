import Foundation
import Testing

/// Two instances in one group: partitions are shared, and handed over without loss, under both kinds of rebalance.
///
/// The mock cluster refuses every commit while a group rebalances (a real broker takes it until the new generation is
/// complete), and a rebalance lasts as long as the session timeout: what was handled in that time is delivered again to
/// the next owner, and no test here counts executions.
@Suite struct MembershipRebalanceTests {
    @Test(
        "Two instances share the partitions and both finish", .timeLimit(.minutes(30)),
        arguments: ["cooperative-sticky", "range"])
    func share(strategy: String) async throws {
        try await Slots.shared.run(weight: 2) { try await share(strategy, [:]) }
    }

    @Test(
        "Two instances share the partitions and both finish, on the newest librdkafka",
        .enabled(if: NewerLibrary.isThere, Comment(rawValue: NewerLibrary.reason)), .timeLimit(.minutes(30)))
    func shareOnNewer() async throws {
        try await Slots.shared.run(weight: 2) { try await share("cooperative-sticky", NewerLibrary.environment) }
    }

    @Test(
        "A member that leaves hands its partitions over without loss", .timeLimit(.minutes(30)),
        arguments: ["cooperative-sticky", "range"])
    func handOver(strategy: String) async throws {
        try await Slots.shared.run(weight: 2) { try await handOver(strategy, [:]) }
    }

    @Test(
        "A member that leaves hands its partitions over without loss, on the newest librdkafka",
        .enabled(if: NewerLibrary.isThere, Comment(rawValue: NewerLibrary.reason)), .timeLimit(.minutes(30)))
    func handOverOnNewer() async throws {
        try await Slots.shared.run(weight: 2) { try await handOver("cooperative-sticky", NewerLibrary.environment) }
    }

    private let partitions = 6
    private let recordsEach = 300

    /// The first to finish leaves while the other is still at work, which takes over what the first had: finished already.
    private func share(_ strategy: String, _ environment: [String: String]) async throws {
        let scratch = try Scratch()
        let (broker, cluster) = try await stage(environment, scratch)
        defer { broker?.killNow() }
        try await cluster.fill("t", partitions: partitions, each: recordsEach)
        let handler = try scratch.python("shared.py", pacedHandler)
        let journals = ["one", "two"].map { Journal(scratch, $0) }
        let instances = try ["one", "two"].map {
            try member(cluster, strategy, ["--exit-at-end"], handler, $0, scratch, environment)
        }
        let seen = { instances.map(\.logTail).joined(separator: "\n----\n") }
        try await eventually("both have records", seen: seen) {
            journals.allSatisfy { !$0.entries().isEmpty } ? () : nil
        }
        let assignments = { instances[1].log.components(separatedBy: "info  partitions assigned").count }
        let before = assignments()
        try scratch.write("gate-one", "open")
        #expect(try await instances[0].waitForExit() == 0, "\(instances[0].logTail)")
        try await eventually("the other takes over", seen: seen) { assignments() > before ? () : nil }
        try scratch.write("gate-two", "open")
        #expect(try await instances[1].waitForExit() == 0, "\(instances[1].logTail)")
        #expect(journals.allSatisfy { $0.distinctCount() >= recordsEach }, "one of them did nearly all")
        try await requireEverything(cluster, journals, seen)
    }

    private func handOver(_ strategy: String, _ environment: [String: String]) async throws {
        let scratch = try Scratch()
        let (broker, cluster) = try await stage(environment, scratch)
        defer { broker?.killNow() }
        try await cluster.fill("t", partitions: partitions, each: recordsEach)
        let handler = try scratch.python("paced.py", pacedHandler)
        let journals = ["one", "two"].map { Journal(scratch, $0) }
        let first = try member(cluster, strategy, [], handler, "one", scratch, environment)
        try await eventually("the first has records", seen: { first.logTail }) {
            journals[0].entries().isEmpty ? nil : ()
        }
        let second = try member(cluster, strategy, [], handler, "two", scratch, environment)
        let seen = { first.logTail + "\n----\n" + second.logTail }
        try await eventually("the second has records", seen: seen) {
            journals[1].entries().isEmpty ? nil : ()
        }
        first.signal(SIGTERM)
        #expect(try await first.waitForExit() == 0, "\(first.logTail)")
        try scratch.write("gate-two", "open")
        try await eventually("the one that stays handles everything", seen: seen) {
            union(journals).values.reduce(0) { $0 + $1.count } == partitions * recordsEach ? () : nil
        }
        second.signal(SIGTERM)
        #expect(try await second.waitForExit() == 0, "\(second.logTail)")
        try await requireEverything(cluster, journals, seen)
    }

    /// Slow until the test opens the gate, so that a rebalance finds work under way.
    private let pacedHandler = """
        def handle(record):
            if not os.path.exists(os.environ["GATE"]):
                time.sleep(0.05)
        serve(handle)
        """

    private func member(
        _ cluster: Cluster, _ strategy: String, _ options: [String], _ handler: [String], _ name: String,
        _ scratch: Scratch,
        _ environment: [String: String]
    ) throws -> AckpipeProcess {
        try AckpipeProcess(
            ["run"] + cluster.address
                + [
                    "-t", cluster.topic, "-g", cluster.group, "-X", "partition.assignment.strategy=\(strategy)", "-X",
                    "session.timeout.ms=6000",
                ] + options + ["--"]
                + handler,
            in: scratch,
            environment: environment.merging(["JOURNAL": scratch.path(name), "GATE": scratch.path("gate-\(name)")]) {
                $1
            })
    }

    /// The brokers that go with the library; with the system's they live in this process.
    private func stage(
        _ environment: [String: String], _ scratch: Scratch
    ) async throws -> (AckpipeProcess?, Cluster) {
        if environment.isEmpty { return (nil, try Cluster(("t", partitions))) }
        return try await NewerLibrary.broker(partitions: partitions, in: scratch)
    }

    private func union(_ journals: [Journal]) -> [Int: Set<Int64>] {
        journals.reduce(into: [:]) { $0.merge($1.offsets()) { $0.union($1) } }
    }

    private func requireEverything(_ cluster: Cluster, _ journals: [Journal], _ seen: () -> String) async throws {
        let handled = union(journals)
        for partition in 0..<partitions {
            #expect(handled[partition] == Set(0..<Int64(recordsEach)), "partition \(partition): \(seen())")
        }
        let committed = try await cluster.committed("g", "t")
        #expect(committed == Array(repeating: Int64(recordsEach), count: partitions))
    }
}
