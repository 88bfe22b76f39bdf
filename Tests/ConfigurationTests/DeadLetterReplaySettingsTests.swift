import Testing

@testable import Configuration

@Suite struct DeadLetterReplaySettingsTests {
    private let minimal = ["dead-letter", "replay", "-b", "localhost:9092", "--from-topic", "orders.dlq"]

    private func settings(_ more: String..., environment: [String: String] = [:]) throws -> DeadLetterReplaySettings {
        let outcome = Fixture(environment: environment).resolve(minimal + more)
        guard case .deadLetterReplay(let settings) = try outcome.get() else { throw UnexpectedOutcome() }
        return settings
    }

    private func complaints(_ more: String...) -> [String] { Fixture().complaintsExactly(minimal + more) }

    @Test("brokers and dead-letter topic are enough")
    func defaults() throws {
        let settings = try settings()
        #expect(settings.brokers == "localhost:9092")
        #expect(settings.fromTopic == "orders.dlq")
        #expect(settings.group == "ackpipe-dead-letter-replay")
        #expect(settings.topics.isEmpty && settings.error == nil && settings.toTopic == nil)
        #expect(settings.since == nil && settings.until == nil && settings.limit == nil && settings.maxReplays == nil)
        #expect(!settings.again && !settings.dryRun && !settings.keepsTimestamp)
    }

    @Test("each option has its place in the settings")
    func options() throws {
        let settings = try settings(
            "-t", "orders", "-t", "refunds", "--error", "time out", "--since", "2026-11-21T13:00:00Z", "--until",
            "1795269600000", "--max-replays", "3", "--limit", "10", "--again", "--dry-run", "--to-topic",
            "orders.retry",
            "--original-timestamp", "-g", "ops", "-X", "client.rack=a")
        #expect(settings.topics == ["orders", "refunds"])
        #expect(settings.error == "time out")
        #expect(settings.since == 1_795_266_000_000 && settings.until == 1_795_269_600_000)
        #expect(settings.maxReplays == 3 && settings.limit == 10)
        #expect(settings.again && settings.dryRun && settings.keepsTimestamp)
        #expect(settings.toTopic == "orders.retry" && settings.group == "ops")
        #expect(settings.properties == [Property(name: "client.rack", value: "a")])
    }

    @Test("variables that a daemon's container has do not choose letters or a group")
    func environment() throws {
        let variables = [
            "ACKPIPE_GROUP": "billing", "ACKPIPE_TOPIC": "orders", "ACKPIPE_DEAD_LETTER_REPLAY_ERROR": "time out",
        ]
        let settings = try settings(environment: variables)
        #expect(settings.group == "ackpipe-dead-letter-replay" && settings.topics.isEmpty)
        #expect(settings.error == "time out")
    }

    @Test("what is missing or contradicts is told, all at once")
    func complained() {
        #expect(
            Fixture().complaintsExactly(["dead-letter", "replay"]).map { $0.contains("is required") } == [true, true])
        #expect(complaints("--to-topic", "orders.dlq").count == 1)
        #expect(complaints("-t", "orders.dlq").count == 1)
        #expect(complaints("--since", "2026-11-21T13:00:00Z", "--until", "2026-11-21T13:00:00Z").count == 1)
        #expect(complaints("--since", "yesterday").first?.contains("is not a point in time") == true)
        #expect(complaints("--limit", "0").count == 1)
        #expect(complaints("-X", "group.id=x").count == 1)
        #expect(complaints("--", "cat").first?.contains("runs no handler") == true)
    }

    @Test("the command's name has two words, and half of it is told what is missing")
    func name() {
        let alone = Fixture().complaintsExactly(["dead-letter"])
        #expect(alone.first?.contains("dead-letter replay") == true, "\(alone)")
        let mistyped = Fixture().complaintsExactly(["dead-letter", "reply"])
        #expect(mistyped.first?.contains("'dead-letter reply'") == true, "\(mistyped)")
        guard case .success(.help(let help)) = Fixture().resolve(["help", "dead-letter", "replay"]) else {
            Issue.record("no help")
            return
        }
        #expect(help.contains("--from-topic"))
        for words in [["dead-letter", "replay", "--help"], ["dead-letter", "--help"]] {
            guard case .success(.help) = Fixture().resolve(words) else {
                Issue.record("no help for \(words)")
                continue
            }
        }
    }
}
