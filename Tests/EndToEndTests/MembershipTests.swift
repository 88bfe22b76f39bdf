import Foundation
import Kafka
import Testing

/// A member that is given nothing for a while, or whose handler takes minutes, stays a member.
@Suite struct MembershipTests {
    /// Three times `max.poll.interval.ms` of the runs below, and a little.
    private static let threeIntervals = Duration.milliseconds(18_500)

    private static let shortIntervals = [
        "-X", "max.poll.interval.ms=6000", "-X", "session.timeout.ms=6000", "--revoke-timeout", "3s",
    ]

    @Test("An idle member keeps its partitions for three poll intervals", .timeLimit(.minutes(30)))
    func idle() async throws { try await Slots.shared.run { try await idle([:]) } }

    @Test(
        "An idle member keeps its partitions for three poll intervals, on the newest librdkafka",
        .enabled(if: NewerLibrary.isThere, Comment(rawValue: NewerLibrary.reason)), .timeLimit(.minutes(30)))
    func idleOnNewer() async throws { try await Slots.shared.run { try await idle(NewerLibrary.environment) } }

    @Test("A delivery that takes three poll intervals costs nobody the membership", .timeLimit(.minutes(30)))
    func longDelivery() async throws { try await Slots.shared.run { try await longDelivery([:]) } }

    @Test(
        "A delivery that takes three poll intervals costs nobody the membership, on the newest librdkafka",
        .enabled(if: NewerLibrary.isThere, Comment(rawValue: NewerLibrary.reason)), .timeLimit(.minutes(30)))
    func longDeliveryOnNewer() async throws {
        try await Slots.shared.run { try await longDelivery(NewerLibrary.environment) }
    }

    @Test(
        "Records are delivered and committed on the newest librdkafka",
        .enabled(if: NewerLibrary.isThere, Comment(rawValue: NewerLibrary.reason)), .timeLimit(.minutes(30)))
    func deliveryOnNewer() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let (broker, cluster) = try await NewerLibrary.broker(partitions: 4, in: scratch)
            defer { broker.killNow() }
            try await cluster.fill("t", partitions: 4, each: 500)
            let journal = Journal(scratch)
            let ackpipe = try AckpipeProcess(
                ["run"] + cluster.address + [
                    "-t", cluster.topic, "-g", cluster.group, "--exit-at-end", "--workers", "2", "--",
                ]
                    + Repository.handler("ack.py"), in: scratch,
                environment: NewerLibrary.environment.merging(["JOURNAL": journal.path]) { $1 })
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            try requireLibrary(NewerLibrary.environment, ackpipe)
            #expect(journal.entries().count == 2_000)
            #expect(journal.distinctCount() == 2_000)
            #expect(try await cluster.committed("g", "t") == [500, 500, 500, 500])
        }
    }

    /// The brokers that go with the library; with the system's they live in this process.
    private func stage(
        partitions: Int, _ environment: [String: String], _ scratch: Scratch
    ) async throws -> (AckpipeProcess?, Cluster) {
        if environment.isEmpty { return (nil, try Cluster(("t", partitions))) }
        return try await NewerLibrary.broker(partitions: partitions, in: scratch)
    }

    private func idle(_ environment: [String: String]) async throws {
        let scratch = try Scratch()
        let (broker, cluster) = try await stage(partitions: 4, environment, scratch)
        defer { broker?.killNow() }
        let journal = Journal(scratch)
        let ackpipe = try AckpipeProcess(
            ["run"] + cluster.address + ["-t", cluster.topic, "-g", cluster.group] + MembershipTests.shortIntervals + [
                "--"
            ]
                + Repository.handler("ack.py"), in: scratch,
            environment: environment.merging(["JOURNAL": journal.path]) { $1 })
        try await ackpipe.waitForLog("partitions assigned")
        try requireLibrary(environment, ackpipe)
        let end = ContinuousClock.now + MembershipTests.threeIntervals
        try await eventually("three poll intervals pass", within: 30) { ContinuousClock.now >= end ? () : nil }
        requireMembership(ackpipe)
        try await cluster.fill("t", partitions: 4, each: 1)
        try await eventually("the records are handled", seen: { ackpipe.logTail }) {
            journal.distinctCount() == 4 ? () : nil
        }
        requireMembership(ackpipe)
        ackpipe.signal(SIGTERM)
        #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
        #expect(try await cluster.committed("g", "t") == [1, 1, 1, 1])
    }

    private func longDelivery(_ environment: [String: String]) async throws {
        let scratch = try Scratch()
        let (broker, cluster) = try await stage(partitions: 1, environment, scratch)
        defer { broker?.killNow() }
        try await cluster.fill("t", partitions: 1, each: 1)
        let journal = Journal(scratch)
        let handler = try scratch.python("slow.py", "serve(lambda record: time.sleep(18.5))")
        let ackpipe = try AckpipeProcess(
            ["run"] + cluster.address + ["-t", cluster.topic, "-g", cluster.group, "--exit-at-end"]
                + MembershipTests.shortIntervals
                + ["--"] + handler, in: scratch, environment: environment.merging(["JOURNAL": journal.path]) { $1 })
        try await eventually("the record is delivered", seen: { ackpipe.logTail }) {
            journal.entries().count == 1 ? () : nil
        }
        try requireLibrary(environment, ackpipe)
        try await ackpipe.waitForLog("start: first verdict")
        let before = ackpipe.log.components(separatedBy: "start: first verdict")[0]
        #expect(!before.contains("partitions revoked"), "\(before)")
        #expect(!before.contains("membership was lost"), "\(before)")
        #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
        #expect(journal.entries().count == 1)
        #expect(ackpipe.log.components(separatedBy: "info  partitions assigned").count == 2, "\(ackpipe.logTail)")
        #expect(try await cluster.committed("g", "t") == [1])
    }

    private func requireMembership(_ ackpipe: AckpipeProcess) {
        #expect(ackpipe.isRunning, "\(ackpipe.logTail)")
        #expect(!ackpipe.log.contains("partitions revoked"), "\(ackpipe.logTail)")
        #expect(!ackpipe.log.contains("membership was lost"), "\(ackpipe.logTail)")
    }

    /// Fails where the run was meant for another librdkafka and did not get it.
    private func requireLibrary(_ environment: [String: String], _ ackpipe: AckpipeProcess) throws {
        guard !environment.isEmpty else { return }
        try #require(!ackpipe.log.contains("librdkafka=\(ClientLibrary.version) "), "\(ackpipe.logTail)")
        try #require(ackpipe.log.contains("librdkafka=2."), "\(ackpipe.logTail)")
    }
}
