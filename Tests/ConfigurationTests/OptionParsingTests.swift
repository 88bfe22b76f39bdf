import Testing

@testable import Configuration

@Suite struct OptionParsingTests {
    @Test(
        "values that do not fit their option are refused with the remedy",
        arguments: [
            (
                "--order", "kye",
                "'kye' is not a value of this option; use one of: partition, key, none; did you mean key?"
            ),
            ("--lane-window", "1001", "1001 is out of range; 1 to 1000 is allowed"),
            ("--max-attempts", "0", "0 is out of range; 1 to 1000000 is allowed"),
            ("--retry-backoff-factor", "0.5", "0.5 is out of range; 1 to 10 is allowed"),
            ("--retry-backoff-factor", "2,5", "'2,5' is not a decimal number, as in 1.5"),
            ("--retry-jitter", "101%", "101% is out of range; 0% to 100% is allowed"),
            ("--retry-jitter", "some", "'some' is not a percentage, as in 20%"),
            (
                "--on-exhausted", "drop",
                "'drop' is not a value of this option; use one of: dead-letter, skip, stop; did you mean stop?"
            ),
            (
                "--rate", "5",
                "'5' is not a rate; write N/s, N/m or N/h and, where wanted, :BURST, as in 100/s or 0.5/s:10"
            ),
            ("--filter", "", "is empty"),
            (
                "--stall-timeout", "120",
                "'120' needs a unit; write a whole number and a unit (ms, s, m, h, d), as in 500ms, 30s, 1h30m"
            ),
            (
                "--dead-letter-topic", "{topic}",
                "'{topic}' is the topic that the record came from, and its dead letters would be consumed again; write a name of its own, as in {topic}.dlq"
            ),
            (
                "--mode", "btach",
                "'btach' is not a value of this option; use one of: message, batch; did you mean batch?"
            ),
            ("--protocol-fd", "5", "'5' is not a value of this option; only 3 is accepted"),
            ("--workers", "0", "0 is out of range; 1 to 1000 is allowed"),
            ("--ack-timeout", "0s", "0s is out of range; 1ms to 1d is allowed"),
            ("--max-frame-bytes", "128MiB", "128MiB is out of range; 1KiB to 134217727B is allowed"),
            ("--retry-backoff", "2s..1s", "'2s..1s' begins above its maximum; write the smaller one first"),
            ("--retry-backoff", "2s", "'2s' is not a pair of durations; write INITIAL..MAXIMUM, as in 500ms..30s"),
            ("--from", "erliest", "'erliest' is neither earliest, latest nor a point in time; did you mean earliest?"),
            ("--max-messages", "x", "'x' is not a whole number"),
        ])
    func refused(flag: String, value: String, message: String) {
        #expect(Fixture().complaints(flag, value) == ["\(flag): \(message)"])
    }

    @Test("flags take true and false where they take a value")
    func flags() throws {
        #expect(try Fixture().run("--exit-at-end").exitAtEnd)
        #expect(try !Fixture().run("--exit-at-end=false").exitAtEnd)
        #expect(Fixture().complaints("--exit-at-end=yes") == ["--exit-at-end: 'yes' is neither true nor false"])
    }

    @Test("a pattern begins with ^ whether or not the user wrote it", arguments: ["^orders.*", "orders.*"])
    func pattern(text: String) throws {
        #expect(try Fixture().run("--topic-pattern", text).topicPattern == "^orders.*")
    }

    @Test(
        "brokers may carry schemes and IPv6 addresses",
        arguments: ["h", "a:1,b:2", "PLAINTEXT://h:9092", "[::1]:9092", "[::1]"])
    func brokers(text: String) throws {
        #expect(try OptionKind.brokers.parse(text) == .text(text))
    }

    @Test(
        "what is no list of brokers is refused",
        arguments: ["", ",", "a:1,", "a: 1", "a:x", "a:0", "a:65536", "a:1 b:2"])
    func badBrokers(text: String) {
        #expect(throws: ValueProblem.self) { try OptionKind.brokers.parse(text) }
    }

    @Test(
        "what is no topic is refused",
        arguments: ["", "a b", "^a", "a,b", ".", "..", "ä", String(repeating: "x", count: 250)])
    func badTopics(text: String) {
        #expect(throws: ValueProblem.self) { try OptionKind.topic.parse(text) }
    }

    @Test(
        "what is no partition is refused",
        arguments: ["t", "t:", "t:x", "t:-1", "t:0@", "t:0@-1", "t:0@1@2", ":0", "a:b:0"])
    func badAssignments(text: String) {
        #expect(throws: ValueProblem.self) { try OptionKind.assignedPartition.parse(text) }
    }

    @Test("what is no new topic is refused", arguments: ["t", "t:0", "t:x", ":3", "t:10001", "t:1:1"])
    func badNewTopics(text: String) {
        #expect(throws: ValueProblem.self) { try OptionKind.newTopic.parse(text) }
    }

    @Test("NUL is refused everywhere")
    func nul() {
        #expect(Fixture().complaints("--topic-pattern", "a\0b") == ["--topic-pattern: holds a NUL character"])
    }
}
