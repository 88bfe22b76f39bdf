import Testing

@testable import Configuration

/// Who wins where an address is one of several voices, and what is missing beside it.
@Suite struct AddressLayersTests {
    private func fixture(_ pairs: (String, Node)...) -> Fixture {
        var fixture = Fixture()
        let entries = pairs.enumerated().map { index, pair in
            Node.Entry(key: pair.0, keyPosition: Position(line: index + 1, column: 1), value: pair.1)
        }
        fixture.file = Node(.mapping(entries), at: Position(line: 1, column: 1))
        return fixture
    }

    private let short = "h:1?topics=t&group=g&strategy=range&initial=oldest&isolationLevel=ReadCommitted"

    @Test("flags and variables beat an address, whatever named it")
    func flagsWin() throws {
        var fixture = Fixture()
        fixture.environment = ["ACKPIPE_ADDRESS": short + "&batch=5&maxRetry=1", "ACKPIPE_MAX_ATTEMPTS": "9"]
        let settings = try fixture.runExactly(["run", "-t", "own", "--batch-size", "6"] + Fixture.handler)
        #expect(settings.topics == ["own"])
        #expect(settings.batchSize == 6)
        #expect(settings.maxAttempts == 9)
        #expect(settings.group == "g")
        #expect(settings.notices == [])
        let both = try fixture.runExactly(["run", "--address", "f:1?topics=x&group=y&maxRetry=1"] + Fixture.handler)
        #expect(both.brokers == "f:1")
        #expect(both.maxAttempts == 9)
    }

    @Test("an address is a key of the file like any other")
    func inFile() throws {
        var fixture = fixture(
            ("address", Tree.scalar(short)), ("command", Tree.list("cat")), ("workers", Tree.scalar("3")))
        let settings = try fixture.runExactly(["run", "--config", "a.yaml"])
        #expect(settings.topics == ["t"])
        #expect(settings.workers == 3)
        fixture.environment = ["ACKPIPE_GROUP": "mine"]
        #expect(try fixture.runExactly(["run", "--config", "a.yaml"]).group == "mine")
    }

    @Test("what the file and the address say differently is a complaint, unless a flag decides")
    func conflicts() throws {
        let fixture = fixture(
            ("address", Tree.scalar(short + "&user=u&password=p&mechanism=PLAIN&protocol=SASL_SSL")),
            ("group", Tree.scalar("other")), ("topics", Tree.list("t")), ("command", Tree.list("cat")),
            (
                "properties",
                Tree.map(
                    ("sasl.mechanisms", Tree.scalar("SCRAM-SHA-256")), ("sasl.password", Tree.scalar("hunter2")),
                    ("sasl.username", Tree.scalar("u")))
            ))
        let found = fixture.complaintsExactly(["run", "--config", "a.yaml"])
        #expect(
            found == [
                "a.yaml:1:3: group: the address (a.yaml:1:3) says something else; keep one of them",
                "a.yaml:2:1: sasl.password: the address (a.yaml:1:3) says something else; keep one of them",
                "a.yaml:1:1: sasl.mechanisms: the address (a.yaml:1:3) says something else; keep one of them",
            ])
        let settings = try fixture.runExactly([
            "run", "--config", "a.yaml", "-g", "mine", "-X", "sasl.password=q", "-X", "sasl.mechanism=PLAIN",
        ])
        #expect(settings.group == "mine")
        #expect(settings.properties.filter { $0.name.hasPrefix("sasl.mechanism") }.count == 1)
    }

    @Test("the file beats what tRPC-Go does where the address is silent")
    func silence() throws {
        let fixture = fixture(
            ("address", Tree.scalar(short + "&batch=5")), ("command", Tree.list("cat")),
            ("batch-linger", Tree.scalar("7ms")),
            ("retry-backoff", Tree.scalar("1s..2s")), ("properties", Tree.map(("client.id", Tree.scalar("me")))))
        let settings = try fixture.runExactly(["run", "--config", "a.yaml"])
        #expect(settings.batchLinger == .milliseconds(7))
        #expect(settings.retryBackoffMaximum == .seconds(2))
        #expect(settings.properties.first { $0.name == "client.id" }?.value == "me")
    }

    @Test("signing in needs a user, a password and a mechanism, wherever they come from")
    func credentials() throws {
        let fixture = Fixture()
        func complaints(_ more: String, _ flags: String...) -> [String] {
            fixture.complaintsExactly(["run", "--address", short + "&" + more] + flags + Fixture.handler)
        }
        #expect(
            complaints("user=u") == [
                "--address: password: is missing, and signing in needs it; add password=... or -X sasl.password=@FILE",
                "--address: mechanism: is missing, and signing in needs it; add mechanism=...: SCRAM-SHA-256, SCRAM-SHA-512 or PLAIN",
            ])
        #expect(complaints("protocol=sasl_ssl").count == 3)
        #expect(complaints("protocol=sasl_ssl", "-X", "sasl.mechanisms=OAUTHBEARER") == [])
        #expect(complaints("user=u&mechanism=PLAIN", "-X", "sasl.password=hunter2") == [])
        for plain in ["SSL", "plaintext"] {
            let found = complaints("user=u&password=hunter2&mechanism=PLAIN&protocol=\(plain)")
            #expect(found.count == 1 && found[0].contains("has no place for user, password, mechanism"), "\(found)")
            #expect(!found.joined().contains("hunter2"))
        }
    }

    @Test("credentials never cross the network unencrypted without a word, nor stand on the command line")
    func exposure() throws {
        var fixture = Fixture()
        let address = short + "&user=u&password=hunter2&mechanism=PLAIN"
        let notices = try fixture.runExactly(["run", "--address", address] + Fixture.handler).notices
        #expect(notices.count == 2 && notices.allSatisfy { $0.weight == .warning }, "\(notices)")
        #expect(notices.contains { $0.message.contains("unencrypted") })
        #expect(notices.contains { $0.message.contains("ACKPIPE_ADDRESS") })
        fixture.environment = ["ACKPIPE_ADDRESS": address + "&protocol=SASL_SSL"]
        let settings = try fixture.runExactly(["run"] + Fixture.handler)
        #expect(settings.notices == [])
        #expect(!"\(settings)".contains("hunter2"))
        fixture.environment = ["ACKPIPE_ADDRESS": address]
        let encrypted = try fixture.runExactly(["run", "-X", "security.protocol=SASL_SSL"] + Fixture.handler)
        #expect(encrypted.notices == [])
        #expect(encrypted.properties.filter { $0.name == "security.protocol" }.map(\.value) == ["SASL_SSL"])
    }

    @Test("everything wrong with an address is told at once, beside what else is wrong")
    func allAtOnce() {
        let found = Fixture().complaintsExactly([
            "run", "--address", "h:1?topics=a,&batch=x&grup=g&maxRetry=y", "--workers", "0",
        ])
        #expect(
            found == [
                "--workers: 0 is out of range; 1 to 1000 is allowed",
                "--address: unknown key 'grup'; did you mean group?",
                "--address: topics: holds an empty name, to which tRPC-Go would subscribe; write TOPIC[,TOPIC...]",
                "--address: batch: 'x' is not a whole number", "--address: maxRetry: 'y' is not a whole number",
                "-g/--group is required with -t and --topic-pattern; use --assign to read partitions without a group",
                "no handler is named; write its command after --, as in -- python3 handler.py",
            ])
    }

    @Test("a producer's topic, and an address that a shell has cut, are recognised")
    func likelyMistakes() {
        let topic = Fixture().complaintsExactly(["run", "--address", "h:1?topic=a&group=g"] + Fixture.handler)
        #expect(topic.first == "--address: topic: is the key of producers; a consumer's is topics", "\(topic)")
        let cut = Fixture().complaintsExactly(["run", "--address", "h:1?topics=a"] + Fixture.handler)
        #expect(
            cut.first
                == "--address: names no group; in a shell it stands within quotes, since an '&' ends a command there")
        #expect((try? Fixture().runExactly(["run", "--address", "h:1?topics=a", "-g", "g"] + Fixture.handler)) != nil)
    }
}
