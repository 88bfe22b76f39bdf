import Testing

@testable import Configuration

@Suite struct CommandLineTests {
    @Test("a minimal run has every documented default")
    func defaults() throws {
        let settings = try Fixture().run()
        #expect(settings.brokers == "localhost:9092")
        #expect(settings.topics == ["orders"])
        #expect(settings.group == "billing")
        #expect(settings.command == ["python3", "handler.py"])
        #expect(settings.mode == .message)
        #expect(settings.batchSize == 100)
        #expect(settings.batchLinger == .milliseconds(10))
        #expect(settings.batchBytes == 1 << 20)
        #expect(settings.workers == 1)
        #expect(settings.maxInFlight == 64)
        #expect(settings.maxTotalInFlight == 10_000)
        #expect(settings.maxInFlightBytes == 64 << 20)
        #expect(settings.maxFrameBytes == 64 << 20)
        #expect(settings.maxMemory == 128 << 20)
        #expect(settings.order == .partition)
        #expect(settings.keyFormat == .auto)
        #expect(settings.valueFormat == .auto)
        #expect(settings.framing == .length)
        #expect(!settings.protocolDescriptors)
        #expect(settings.ackTimeout == .seconds(300))
        #expect(settings.startTimeout == .seconds(30))
        #expect(settings.drainTimeout == .seconds(20))
        #expect(settings.revokeTimeout == .seconds(10))
        #expect(settings.cancelGrace == .seconds(5))
        #expect(settings.maxExtend == .seconds(3_600))
        #expect(settings.pingInterval == .seconds(30))
        #expect(settings.frameTimeout == .seconds(10))
        #expect(settings.from == .earliest)
        #expect(settings.outOfRange == .stop)
        #expect(!settings.exitAtEnd)
        #expect(settings.maxMessages == nil)
        #expect(settings.commitInterval == .seconds(1))
        #expect(settings.connectTimeout == nil)
        #expect(settings.retryBackoffInitial == .milliseconds(500))
        #expect(settings.retryBackoffMaximum == .seconds(30))
        #expect(settings.laneWindow == 1)
        #expect(settings.rate == nil)
        #expect(settings.filters == [])
        #expect(settings.stallTimeout == .seconds(120))
        #expect(!settings.ignoreCommitMetadata)
        #expect(!settings.bisect)
        #expect(settings.maxAttempts == nil)
        #expect(settings.retryBackoffFactor == 2)
        #expect(settings.retryJitterPercent == 20)
        #expect(settings.onExhausted == .stop)
        #expect(settings.deadLetterTopic == nil)
        #expect(settings.deadLetterMaxRate == nil)
        #expect(settings.deadLetterProperties == [])
        #expect(settings.logLevel == .info)
        #expect(settings.logFormat == .text)
    }

    @Test("a flag beats the environment, which beats the file, which beats the default")
    func precedence() throws {
        var fixture = Fixture()
        fixture.file = Tree.map(("workers", Tree.scalar("2")))
        fixture.environment = ["ACKPIPE_CONFIG": "a.yaml"]
        #expect(try fixture.run().workers == 2)
        fixture.environment["ACKPIPE_WORKERS"] = "3"
        #expect(try fixture.run().workers == 3)
        #expect(try fixture.run("--workers", "4").workers == 4)
    }

    @Test("properties are merged by name over flags, environment and file")
    func propertiesMerge() throws {
        var fixture = Fixture()
        fixture.file = Tree.map(
            ("properties", Tree.map(("client.id", Tree.scalar("file")), ("debug", Tree.scalar("cgrp")))))
        fixture.environment = ["ACKPIPE_CONFIG": "a.yaml", "ACKPIPE_PROPERTIES": "client.id=env,fetch.wait.max.ms=7"]
        let properties = try fixture.run("-X", "client.id=flag").properties
        #expect(
            properties == [
                Property(name: "client.id", value: "flag"), Property(name: "fetch.wait.max.ms", value: "7"),
                Property(name: "debug", value: "cgrp"),
            ])
    }

    @Test("everything can come from a file alone")
    func fileAlone() throws {
        var fixture = Fixture()
        fixture.file = Tree.map(
            ("brokers", Tree.list("a:1", "b:2")), ("topics", Tree.list("t1", "t2")), ("group", Tree.scalar("g")),
            ("batch_size", Tree.scalar("7")), ("exit-at-end", Tree.scalar("true")), ("command", Tree.list("cat", "-u")))
        let settings = try fixture.runExactly(["run", "--config", "a.yaml"])
        #expect(settings.brokers == "a:1,b:2")
        #expect(settings.topics == ["t1", "t2"])
        #expect(settings.batchSize == 7)
        #expect(settings.exitAtEnd)
        #expect(settings.command == ["cat", "-u"])
    }

    @Test("all problems of all sources are told at once, each with its place")
    func allAtOnce() {
        var fixture = Fixture()
        fixture.file = Tree.map(("grop", Tree.scalar("x")), ("workers", Tree.scalar("many", line: 2)))
        fixture.environment = ["ACKPIPE_GRUOP": "x"]
        let complaints = fixture.complaintsExactly([
            "run", "--wokrers", "3", "--ack-timeout", "5", "--config", "a.yaml",
        ])
        #expect(
            complaints == [
                "--wokrers: unknown option; did you mean --workers?",
                "--ack-timeout: '5' needs a unit; write a whole number and a unit (ms, s, m, h, d), as in 500ms, 30s, 1h30m",
                "ACKPIPE_GRUOP: unknown variable; did you mean ACKPIPE_GROUP? Unset it if it is not meant for ackpipe",
                "a.yaml:1:1: unknown key 'grop'; did you mean group?",
                "a.yaml:2:3: workers: 'many' is not a whole number",
                "-b/--brokers is required, as in -b localhost:9092",
                "no topic is named; give -t/--topic, --topic-pattern or --assign, as in -t orders",
                "no handler is named; write its command after --, as in -- python3 handler.py",
            ])
    }

    @Test("a file that cannot be opened is the fault of who named it, and nothing else is called missing")
    func unreadableFile() {
        #expect(
            Fixture().complaintsExactly(["run", "--config", "a.yaml"])
                == ["--config: cannot read 'a.yaml': No such file or directory"])
        var broken = Fixture()
        broken.fileProblem = FileProblem("is not valid YAML", at: Position(line: 4, column: 2))
        #expect(broken.complaintsExactly(["run", "--config=a.yaml"]) == ["a.yaml:4:2: is not valid YAML"])
    }

    @Test("no command at all shows the help as a failure")
    func noCommand() {
        guard case .failure(let complaints) = Fixture().resolve([]) else {
            Issue.record("an empty command line was accepted")
            return
        }
        #expect(complaints.list == [Complaint(.commandLine, "no command is given")])
        #expect(complaints.advice == HelpText.program)
    }

    @Test("an unknown command names the nearest one")
    func unknownCommand() {
        #expect(
            Fixture().complaintsExactly(["rnu"])
                == [
                    "'rnu': unknown command; did you mean run? The commands are: run, replay, demo, broker, frames, check, dead-letter replay"
                ]
        )
        #expect(
            Fixture().complaintsExactly(["-b"])
                == [
                    "'-b': unknown option; a command comes first. The commands are: run, replay, demo, broker, frames, check, dead-letter replay"
                ])
    }

    @Test("help and version are answered whatever else is wrong")
    func helpAndVersion() {
        #expect(Fixture().resolve(["--version"]) == .success(.version))
        #expect(Fixture().resolve(["run", "--rubbish", "--version"]) == .success(.version))
        #expect(Fixture().resolve(["--help"]) == .success(.help(HelpText.program)))
        #expect(Fixture().resolve(["help", "broker"]) == .success(.help(HelpText.command(.broker))))
        #expect(Fixture().resolve(["run", "--rubbish", "-h"]) == .success(.help(HelpText.command(.run))))
    }

    @Test("what follows -- is the handler's, help flags included")
    func afterTheDashes() throws {
        let settings = try Fixture().runExactly(Fixture.minimal + ["--", "tool", "--help", "--", "-b"])
        #expect(settings.command == ["tool", "--help", "--", "-b"])
    }

    @Test("broker and demo have settings of their own")
    func otherCommands() {
        #expect(
            Fixture().resolve(["broker", "--port", "9092", "-t", "orders:4", "--topic=refunds:1", "--load", "x.jsonl"])
                == .success(
                    .broker(
                        BrokerSettings(
                            port: 9092,
                            topics: [
                                NewTopic(name: "orders", partitions: 4), NewTopic(name: "refunds", partitions: 1),
                            ],
                            load: "x.jsonl", logLevel: .info, logFormat: .text))))
        #expect(
            Fixture().resolve(["demo", "--log-format", "json"])
                == .success(.demo(DemoSettings(messages: 200, command: [], logLevel: .info, logFormat: .json))))
        #expect(
            Fixture().complaintsExactly(["broker", "--", "cat"])
                == ["ackpipe broker runs no handler; leave out -- and what follows"])
    }
}
