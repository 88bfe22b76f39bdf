import Testing

@testable import Configuration

@Suite struct EnvironmentReaderTests {
    @Test("lists are separated by commas, and a comma within an item is escaped")
    func lists() throws {
        var fixture = Fixture()
        fixture.environment = [
            "ACKPIPE_BROKERS": "a:1,b:2", "ACKPIPE_TOPIC": "x,y", "ACKPIPE_GROUP": "g",
            "ACKPIPE_PROPERTIES": #"debug=cgrp\,topic,client.id=a\b"#,
        ]
        let settings = try fixture.runExactly(["run"] + Fixture.handler)
        #expect(settings.brokers == "a:1,b:2")
        #expect(settings.topics == ["x", "y"])
        #expect(
            settings.properties == [
                Property(name: "debug", value: "cgrp,topic"), Property(name: "client.id", value: #"a\b"#),
            ])
    }

    @Test("an empty variable counts as not set")
    func empty() throws {
        var fixture = Fixture()
        fixture.environment = ["ACKPIPE_WORKERS": ""]
        #expect(try fixture.run().workers == 1)
    }

    @Test("what is told to handlers, to tests, by Kubernetes and to other commands is left alone")
    func ignored() throws {
        var fixture = Fixture()
        fixture.environment = [
            "ACKPIPE_FRAMING": "lines", "ACKPIPE_PROTOCOL_FDS": "3,4", "ACKPIPE_TEST_SEED": "1",
            "ACKPIPE_SERVICE_HOST": "10.0.0.1", "ACKPIPE_SERVICE_PORT_HTTP": "80", "ACKPIPE_PORT": "tcp://10.0.0.1:80",
            "ACKPIPE_PORT_80_TCP": "x", "ACKPIPE_BROKER_PORT": "rubbish", "HOME": "/",
        ]
        #expect(try fixture.run().framing == .length)
        fixture.environment["ACKPIPE_RUN_FRAMING"] = "lines"
        #expect(try fixture.run().framing == .lines)
    }

    @Test("a command in the environment is refused with the reason")
    func command() {
        var fixture = Fixture()
        fixture.environment = ["ACKPIPE_COMMAND": "cat -u"]
        let complaints = fixture.complaints()
        #expect(complaints.count == 1)
        #expect(complaints.first?.hasPrefix("ACKPIPE_COMMAND: a command cannot come from the environment") == true)
    }

    @Test("no variable that is told to handlers is read as configuration")
    func disjoint() {
        let read = Set(OptionTable.all.map(\.environmentName))
        #expect(read.isDisjoint(with: ["ACKPIPE_FRAMING", "ACKPIPE_PROTOCOL_FDS"]))
    }
}
