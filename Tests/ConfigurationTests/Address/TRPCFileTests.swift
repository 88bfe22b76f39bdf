import Testing

@testable import Configuration

@Suite struct TRPCFileTests {
    private func entry(_ pairs: (String, String)...) -> Node {
        let entries = pairs.enumerated().map { index, pair in
            Node.Entry(
                key: pair.0, keyPosition: Position(line: index + 1, column: 5),
                value: Tree.scalar(pair.1, line: index + 1))
        }
        return Node(.mapping(entries), at: Position(line: 9, column: 7))
    }

    private func file(_ entries: [Node], server: [(String, Node)] = [], others: [(String, Node)] = []) -> Node {
        let list = Node(.sequence(entries), at: Position(line: 8, column: 5))
        func member(_ pair: (String, Node)) -> Node.Entry {
            Node.Entry(key: pair.0, keyPosition: Position(line: 20, column: 1), value: pair.1)
        }
        let server = Node(
            .mapping(server.map(member) + [member(("service", list))]), at: Position(line: 7, column: 3))
        return Node(.mapping(others.map(member) + [member(("server", server))]), at: Position(line: 1, column: 1))
    }

    private func translated(_ tree: Node, _ environment: [String: String] = [:]) throws -> TRPCFile {
        try #require(TRPCFile(tree, path: "trpc_go.yaml", environment: environment))
    }

    private func services(_ file: TRPCFile) -> [String: [String: String]] {
        guard case .mapping(let top) = file.tree.content,
            case .mapping(let services)? = top.first(where: { $0.key == "services" })?.value.content
        else { return [:] }
        return services.reduce(into: [:]) { result, service in
            guard case .mapping(let members) = service.value.content else { return }
            result[service.key] = members.reduce(into: [:]) { keys, member in
                if case .scalar(let text, _) = member.value.content {
                    keys[member.key] = text
                } else {
                    keys[member.key] = ""
                }
            }
        }
    }

    private let kafka = ("protocol", "kafka")

    @Test("a file of ackpipe's own is left alone")
    func own() {
        #expect(TRPCFile(Tree.map(("group", Tree.scalar("g"))), path: "a", environment: [:]) == nil)
        #expect(TRPCFile(Tree.map(("server", Tree.map(("app", Tree.scalar("g"))))), path: "a", environment: [:]) == nil)
        #expect(TRPCFile(Tree.scalar(""), path: "a", environment: [:]) == nil)
    }

    @Test("each entry with protocol kafka is a service with its address and its time-out")
    func entries() throws {
        let file = try translated(
            file([
                entry(("name", "one"), ("address", "a:1?topics=t&group=g"), kafka, ("timeout", "1000")),
                entry(("name", "two"), ("address", "b:1?topics=t&group=h"), kafka, ("timeout", "0")),
                entry(("name", "web"), ("protocol", "http")), entry(("name", "rpc")),
            ]))
        #expect(file.complaints == [])
        #expect(
            services(file) == [
                "one": ["address": "a:1?topics=t&group=g", "ack-timeout": "1000ms"],
                "two": ["address": "b:1?topics=t&group=h"],
            ])
        let messages = file.notices.map(\.message)
        #expect(messages.count == 2, "\(messages)")
        #expect(messages.contains { $0.hasPrefix("timeout: one: ") })
        #expect(messages.contains { $0.hasSuffix("left out: web (http), rpc (trpc)") })
    }

    @Test("protocol and time-out of the server hold where an entry has none")
    func serverDefaults() throws {
        let file = try translated(
            file(
                [entry(("name", "one"), ("address", "a:1?x")), entry(("name", "two"), ("protocol", "trpc"))],
                server: [("protocol", Tree.scalar("kafka")), ("timeout", Tree.scalar("2500"))]))
        #expect(services(file) == ["one": ["address": "a:1?x", "ack-timeout": "2500ms"]])
    }

    @Test("keys without a meaning here are listed once")
    func ignored() throws {
        let file = try translated(
            file(
                [
                    entry(("name", "a"), ("address", "x"), kafka, ("network", "tcp"), ("nic", "eth1")),
                    entry(("name", "b"), ("address", "y"), kafka, ("network", "tcp"), ("port", "1")),
                ],
                others: [
                    (
                        "plugins",
                        Tree.map(("database", Tree.map(("kafka", Tree.map(("rewrite_log", Tree.scalar("true")))))))
                    )
                ]))
        let messages = file.notices.map(\.message)
        #expect(messages.contains("keys of server.service that mean nothing to a consumer: network, nic, port"))
        #expect(messages.contains { $0.hasPrefix("plugins.database.kafka has no effect") })
        #expect(messages.count == 2)
    }

    @Test("environment variables are filled in as tRPC-Go does it, and one that is not set is named")
    func environment() throws {
        let tree = file([
            entry(("name", "one"), ("address", "${HOSTS}?user=$u&password=${PW}&group=${"), kafka)
        ])
        let file = try translated(tree, ["HOSTS": "a:1", "PW": "s3cret"])
        #expect(services(file)["one"]?["address"] == "a:1?user=$u&password=s3cret&group=${")
        #expect(
            try translated(tree, ["PW": "s3cret"]).complaints.map(\.description)
                == ["trpc_go.yaml:2:3: the environment variable 'HOSTS' is not set"])
    }

    @Test("the section ackpipe adds what tRPC-Go has no words for")
    func section() throws {
        let file = try translated(
            file(
                [
                    entry(("name", "one"), ("address", "x"), kafka, ("timeout", "1000")),
                    entry(("name", "two"), ("address", "y"), kafka),
                ],
                others: [
                    (
                        "ackpipe",
                        Tree.map(
                            ("workers", Tree.scalar("3")), ("command", Tree.list("cat")),
                            (
                                "services",
                                Tree.map(
                                    ("one", Tree.map(("ack_timeout", Tree.scalar("9s")), ("command", Tree.list("tac"))))
                                )
                            ))
                    )
                ]))
        #expect(file.complaints == [])
        guard case .mapping(let top) = file.tree.content else { return #expect(Bool(false), "no map") }
        #expect(top.map(\.key) == ["workers", "command", "services"])
        #expect(
            services(file) == ["one": ["address": "x", "ack_timeout": "9s", "command": ""], "two": ["address": "y"]])
    }

    @Test("mistakes are told with their places, all at once")
    func mistakes() throws {
        let file = try translated(
            file(
                [
                    entry(("name", "one"), ("adress", "x"), kafka), entry(("address", "x"), kafka), Tree.scalar("x"),
                    entry(("name", "two"), ("address", "x"), kafka, ("timeout", "1s")),
                    entry(("name", "two"), ("address", "x"), kafka),
                ],
                others: [
                    (
                        "ackpipe",
                        Tree.map(
                            (
                                "services",
                                Tree.map(("tow", Tree.map()), ("two", Tree.map(("address", Tree.scalar("z")))))
                            ))
                    )
                ]))
        #expect(
            file.complaints.map(\.description) == [
                "trpc_go.yaml:9:7: server.service: an entry with protocol kafka needs address; is 'adress' a typing mistake for it?",
                "trpc_go.yaml:9:7: server.service: an entry with protocol kafka needs name",
                "trpc_go.yaml:1:3: server.service: an entry must be a map with name, protocol and address",
                "trpc_go.yaml:4:3: timeout: '1s' is not a number of milliseconds of 0 or more",
                "trpc_go.yaml:9:7: server.service: two entries are called 'two'; ackpipe tells services by name",
                "trpc_go.yaml:1:1: ackpipe: server.service has no entry 'tow' with protocol: kafka; did you mean two?",
                "trpc_go.yaml:1:1: address stands in the entry of server.service; remove it here",
            ])
    }

    @Test("a file without a Kafka consumer says what it has instead")
    func none() throws {
        let http = try translated(file([entry(("name", "web"), ("protocol", "http"))]))
        #expect(
            http.complaints.map(\.description)
                == ["trpc_go.yaml:8:5: server.service has no entry with protocol: kafka; there are: web (http)"])
        let misspelt = try translated(
            file([entry(("name", "a"), ("address", "x"), kafka)], others: [("ackpip", Tree.map())]))
        #expect(misspelt.complaints.map(\.message) == ["unknown key 'ackpip'; did you mean ackpipe?"])
    }

    @Test("the file runs as the services that it describes")
    func resolved() throws {
        var fixture = Fixture()
        fixture.environment = ["HOSTS": "a:1"]
        fixture.file = file(
            [
                entry(
                    ("name", "trpc.one"), ("address", "${HOSTS}?topics=t&group=g&batch=10"), kafka, ("timeout", "1500")),
                entry(("name", "two"), ("address", "b:1?topics=t&group=h"), kafka), entry(("name", "web")),
            ], others: [("ackpipe", Tree.map(("command", Tree.list("cat")), ("workers", Tree.scalar("3"))))])
        let services = try fixture.services(["run", "--config", "trpc_go.yaml"])
        #expect(services.map(\.service) == ["trpc.one", "two"])
        #expect(services.map(\.brokers) == ["a:1", "b:1"])
        #expect(services.map(\.mode) == [.batch, .message])
        #expect(services.map(\.ackTimeout) == [.milliseconds(1_500), .seconds(300)])
        #expect(services.map(\.workers) == [3, 3])
        #expect(services.allSatisfy { $0.notices.contains { $0.message.contains("web (trpc)") } })
        let one = try fixture.services(["run", "--config", "a", "--service", "two", "--workers", "1", "--", "tac"])
        #expect(one.map(\.service) == ["two"])
        #expect(one[0].command == ["tac"])
    }

    @Test("what is wrong in one entry's address is told with its service and its place, beside the others'")
    func addressComplaints() {
        var fixture = Fixture()
        fixture.file = file([
            entry(("name", "one"), ("address", "a:1?topics=t&grup=g"), kafka),
            entry(("name", "two"), ("address", "b:1?topics=t&group=h&batch=x"), kafka),
        ])
        #expect(
            fixture.complaintsExactly(["run", "--config", "trpc_go.yaml", "--address", "c:1?topics=t&group=g"]) == [
                "--address: would be given to several services at once (one, two); choose one of them with --service NAME, or "
                    + "write it in the file",
                "no handler is named; give its key command, as in command: [python3, handler.py]",
            ])
        #expect(
            fixture.complaintsExactly(["run", "--config", "trpc_go.yaml"]) == [
                "trpc_go.yaml:2:3: service one: address: unknown key 'grup'; did you mean group?",
                "service one: -g/--group is required with -t and --topic-pattern; use --assign to read partitions without a group",
                "no handler is named; give its key command, as in command: [python3, handler.py]",
                "trpc_go.yaml:2:3: service two: address: batch: 'x' is not a whole number",
            ])
    }

    @Test("where an entry is broken, nothing is called missing that it might have said")
    func broken() {
        var fixture = Fixture()
        fixture.file = file([entry(("name", "one"), ("adress", "x"), kafka)])
        #expect(fixture.complaintsExactly(["run", "--config", "trpc_go.yaml"] + Fixture.handler).count == 1)
    }
}
