import Testing

@testable import Configuration

@Suite struct DeadLetterTopicTests {
    @Test(
        "{topic} stands for the source's name",
        arguments: [
            ("{topic}.dlq", "orders.dlq"), ("dlq.{topic}", "dlq.orders"), ("a-{topic}_b", "a-orders_b"),
            ("dead", "dead"),
        ])
    func name(template: String, expected: String) throws {
        #expect(try DeadLetterTopic.check(template) == template)
        #expect(DeadLetterTopic.name(template, for: "orders") == expected)
    }

    @Test(
        "what makes no topic's name is refused",
        arguments: [
            "", "{topic}", "{topic}{topic}", "{topic}.{topic}", "{Topic}.dlq", "{group}", "{topic", "topic}", "{}",
            "a b",
            "{topic}/dlq", "{topic}.dlq,x", "..", "^dlq", String(repeating: "x", count: 250),
            "{topic}" + String(repeating: "x", count: 249),
        ])
    func refused(text: String) {
        #expect(throws: ValueProblem.self) { try DeadLetterTopic.check(text) }
    }

    @Test("the source's text is data, whatever it looks like")
    func sourceIsData() {
        #expect(DeadLetterTopic.name("{topic}.dlq", for: "{topic}") == "{topic}.dlq")
    }
}
