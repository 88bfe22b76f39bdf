import Foundation
import Kafka
import KafkaTestSupport
import Testing

/// Brokers that are away, refuse, or do not know the topic: waited for, or an end with an exit code that names why.
@Suite("Broker trouble") struct BrokerTroubleTests {
    /// Requests of one kind that a broker refuses from the start on, by the Kafka protocol's numbers.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var api: Int16
        var error: Int32
        var joins = false
        var code: Int32
        var texts: [String]
        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        Refusal(
            name: "joining the group", api: 11, error: 30, joins: true, code: 77,
            texts: ["not authorized", "GROUP_AUTHORIZATION_FAILED", "READ on the topic and on group 'joined'"]),
        Refusal(
            name: "finding the group's coordinator", api: 10, error: 30, joins: true, code: 77,
            texts: ["not authorized", "GROUP_AUTHORIZATION_FAILED", "group 'joined'"]),
        Refusal(
            name: "fetching the group's offsets", api: 9, error: 30, code: 77,
            texts: ["not authorized: t/0", "GROUP_AUTHORIZATION_FAILED", "group 'g'"]),
        Refusal(
            name: "asking for the log's ends", api: 2, error: 29, code: 77,
            texts: ["not authorized: t/0", "TOPIC_AUTHORIZATION_FAILED"]),
        Refusal(
            name: "committing, for want of rights", api: 8, error: 30, code: 77,
            texts: [
                "commit failed", "t/0: the last offsets could not be committed", "GROUP_AUTHORIZATION_FAILED",
                "delivered again after a restart",
            ]),
        Refusal(
            name: "committing, for another reason", api: 8, error: 28, code: 75,
            texts: ["t/0: the last offsets could not be committed", "INVALID_COMMIT_OFFSET_SIZE"]),
    ]

    @Test(
        "A refusal that lasts ends the service with its name, the rights needed and an exit code",
        .embeddedBroker("injects errors"), .timeLimit(.minutes(30)), arguments: refusals)
    func refused(_ refusal: Refusal) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            try run.cluster.broker.pushErrors(api: refusal.api, Array(repeating: refusal.error, count: 200))
            let ackpipe =
                refusal.joins
                ? try run.join("joined", ["--exit-at-end"], handler: "good()")
                : try run.start(handler: "good()")
            #expect(try await ackpipe.waitForExit() == refusal.code, "\(ackpipe.logTail)")
            for text in refusal.texts {
                #expect(ackpipe.log.contains(text), "'\(text)' is not in: \(ackpipe.logTail)")
            }
            try run.cluster.broker.clearErrors(api: refusal.api)
            #expect(try await run.committed() == nil)
        }
    }

    @Test(
        "A commit that is refused for a while is sent again until it is taken", .embeddedBroker("injects errors"),
        .timeLimit(.minutes(30)))
    func commitRefusedForAWhile() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 10)
            try run.cluster.broker.pushErrors(api: 8, [30, 30, 28])
            let ackpipe = try run.start(
                ["--exit-at-end", "--commit-interval", "50ms"],
                handler: "serve(lambda record: time.sleep(0.1))")
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("commit failed: the offsets are sent again"), "\(ackpipe.logTail)")
            #expect(try await run.committed() == 10)
        }
    }

    @Test(
        "A fetch that is refused for a while is tried again, and the log says which right is missing",
        .embeddedBroker("injects errors"), .timeLimit(.minutes(30)))
    func fetchRefusedForAWhile() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            try run.cluster.broker.pushErrors(api: 1, [29, 29])
            let ackpipe = try run.start(handler: "good()")
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("authorization failed: trying again"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("the principal needs READ"), "\(ackpipe.logTail)")
            #expect(try await run.committed() == 3)
        }
    }

    @Test(
        "A topic that the brokers do not know, or do not show, is named", .embeddedBroker("injects errors"),
        .timeLimit(.minutes(30)),
        arguments: [(Int32(3), true, Int32(78)), (3, false, 78), (29, true, 77)])
    func topicUnknown(error: Int32, joins: Bool, code: Int32) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            try run.cluster.broker.setTopicError("t", code: error)
            let ackpipe =
                joins ? try run.join("joined", ["--exit-at-end"], handler: "good()") : try run.start(handler: "good()")
            #expect(try await ackpipe.waitForExit() == code, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains(code == 78 ? "topic unknown: " : "not authorized: "), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains(joins ? "not available: t:" : "topic unknown: t/0:"), "\(ackpipe.logTail)")
            if code == 78 { #expect(ackpipe.log.contains("create it"), "\(ackpipe.logTail)") }
        }
    }

    @Test(
        "Credentials that are refused end the service with 77, and the log does not have them", .timeLimit(.minutes(30))
    )
    func authenticationRefused() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            let ackpipe = try run.start(
                [
                    "-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanisms=PLAIN", "-X", "sasl.username=me",
                    "-X", "sasl.password=open-sesame",
                ], handler: "good()")
            #expect(try await ackpipe.waitForExit() == 77, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("authentication failed"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("look at -X sasl.* and -X ssl.*"), "\(ackpipe.logTail)")
            #expect(!ackpipe.log.contains("open-sesame"))
        }
    }

    @Test(
        "Brokers that cannot be reached within --connect-timeout end the service with 69 and their names",
        .timeLimit(.minutes(30)),
        arguments: [
            ["-b", "127.0.0.1:1"], ["-b", "nowhere.invalid:9092"], ["-b", "BROKER", "-X", "security.protocol=SSL"],
        ])
    func unreachable(_ address: [String]) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 0)
            // An embedded one in any case: it is silent where another may hang up on a client that begins with TLS.
            let broker = try EmbeddedBroker(topics: [])
            defer { broker.stop() }
            let arguments = address.map { $0 == "BROKER" ? broker.bootstrapServers : $0 }
            let ackpipe = try AckpipeProcess(
                ["run"] + arguments + [
                    "-t", "t", "-g", "g", "--connect-timeout", "3s", "--",
                ] + Repository.handler("ack.py"), in: run.scratch)
            #expect(try await ackpipe.waitForExit() == 69, "\(ackpipe.logTail)")
            // A name may take a resolver longer than the time-out, where the network swallows its question.
            if !address.contains("nowhere.invalid:9092") {
                #expect(ackpipe.log.contains("broker not reachable: waiting for it"), "\(ackpipe.logTail)")
            }
            #expect(
                ackpipe.log.contains("no answer from \(arguments[1]) within --connect-timeout"), "\(ackpipe.logTail)")
        }
    }

    @Test(
        "A broker that is away at the start, and again later, is waited for", .embeddedBroker("injects errors"),
        .timeLimit(.minutes(30)))
    func brokerComesBack() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 20)
            try run.cluster.broker.setDown(broker: 1)
            let ackpipe = try run.start(
                ["--exit-at-end", "-X", "reconnect.backoff.max.ms=200"],
                handler: "serve(lambda record: time.sleep(0.1))")
            try await ackpipe.waitForLog("broker not reachable: waiting for it")
            #expect(ackpipe.isRunning)
            try run.cluster.broker.setUp(broker: 1)
            try await eventually("records come", seen: { ackpipe.logTail }) {
                run.journal.entries().count >= 3 ? () : nil
            }
            try run.cluster.broker.setDown(broker: 1)
            try await eventually("a second look at the broker fails", seen: { ackpipe.logTail }) {
                run.journal.entries().count >= 10 ? () : nil
            }
            try run.cluster.broker.setUp(broker: 1)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(run.journal.entries().map(\.offset) == Array(0..<20))
            #expect(try await run.committed() == 20)
        }
    }

    @Test(
        "A broker that is gone when the last commit is due is no success, and does not keep the daemon from ending",
        .embeddedBroker("injects errors"), .timeLimit(.minutes(30)), arguments: [false, true])
    func brokerGoneAtTheEnd(isMember: Bool) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            let options = ["--commit-interval", "60s", "--drain-timeout", "3s"]
            let ackpipe =
                try isMember
                ? run.join("joined", options, handler: "good()") : run.start(options, handler: "good()")
            try await eventually("all are handled", seen: { ackpipe.logTail }) {
                run.journal.entries().count == 3 ? () : nil
            }
            try run.cluster.broker.setDown(broker: 1)
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 75, "\(ackpipe.logTail)")
            #expect(
                ackpipe.log.contains("did not confirm the last commit"), "\(ackpipe.logTail)")
        }
    }

    @Test(
        "A coordinator that never answers is told, as librdkafka itself says nothing",
        .embeddedBroker("injects errors"), .timeLimit(.minutes(30)))
    func coordinatorNotAvailable() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            try run.cluster.broker.pushErrors(api: 10, Array(repeating: 15, count: 2_000))
            let ackpipe = try run.join("joined", [], handler: "good()")
            try await ackpipe.waitForLog("still waiting for the brokers to assign partitions")
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
        }
    }

    @Test(
        "A member that gets no partition has reached the brokers: --connect-timeout leaves it alone",
        .timeLimit(.minutes(30)))
    func standbyMember() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            // A rebalance of the mock cluster lasts as long as the session time-out.
            let options = ["--connect-timeout", "4s", "-X", "session.timeout.ms=6000"]
            let first = try run.join("joined", options, handler: "good()")
            try await first.waitForLog("partitions assigned")
            let second = try run.join("joined", options, handler: "good()")
            let end = ContinuousClock.now + .seconds(15)
            try await second.waitForLog("partitions assigned", within: 90)
            try await eventually("the time-out passes", within: 20) {
                !first.isRunning || !second.isRunning || ContinuousClock.now > end ? () : nil
            }
            #expect(first.isRunning && second.isRunning, "\(first.logTail)\n\(second.logTail)")
            for member in [first, second] {
                member.signal(SIGTERM)
                #expect(try await member.waitForExit() == 0, "\(member.logTail)")
            }
        }
    }
}
