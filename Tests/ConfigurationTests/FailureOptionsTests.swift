import Testing

@testable import Configuration

/// Lanes, retries, dead letters, rate and filters: what the options mean and what contradicts.
@Suite struct FailureOptionsTests {
    @Test(
        "A word that may be an address with its password is not quoted in a complaint",
        arguments: [
            ["-b", "h:9092?topics=t&password=s3cret"], ["-b", "10.0.0.1:9092/u:s3cret"],
            ["h:9092?group=g&password=s3cret"],
        ])
    func quotesNoPassword(_ words: [String]) {
        guard case .failure(let found) = Fixture().resolve(["run"] + words + ["--", "cat"]) else {
            Issue.record("it was accepted")
            return
        }
        let complaints = found.list.map { "\($0)" }
        #expect(!complaints.isEmpty)
        #expect(!complaints.joined().contains("s3cret"), "\(complaints)")
    }

    @Test("every option of delivery and failure reaches the settings")
    func reach() throws {
        let settings = try Fixture().run(
            "--order", "key", "--lane-window", "8", "--max-attempts", "5", "--retry-backoff-factor", "1.5",
            "--retry-jitter", "0", "--on-exhausted", "skip", "--dead-letter-topic", "{topic}.dlq",
            "--dead-letter-max-rate",
            "10/m", "--dead-letter-producer", "linger.ms=5", "--rate", "100/s:200", "--filter", "topic == \"a\"",
            "--filter",
            "key != null", "--stall-timeout", "0", "--ignore-commit-metadata")
        #expect(settings.order == .key)
        #expect(settings.laneWindow == 8)
        #expect(settings.maxAttempts == 5)
        #expect(settings.retryBackoffFactor == 1.5)
        #expect(settings.retryJitterPercent == 0)
        #expect(settings.onExhausted == .skip)
        #expect(settings.deadLetterTopic == "{topic}.dlq")
        #expect(settings.deadLetterMaxRate == RateSetting(perSecond: 1.0 / 6, burst: 1))
        #expect(settings.deadLetterProperties == [Property(name: "linger.ms", value: "5")])
        #expect(settings.rate == RateSetting(perSecond: 100, burst: 200))
        #expect(settings.filters.map(\.description) == ["topic == \"a\"", "key != null"])
        #expect(settings.stallTimeout == .zero)
        #expect(settings.ignoreCommitMetadata)
        #expect(try Fixture().run("--mode", "batch", "--bisect").bisect)
    }

    @Test("the same by a file", arguments: ["dead-letter-producer", "dead_letter_producer"])
    func file(key: String) throws {
        var fixture = Fixture()
        fixture.secrets = ["/s": "hunter2\n"]
        fixture.environment = ["ACKPIPE_CONFIG": "a.yaml", "ACKPIPE_DEAD_LETTER_PRODUCER": "linger.ms=1"]
        fixture.file = Tree.map(
            ("dead-letter-topic", Tree.scalar("d")), ("retry-jitter", Tree.scalar("5%")),
            ("filter", Tree.list("key == \"a,b\"", "key != null")),
            (key, Tree.map(("linger.ms", Tree.scalar("9")), ("ssl.key.password", Tree.scalar("@/s")))))
        let settings = try fixture.run()
        #expect(settings.retryJitterPercent == 5)
        #expect(settings.filters.count == 2)
        #expect(
            settings.deadLetterProperties == [
                Property(name: "linger.ms", value: "1"), Property(name: "ssl.key.password", value: "hunter2"),
            ])
        #expect(!"\(settings)".contains("hunter2"))
    }

    @Test("records that are given up go to the dead letters where there is a topic, else the service stops")
    func onExhausted() throws {
        #expect(try Fixture().run("--max-attempts", "3").onExhausted == .stop)
        #expect(try Fixture().run("--dead-letter-topic", "dead").onExhausted == .deadLetter)
        #expect(try Fixture().run("--dead-letter-topic", "dead", "--on-exhausted", "stop").onExhausted == .stop)
        #expect(try Fixture().run("--on-exhausted", "skip").onExhausted == .skip)
        #expect(
            Fixture().complaints("--on-exhausted", "dead-letter")
                == ["--on-exhausted: on-exhausted dead-letter needs a topic to write to; add --dead-letter-topic"])
    }

    @Test("what needs a dead-letter topic says so")
    func withoutTopic() {
        #expect(
            Fixture().complaints("--dead-letter-max-rate", "1/s", "--dead-letter-producer", "linger.ms=5") == [
                "--dead-letter-max-rate: dead-letter-max-rate means nothing without dead letters; add --dead-letter-topic",
                "--dead-letter-producer: dead-letter-producer means nothing without dead letters; add --dead-letter-topic",
            ])
        #expect(
            Fixture().complaints("--dead-letter-topic", "d", "--dead-letter-producer", "linger.ms") == [
                "--dead-letter-producer: is not of the form NAME=VALUE, as in --dead-letter-producer client.id=billing"
            ])
        // A topic that was given badly is not missing.
        #expect(Fixture().complaints("--dead-letter-topic", "a b", "--dead-letter-max-rate", "1/s").count == 1)
    }

    @Test("a topic that is consumed cannot take dead letters")
    func consumedTopic() throws {
        #expect(
            Fixture().complaints("--dead-letter-topic", "orders") == [
                "--dead-letter-topic: dead-letter-topic 'orders' makes 'orders' a topic of dead letters, which is consumed: they "
                    + "would be handled again and again; name another topic"
            ])
        #expect(Fixture().complaints("-t", "orders.dlq", "--dead-letter-topic", "{topic}.dlq").count == 1)
        #expect(try Fixture().run("-t", "orders.dlq", "--dead-letter-topic", "dlq.{topic}").deadLetterTopic != nil)
        let assigned = ["run", "-b", "h", "--assign", "t:0", "--dead-letter-topic", "t", "--", "cat"]
        #expect(Fixture().complaintsExactly(assigned).count == 1)
    }

    @Test("a pattern that takes in the topic of dead letters is refused, as far as that can be known")
    func pattern() throws {
        let fixture = Fixture(matches: { $0 == "^orders.*" && $1.hasPrefix("orders") })
        func found(_ pattern: String, _ topic: String) -> [String] {
            fixture.complaints("--topic-pattern", pattern, "--dead-letter-topic", topic)
        }
        #expect(
            found("orders.*", "orders-dead") == [
                "--dead-letter-topic: dead-letter-topic 'orders-dead' is taken in by the topic-pattern '^orders.*': dead letters "
                    + "would be handled again and again; name another topic, or narrow the pattern"
            ])
        #expect(found("orders.*", "dead") == [])
        #expect(found("orders.*", "{topic}.dlq").first?.contains("dlq.{topic}") == true)
        #expect(found("orders.*", "dlq.{topic}") == [])
        #expect(found("orders-[0-9]+$", "{topic}.dlq") == [])
    }

    @Test("a template whose result is longer than a topic's name may be is refused with the topic")
    func longName() throws {
        let topic = String(repeating: "t", count: 245)
        #expect(Fixture().complaints("-t", topic, "--dead-letter-topic", "{topic}.dead").count == 1)
        #expect(try Fixture().run("-t", topic, "--dead-letter-topic", "{topic}.dlq").topics.count == 2)
    }

    @Test("a window of several deliveries needs lanes, and fits into a worker's")
    func laneWindow() throws {
        #expect(
            Fixture().complaints("--order", "none", "--lane-window", "2") == [
                "--lane-window: lane-window 2 contradicts order none, where each record stands alone; leave out one of them"
            ])
        #expect(Fixture().complaints("--order", "key", "--mode", "batch", "--lane-window", "2").count == 1)
        #expect(Fixture().complaints("--lane-window", "65").count == 1)
        #expect(try Fixture().run("--lane-window", "64").laneWindow == 64)
        #expect(try Fixture().run("--lane-window", "2", "--mode", "batch").laneWindow == 2)
        #expect(try Fixture().run("--order", "none", "--lane-window", "1").laneWindow == 1)
    }

    @Test("only batches can be halved")
    func bisect() {
        #expect(
            Fixture().complaints("--bisect")
                == ["--bisect: bisect halves batches, and the mode is message; add --mode batch"])
    }

    @Test("a word after a malformed property of the producer is not quoted, for it may be a secret")
    func straySecret() {
        let complaints = Fixture().complaintsExactly(["run", "--dead-letter-producer", "sasl.password", "hunter2"])
        #expect(!complaints.joined().contains("hunter2"), "\(complaints)")
    }
}
