import Testing

@testable import Configuration

@Suite struct ServiceOverlapTests {
    /// The complaints about two services of one group, or of the groups given.
    private func found(
        _ first: [(String, Node)], _ second: [(String, Node)], groups: (String, String) = ("g", "g")
    ) -> [String] {
        var fixture = Fixture(matches: { $0 == "^orders.*" && $1.hasPrefix("orders") })
        fixture.environment = ["ACKPIPE_CONFIG": "a.yaml"]
        fixture.file = Tree.map(
            ("brokers", Tree.scalar("h:1,h:2")), ("command", Tree.list("cat")),
            (
                "services",
                Tree.map(
                    ("a", Tree.map(entries: [("group", Tree.scalar(groups.0))] + first)),
                    ("b", Tree.map(entries: [("group", Tree.scalar(groups.1))] + second)))
            ))
        return fixture.complaintsExactly(["run"])
    }

    private func topics(_ text: String) -> (String, Node) { ("topics", Tree.list(text)) }

    @Test("one group that reads a topic for two handlers is refused")
    func topic() {
        #expect(
            found([topics("orders")], [topics("orders")]) == [
                "a.yaml:2:1: the services 'a' and 'b' are both members of the group 'g' and both read the topic 'orders': each "
                    + "would get a part of its records; give them different groups or different topics"
            ])
    }

    @Test("different groups, topics or clusters do not overlap")
    func apart() {
        #expect(found([topics("orders")], [topics("refunds")]) == [])
        #expect(found([topics("orders")], [topics("orders")], groups: ("g", "h")) == [])
        #expect(found([topics("orders")], [topics("orders"), ("brokers", Tree.scalar("other:1"))]) == [])
        #expect(found([topics("orders")], [topics("orders"), ("brokers", Tree.scalar("h:2"))]).count == 1)
    }

    @Test("a pattern overlaps with a topic that it takes in, and with itself")
    func pattern() {
        let pattern = ("topic-pattern", Tree.scalar("orders.*"))
        #expect(found([pattern], [topics("orders-eu")]).count == 1)
        #expect(found([topics("orders-eu")], [pattern]).count == 1)
        #expect(found([pattern], [topics("refunds")]) == [])
        #expect(found([pattern], [pattern]).count == 1)
    }

    @Test("assignments overlap by partition, and with a subscription by topic")
    func assignments() {
        func assign(_ text: String) -> (String, Node) { ("assign", Tree.list(text)) }
        #expect(found([assign("t:0")], [assign("t:1")]) == [])
        #expect(found([assign("t:0")], [assign("t:0@5")]).count == 1)
        #expect(found([assign("t:0")], [topics("t")]).count == 1)
    }

    @Test("a member's name is one member's only, within a group")
    func instance() {
        let member = ("properties", Tree.map(("group.instance.id", Tree.scalar("host-1"))))
        let same = found([topics("x"), member], [topics("y"), member])
        #expect(same.count == 1)
        #expect(same.first?.contains("group.instance.id=host-1") == true, "\(same)")
        #expect(found([topics("x"), member], [topics("y"), member], groups: ("g", "h")) == [])
    }
}
