import Testing

@testable import Configuration

@Suite struct ConfigurationFileTests {
    private func complaints(_ services: Node) -> [String] {
        ConfigurationFile.read(Tree.map(("services", services)), path: "a.yaml").complaints.map(\.description)
    }

    @Test("keys beside services are shared, keys below a name are that service's")
    func scopes() throws {
        let tree = Tree.map(
            ("brokers", Tree.scalar("h:1")),
            ("services", Tree.map(("billing", Tree.map(("group", Tree.scalar("b")))), ("audit", Tree.scalar("")))))
        let file = ConfigurationFile.read(tree, path: "a.yaml")
        #expect(file.complaints.isEmpty)
        #expect(file.shared.values[.brokers]?.first?.value == .text("h:1"))
        let services = try #require(file.services)
        #expect(services.map(\.name) == ["billing", "audit"])
        #expect(services[0].layer.values[.group]?.first?.value == .text("b"))
        #expect(services[1].layer.values.isEmpty)
    }

    @Test("a file without services tells none apart")
    func none() {
        #expect(ConfigurationFile.read(Tree.map(("group", Tree.scalar("g"))), path: "a.yaml").services == nil)
    }

    @Test(
        "services must be a map with at least one name",
        arguments: [Tree.list("billing"), Tree.scalar("x"), Tree.map()])
    func shape(node: Node) {
        let found = complaints(node)
        #expect(found.count == 1)
        #expect(found.first?.contains("services: must be a map of names") == true, "\(found)")
    }

    @Test("a service must be a map of keys")
    func serviceShape() {
        #expect(
            complaints(Tree.map(("billing", Tree.list("group")))) == [
                "a.yaml:1:3: billing: must be a map of this service's keys, as in 'billing: {group: billing}'"
            ])
    }

    @Test("what a service cannot say for itself is refused with its place")
    func daemonWide() {
        let service = Tree.map(
            ("log-level", Tree.scalar("debug")), ("log_format", Tree.scalar("json")), ("services", Tree.map()),
            ("service", Tree.scalar("x")), ("config", Tree.scalar("b")), ("grop", Tree.scalar("g")))
        #expect(
            complaints(Tree.map(("billing", service))) == [
                "a.yaml:1:1: log-level holds for the whole daemon; move it to the top level of the file",
                "a.yaml:2:1: log_format holds for the whole daemon; move it to the top level of the file",
                "a.yaml:3:1: services stand at the top level of the file, not within one another",
                "a.yaml:4:1: a file cannot choose among services; use --service or ACKPIPE_SERVICE",
                "a.yaml:5:1: a file cannot name another one; use --config or ACKPIPE_CONFIG",
                "a.yaml:6:1: unknown key 'grop'; did you mean group?",
            ])
    }

    @Test("names of services are letters, digits, '.', '_' and '-'")
    func names() {
        for name in ["a", "Billing-2.eu_west", String(repeating: "x", count: 100)] {
            #expect(ConfiguredService.isName(name), "\(name)")
        }
        for name in ["", "a b", "ä", "a/b", "a,b", "a\n", String(repeating: "x", count: 101)] {
            #expect(!ConfiguredService.isName(name), "\(name)")
            #expect(complaints(Tree.map((name, Tree.scalar("")))).count == 1, "\(name)")
        }
    }
}
