import Testing

@testable import Configuration

@Suite struct ServicesResolutionTests {
    /// Two services that are complete together with the top level.
    private func fixture(
        shared: [(String, Node)] = [], billing: [(String, Node)] = [], audit: [(String, Node)] = []
    ) -> Fixture {
        let base = [("brokers", Tree.scalar("h:1")), ("topics", Tree.list("orders"))]
        var fixture = Fixture()
        fixture.file = Tree.map(
            entries: base + shared + [
                (
                    "services",
                    Tree.map(entries: [
                        (
                            "billing",
                            Tree.map(entries: [("group", Tree.scalar("b")), ("command", Tree.list("cat"))] + billing)
                        ),
                        (
                            "audit",
                            Tree.map(entries: [("group", Tree.scalar("a")), ("command", Tree.list("tee"))] + audit)
                        ),
                    ])
                )
            ])
        fixture.environment = ["ACKPIPE_CONFIG": "a.yaml"]
        return fixture
    }

    @Test("each service has its own keys, and the top level's where it says nothing else")
    func merge() throws {
        let fixture = fixture(
            shared: [("workers", Tree.scalar("3")), ("mode", Tree.scalar("batch"))],
            audit: [("workers", Tree.scalar("5")), ("topics", Tree.list("refunds"))])
        let services = try fixture.services(["run"])
        #expect(services.map(\.service) == ["billing", "audit"])
        #expect(services.map(\.group) == ["b", "a"])
        #expect(services.map(\.topics) == [["orders"], ["refunds"]])
        #expect(services.map(\.workers) == [3, 5])
        #expect(services.map(\.mode) == [.batch, .batch])
        #expect(services.map(\.command) == [["cat"], ["tee"]])
    }

    @Test("a flag beats the environment, which beats the service, which beats the top level, which beats the default")
    func precedence() throws {
        func workers(_ fixture: Fixture, _ more: String...) throws -> [Int] {
            try fixture.services(["run"] + more).map(\.workers)
        }
        #expect(try workers(fixture()) == [1, 1])
        let shared = [("workers", Tree.scalar("2"))]
        #expect(try workers(fixture(shared: shared)) == [2, 2])
        var fixture = fixture(shared: shared, billing: [("workers", Tree.scalar("3"))])
        #expect(try workers(fixture) == [3, 2])
        fixture.environment["ACKPIPE_WORKERS"] = "4"
        #expect(try workers(fixture) == [4, 4])
        #expect(try workers(fixture, "--workers", "5") == [5, 5])
    }

    @Test("properties are merged by name over all of these")
    func properties() throws {
        func map(_ pairs: [(String, String)]) -> (String, Node) {
            ("properties", Tree.map(entries: pairs.map { ($0.0, Tree.scalar($0.1)) }))
        }
        let fixture = fixture(
            shared: [map([("client.id", "shared"), ("debug", "cgrp")])], billing: [map([("client.id", "own")])])
        let services = try fixture.services(["run", "-X", "fetch.wait.max.ms=7"])
        #expect(
            services.map { $0.properties.map(\.description) } == [
                ["fetch.wait.max.ms=7", "client.id=own", "debug=cgrp"],
                ["fetch.wait.max.ms=7", "client.id=shared", "debug=cgrp"],
            ])
    }

    @Test("without services there is one, without a name")
    func unnamed() throws {
        #expect(try Fixture().run().service == nil)
    }

    @Test("--service chooses, in the file's order; the environment can too")
    func choose() throws {
        var fixture = fixture()
        #expect(try fixture.services(["run", "--service", "audit"]).map(\.service) == ["audit"])
        #expect(
            try fixture.services(["run", "--service", "audit", "--service", "billing"]).map(\.service)
                == ["billing", "audit"])
        fixture.environment["ACKPIPE_SERVICE"] = "billing"
        #expect(try fixture.services(["run"]).map(\.service) == ["billing"])
        #expect(try fixture.services(["run", "--service=audit"]).map(\.service) == ["audit"])
    }

    @Test("a service that the file does not have is named, with the nearest one and all that it has")
    func unknown() {
        #expect(
            fixture().complaintsExactly(["run", "--service", "biling"]) == [
                "--service: the file has no service 'biling'; did you mean billing? its services are: billing, audit"
            ])
        #expect(
            fixture().complaintsExactly(["run", "--service", "zzzzzzzz"])
                == ["--service: the file has no service 'zzzzzzzz'; its services are: billing, audit"])
        #expect(
            Fixture().complaints("--service", "billing") == [
                "--service: there are no services to choose from: it takes a file (--config) with the key 'services'"
            ])
    }

    @Test("what can belong to one service only is refused for several, and allowed for one")
    func oneOnly() throws {
        var fixture = fixture()
        fixture.environment["ACKPIPE_GROUP"] = "g"
        #expect(
            fixture.complaintsExactly(["run", "-t", "refunds", "--", "cat"]) == [
                "-t: would be given to several services at once (billing, audit); choose one of them with --service NAME, or "
                    + "write it in the file",
                "ACKPIPE_GROUP: would be given to several services at once (billing, audit); choose one of them with --service "
                    + "NAME, or write it in the file",
                "the command after -- would be the handler of several services (billing, audit); choose one of them with "
                    + "--service NAME, or write it in the file",
            ])
        let one = try fixture.services(["run", "-t", "refunds", "--service", "audit", "--", "wc"])
        #expect(one.map(\.topics) == [["refunds"]])
        #expect(one.map(\.group) == ["g"])
        #expect(one.map(\.command) == [["wc"]])
    }

    @Test("what is wrong with every service is told once, what is wrong with one is told with its name")
    func complaints() {
        var fixture = fixture()
        fixture.file = Tree.map(
            ("group", Tree.scalar("g")),
            (
                "services",
                Tree.map(
                    ("a", Tree.map(("command", Tree.list("cat")), ("bisect", Tree.scalar("true")))), ("b", Tree.map()))
            ))
        #expect(
            fixture.complaintsExactly(["run"]) == [
                "-b/--brokers is required, as in -b localhost:9092",
                "no topic is named; give -t/--topic, --topic-pattern or --assign, as in -t orders",
                "a.yaml:1:3: service a: bisect halves batches, and the mode is message; add --mode batch",
                "service b: no handler is named; give its key command, as in command: [python3, handler.py]",
            ])
    }

    @Test("a service that is not chosen is checked no further than its own keys")
    func notChosen() throws {
        let broken = fixture(audit: [("bisect", Tree.scalar("true"))])
        #expect(broken.complaintsExactly(["run"]).count == 1)
        #expect(try broken.services(["run", "--service", "billing"]).count == 1)
        let wrong = fixture(audit: [("workers", Tree.scalar("many"))])
        #expect(wrong.complaintsExactly(["run", "--service", "billing"]).count == 1)
    }

    @Test("services share the budget of memory evenly, but for those with one of their own")
    func memory() throws {
        func budgets(_ fixture: Fixture, _ more: String...) throws -> [Int] {
            try fixture.services(["run"] + more).map { $0.maxMemory >> 20 }
        }
        #expect(try budgets(fixture()) == [64, 64])
        #expect(try budgets(fixture(shared: [("max-memory", Tree.scalar("512MiB"))])) == [256, 256])
        let own = fixture(billing: [("max-memory", Tree.scalar("512MiB"))])
        #expect(try budgets(own) == [512, 128])
        #expect(try budgets(own, "--max-memory", "256MiB") == [128, 128])
        #expect(try budgets(own, "--service", "audit") == [128])
        #expect(try fixture().services(["run"]).map(\.maxInFlightBytes) == [32 << 20, 32 << 20])
    }

    @Test("a share of memory that is too small is refused with what would do, and told once")
    func smallShare() {
        #expect(
            fixture(shared: [("max-memory", Tree.scalar("24MiB"))]).complaintsExactly(["run"]) == [
                "a.yaml:1:3: max-memory 24MiB is less than 16MiB for each of the 2 services that share it; raise it to 32MiB, or "
                    + "run fewer of them with --service"
            ])
        #expect(
            fixture(shared: [("max-in-flight-bytes", Tree.scalar("40MiB"))]).complaintsExactly(["run"]) == [
                "a.yaml:1:3: max-in-flight-bytes 40MiB is over half of a service's share of max-memory (128MiB over 2 services); "
                    + "raise --max-memory to 160MiB or lower --max-in-flight-bytes"
            ])
    }

    @Test("many services have the least that one can do with each, where nobody set a budget")
    func manyServices() throws {
        var fixture = Fixture()
        fixture.environment = ["ACKPIPE_CONFIG": "a.yaml"]
        let services = (0..<20).map { ("s\($0)", Tree.map(("group", Tree.scalar("g\($0)")))) }
        fixture.file = Tree.map(
            ("brokers", Tree.scalar("h")), ("topics", Tree.list("t")), ("command", Tree.list("cat")),
            ("services", Tree.map(entries: services)))
        #expect(try fixture.services(["run"]).map(\.maxMemory) == Array(repeating: 16 << 20, count: 20))
    }
}
