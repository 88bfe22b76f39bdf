extension OptionTable {
    static let source: [Option] = [
        Option(
            .brokers, short: "b", "HOST:PORT[,...]", .brokers, .source, commands: [.run, .deadLetterReplay],
            "the brokers to ask first; required",
            details: "A YAML file may also give a list. The port is 9092 where none is given."),
        Option(
            .topic, short: "t", "TOPIC", .topic, repeatable: true, .source, "a topic to consume (repeatable)",
            fileAlias: "topics"),
        Option(
            .topicPattern, "REGEX", .topicPattern, .source, "consume every topic whose name matches",
            details: """
                A POSIX extended regular expression, read by librdkafka, which wants a `^` in front; it is added where it \
                is missing. Topics that appear later are found at the next metadata refresh (`-X \
                topic.metadata.refresh.interval.ms=...`). May be combined with --topic.
                """),
        Option(
            .group, short: "g", "GROUP", .text, .source, "the consumer group; required with -t and --topic-pattern",
            details: """
                For static membership, in which a restart within `session.timeout.ms` moves no partition, give each \
                instance a name of its own that outlives it: `-X group.instance.id=billing-1`. How partitions are shared \
                out is `-X partition.assignment.strategy=...` (`cooperative-sticky` unless set).
                """),
        Option(
            .property, short: "X", "NAME=VALUE", .property, repeatable: true, .source,
            commands: [.run, .deadLetterReplay],
            "any librdkafka property (repeatable); NAME=@FILE reads a secret",
            details: """
                `NAME=@FILE` reads the value from a file, without its last line break; a value that itself begins with `@` \
                is written `@@...`. In a YAML file this is the map `properties`; flags, environment and file are \
                merged by name. Secrets are never shown in the log or in a message. Properties that would break a promise, or \
                that a flag sets, are refused: see the end of this page.
                """, fileKey: "properties", environment: "ACKPIPE_PROPERTIES"),
        Option(
            .assign, "TOPIC:PARTITION[@OFFSET]", .assignedPartition, repeatable: true, .source,
            "read this partition, without a group's assignment (repeatable)",
            details: """
                Contradicts --topic and --topic-pattern. Without --group nothing is committed, and reading begins at \
                `@OFFSET` or at --from; with --group the committed offset is used and commits are made.
                """),
        Option(
            .from, "POSITION", .startPosition, default: "earliest", .source,
            "where to begin without a committed offset: earliest, latest or a time",
            details: """
                A time is milliseconds since 1970 (`1795266000000`) or RFC 3339 with its offset (`2026-11-21T13:00:00Z`): \
                reading begins at the first record that is not older. It applies only where the group has no offset.
                """),
        Option(
            .outOfRange, "POLICY", .choice(OutOfRangePolicy.allCases.map(\.rawValue)), default: "stop", .source,
            "when the log no longer has the position: stop, earliest or latest",
            details: "`stop` ends the service with exit code 65; the log names the range that was lost."),
        Option(
            .address, "ADDRESS", .text, .source, "a tRPC-Go Kafka address: brokers, topics, group and more in one text",
            details: """
                `HOST:PORT[,...]?topics=a,b&group=g&batch=100&maxRetry=5`, within quotes in a shell. [trpc.md](trpc.md) tells what \
                each key becomes. Flags and variables beat it; what a file says otherwise is refused.
                """),
        Option(
            .ignoreCommitMetadata, nil, .flag, default: "false", .source,
            "do not believe what the last commit says of records settled above it",
            details: """
                A commit carries, beside its offset, which later records are settled already, so that a restart does not \
                deliver them again. With this switch everything from the committed offset on is delivered.
                """),
        Option(
            .filter, "EXPRESSION", .filter, repeatable: true, .source,
            "deliver only records for which this holds (repeatable: all must hold)",
            details: """
                As in `header.type == "order"`. It looks at topic, partition, offset, key and headers. A record for which it does not hold \
                is settled without being delivered. In the environment a comma within an expression is written `\\,`.
                """),
    ]

    static let ending: [Option] = [
        Option(
            .exitAtEnd, nil, .flag, default: "false", .ending, "stop when everything present at the start is settled",
            details: """
                The end is each partition's high watermark when it is assigned; only partitions that this instance owns count.
                """),
        Option(
            .maxMessages, "N", .integer(1...Int.max), .ending, "stop after so many records are settled"),
    ]
}
