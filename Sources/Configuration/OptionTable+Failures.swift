extension OptionTable {
    static let failures: [Option] = [
        Option(
            .maxAttempts, "N", .integer(1...1_000_000), .failures,
            "attempts at one record, at most; for ever if not given",
            details: """
                What then becomes of the record says --on-exhausted. Attempts are counted in memory and begin again at 1 \
                after a restart or a rebalance.
                """),
        Option(
            .retryBackoff, "INITIAL..MAXIMUM", .durationRange(.milliseconds(1) ... .seconds(86_400)),
            default: "500ms..30s", .failures, "the wait before a failed record is delivered again; it grows each time"),
        Option(
            .retryBackoffFactor, "X", .decimal(1...10), default: "2", .failures,
            "by what the wait grows from one attempt to the next", details: "`1` waits the initial time before each."),
        Option(
            .retryJitter, "PERCENT", .percentage, default: "20%", .failures, "by how much a wait is spread either way",
            details: "So that records that failed together do not come back together."),
        Option(
            .bisect, nil, .flag, default: "false", .failures,
            "halve a batch that fails as a whole until the record that fails is alone",
            details: """
                For handlers that can only say that a batch failed. Needs `--mode batch`. Only a record that was alone is \
                charged with an attempt.
                """),
        Option(
            .onExhausted, "POLICY", .choice(ExhaustedPolicy.allCases.map(\.rawValue)), .failures,
            "when no further attempt is made at a record: dead-letter, skip or stop",
            details: """
                `dead-letter` where --dead-letter-topic is given, else `stop`. It holds for a record whose --max-attempts are used \
                up and for one that cannot be handed over at all; one that the handler rejects goes to the dead-letter topic where \
                there is one, else this way too. `skip` counts it as done, `stop` drains and ends the service with exit code \
                65; both name it in the log.
                """),
        Option(
            .deadLetterTopic, "NAME", .topicTemplate, .failures,
            "the topic for records that are given up, as in {topic}.dlq",
            details: """
                `{topic}` stands for the topic that the record came from. A dead letter has the record's key, value and headers, and \
                headers that say why; the record is settled when the brokers have confirmed it. A topic that is consumed \
                itself is refused.
                """),
        Option(
            .deadLetterMaxRate, "N/s[:BURST]", .rate, .failures, "dead letters a second (or /m, /h), at most",
            details: """
                What goes beyond waits, and its partition with it: a database that is down does not drain a topic into the \
                dead letters. Needs --dead-letter-topic.
                """),
        Option(
            .deadLetterProducer, "NAME=VALUE", .producerProperty, repeatable: true, .failures,
            "a librdkafka property of the client that writes dead letters (repeatable)",
            details: """
                It has the properties of -X that say how the brokers are reached; these come on top. `NAME=@FILE`, merging and \
                the map in a YAML file as for -X. What the promises rest on is refused: see the end of this page. Needs \
                --dead-letter-topic.
                """),
    ]
}
