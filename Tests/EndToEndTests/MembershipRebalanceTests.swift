import Foundation
import Testing

/// Two instances in one group: partitions are shared, and handed over without loss, under both kinds of rebalance.
@Suite struct MembershipRebalanceTests {
    @Test(
        "Two instances share the partitions and both finish", .timeLimit(.minutes(10)),
        arguments: ["cooperative-sticky", "range"])
    func share(strategy: String) async throws {
        try await Slots.shared.run(weight: 2) { try await share(strategy, [:]) }
    }

    @Test(
        "Two instances share the partitions and both finish, on the newest librdkafka",
        .enabled(if: NewerLibrary.isThere, Comment(rawValue: NewerLibrary.reason)), .timeLimit(.minutes(10)))
    func shareOnNewer() async throws {
        try await Slots.shared.run(weight: 2) { try await share("cooperative-sticky", NewerLibrary.environment) }
    }

    @Test(
        "A member that leaves hands its partitions over without loss", .timeLimit(.minutes(10)),
        arguments: ["cooperative-sticky", "range"])
    func handOver(strategy: String) async throws {
        try await Slots.shared.run(weight: 2) { try await handOver(strategy, [:]) }
    }

    @Test(
        "A member that leaves hands its partitions over without loss, on the newest librdkafka",
        .enabled(if: NewerLibrary.isThere, Comment(rawValue: NewerLibrary.reason)), .timeLimit(.minutes(10)))
    func handOverOnNewer() async throws {
        try await Slots.shared.run(weight: 2) { try await handOver("cooperative-sticky", NewerLibrary.environment) }
    }

    private let partitions = 6
    private let recordsEach = 300

    private func share(_ strategy: String, _ environment: [String: String]) async throws {
        let scratch = try Scratch()
        let cluster = try Cluster(("t", partitions))
        try await cluster.fill("t", partitions: partitions, each: recordsEach)
        // Nobody finishes before both have something: neither can be through before the other has joined.
        let handler = try scratch.python("shared.py", pacedHandler)
        let journals = ["one", "two"].map { Journal(scratch, $0) }
        let instances = try journals.map {
            try member(cluster, strategy, ["--exit-at-end"], handler, $0, scratch, environment)
        }
        let seen = { instances.map(\.logTail).joined(separator: "\n----\n") }
        try await eventually("both have records", within: 60, seen: seen) {
            journals.allSatisfy { !$0.entries().isEmpty } ? () : nil
        }
        try scratch.write("gate", "open")
        for instance in instances { #expect(try await instance.waitForExit() == 0, "\(instance.logTail)") }
        try await requireEverything(cluster, journals, seen)
    }

    private func handOver(_ strategy: String, _ environment: [String: String]) async throws {
        let scratch = try Scratch()
        let cluster = try Cluster(("t", partitions))
        try await cluster.fill("t", partitions: partitions, each: recordsEach)
        let handler = try scratch.python("paced.py", pacedHandler)
        let journals = ["one", "two"].map { Journal(scratch, $0) }
        let first = try member(cluster, strategy, [], handler, journals[0], scratch, environment)
        try await eventually("the first has records", seen: { first.logTail }) {
            journals[0].entries().isEmpty ? nil : ()
        }
        let second = try member(cluster, strategy, [], handler, journals[1], scratch, environment)
        let seen = { first.logTail + "\n----\n" + second.logTail }
        try await eventually("the second has records", within: 60, seen: seen) {
            journals[1].entries().isEmpty ? nil : ()
        }
        first.signal(SIGTERM)
        #expect(try await first.waitForExit() == 0, "\(first.logTail)")
        try scratch.write("gate", "open")
        try await eventually("the one that stays handles everything", within: 60, seen: seen) {
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
        _ cluster: Cluster, _ strategy: String, _ options: [String], _ handler: [String], _ journal: Journal,
        _ scratch: Scratch, _ environment: [String: String]
    ) throws -> AckpipeProcess {
        try AckpipeProcess(
            ["run"] + cluster.address
                + ["-t", "t", "-g", "g", "-X", "partition.assignment.strategy=\(strategy)"] + options + ["--"]
                + handler,
            in: scratch,
            environment: environment.merging(["JOURNAL": journal.path, "GATE": scratch.path("gate")]) { $1 })
    }

    private func union(_ journals: [Journal]) -> [Int: Set<Int64>] {
        journals.reduce(into: [:]) { $0.merge($1.offsets()) { $0.union($1) } }
    }

    private func requireEverything(_ cluster: Cluster, _ journals: [Journal], _ seen: () -> String) async throws {
        let handled = union(journals)
        for partition in 0..<partitions {
            #expect(handled[partition] == Set(0..<Int64(recordsEach)), "partition \(partition): \(seen())")
        }
        // Every instance was asked politely: each record was handled by one of them, once.
        let count = journals.reduce(0) { $0 + $1.entries().count }
        #expect(count == partitions * recordsEach, "\(count) executions: \(seen())")
        let committed = try await cluster.committed("g", "t")
        #expect(committed == Array(repeating: Int64(recordsEach), count: partitions))
    }
}
