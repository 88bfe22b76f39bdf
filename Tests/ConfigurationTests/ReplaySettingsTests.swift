import Testing

@testable import Configuration

@Suite struct ReplaySettingsTests {
    private func settings(
        _ more: String..., file: Node? = nil, environment: [String: String] = [:]
    ) throws -> ReplaySettings {
        let outcome = Fixture(environment: environment, file: file).resolve(["replay"] + more)
        guard case .replay(let settings) = try outcome.get() else { throw UnexpectedOutcome() }
        return settings
    }

    private func complaints(_ more: String..., file: Node? = nil) -> [String] {
        Fixture(file: file).complaintsExactly(["replay"] + more)
    }

    @Test(
        "a file and a command are enough; the defaults are those of run, but that each record has one attempt and goes")
    func defaults() throws {
        let settings = try settings("orders.jsonl", "--", "python3", "handler.py")
        #expect(settings.file == "orders.jsonl" && settings.topic == "replay" && settings.limit == nil)
        #expect(settings.format == .text && settings.maxFailures == 20)
        let run = try Fixture().run()
        #expect(settings.run.command == ["python3", "handler.py"])
        #expect(settings.run.maxAttempts == 1 && settings.run.onExhausted == .skip && settings.run.exitAtEnd)
        #expect(settings.run.brokers.isEmpty && settings.run.topics.isEmpty && settings.run.group == nil)
        #expect(settings.run.mode == run.mode && settings.run.order == run.order && settings.run.workers == run.workers)
        #expect(settings.run.ackTimeout == run.ackTimeout && settings.run.maxMemory == run.maxMemory)
        #expect(settings.run.logLevel == .info && settings.run.record == nil)
    }

    @Test("the file may stand before or behind options, and be stdin")
    func operand() throws {
        #expect(try settings("--order", "key", "-", "--limit", "3", "--", "cat").file == "-")
        #expect(try settings("--limit=3", "a b.jsonl", "--", "cat").limit == 3)
        #expect(complaints("a", "b", "--", "cat").first?.contains("'b' stands where an option was expected") == true)
        #expect(complaints("", "--", "cat").first?.contains("FILE is empty") == true)
    }

    @Test("each option has its place in the settings")
    func options() throws {
        let settings = try settings(
            "f", "-t", "orders", "--limit", "7", "--max-failures", "0", "--format", "json", "--max-attempts", "4",
            "--on-exhausted", "stop", "--mode", "batch", "--filter", "key == \"a\"", "--framing", "lines",
            "--protocol-fd", "3", "--log-level", "error", "--", "cat", environment: ["ACKPIPE_WORKERS": "3"])
        #expect(settings.topic == "orders" && settings.limit == 7 && settings.maxFailures == 0)
        #expect(settings.format == .json)
        #expect(settings.run.maxAttempts == 4 && settings.run.onExhausted == .stop && settings.run.mode == .batch)
        #expect(settings.run.filters.count == 1 && settings.run.framing == .lines && settings.run.protocolDescriptors)
        #expect(settings.run.workers == 3 && settings.run.logLevel == .error)
    }

    @Test("what is missing, unknown, contradictory or of brokers is told at once")
    func refusals() {
        #expect(complaints("--", "cat").first?.contains("no file is named") == true)
        #expect(complaints("f").first?.contains("no handler is named") == true)
        #expect(complaints("f", "-b", "localhost", "--", "cat").first?.contains("-b: unknown option") == true)
        #expect(complaints("f", "--dead-letter-topic", "d", "--", "cat").count == 1)
        #expect(complaints("f", "--on-exhausted", "dead-letter", "--", "cat").count == 1)
        #expect(complaints("f", "--bisect", "--", "cat").first?.contains("add --mode batch") == true)
        #expect(complaints("f", "--limit", "0", "--max-attempts", "x", "--", "cat").count == 2)
    }

    @Test("a file of run gives its options and its command; what it says of Kafka counts for nothing")
    func file() throws {
        let file = Tree.map(
            ("brokers", Tree.scalar("kafka:9092")), ("topics", Tree.list("orders")), ("group", Tree.scalar("g")),
            ("properties", Tree.map(("sasl.password", Tree.scalar("@/nowhere")))), ("mode", Tree.scalar("batch")),
            ("max-attempts", Tree.scalar("5")), ("on-exhausted", Tree.scalar("dead-letter")),
            ("dead-letter-topic", Tree.scalar("d")), ("log-level", Tree.scalar("warn")),
            ("record", Tree.scalar("r.jsonl")), ("command", Tree.list("python3", "h.py")))
        let settings = try settings("f", "--config", "c.yaml", "--workers", "2", file: file)
        #expect(
            settings.run.command == ["python3", "h.py"] && settings.run.mode == .batch && settings.run.workers == 2)
        #expect(settings.run.maxAttempts == 5 && settings.run.onExhausted == .skip && settings.run.logLevel == .warn)
        #expect(settings.run.brokers.isEmpty && settings.run.topics.isEmpty && settings.run.group == nil)
        #expect(settings.run.deadLetterTopic == nil && settings.run.properties.isEmpty && settings.run.record == nil)
        #expect(settings.topic == "replay")
        let own = try self.settings("f", "--config", "c.yaml", "--max-attempts", "2", "--", "cat", file: file)
        #expect(own.run.maxAttempts == 2 && own.run.command == ["cat"])
    }

    @Test("of a file with several services one is chosen")
    func services() throws {
        let file = Tree.map(
            ("order", Tree.scalar("key")),
            (
                "services",
                Tree.map(
                    ("billing", Tree.map(("command", Tree.list("b")), ("workers", Tree.scalar("2")))),
                    ("mail", Tree.map(("command", Tree.list("m")))))
            ))
        let settings = try settings("f", "--config", "c", "--service", "billing", file: file)
        #expect(settings.run.command == ["b"] && settings.run.workers == 2 && settings.run.order == .key)
        #expect(settings.run.service == "billing")
        #expect(complaints("f", "--config", "c", file: file).first?.contains("choose one of them") == true)
        #expect(
            complaints("f", "--config", "c", "--service", "x", file: file).first?.contains("no service 'x'") == true)
        #expect(
            complaints("f", "--config", "c", "--service", "mail", "--service", "billing", file: file).first?
                .contains("give --service once") == true)
        #expect(complaints("f", "--service", "x", "--", "cat").first?.contains("no services") == true)
    }
}
