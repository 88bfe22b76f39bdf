extension OptionTable {
    private static let replay: [Subcommand] = [.deadLetterReplay]

    static let letters: [Option] = [
        Option(
            .fromTopic, "TOPIC", .topic, .letters, commands: replay, "the dead-letter topic to read; required"),
        Option(
            .topic, short: "t", "TOPIC", .topic, repeatable: true, .letters, commands: replay,
            "only letters whose record came from this topic (repeatable)"),
        Option(
            .error, "TEXT", .text, .letters, commands: replay, "only letters whose error contains this text",
            details: """
                Looked for, as it is written, in the headers `ackpipe.error`, `ackpipe.cause`, `kafka_dlt-exception-message` \
                and `kafka_dlt-exception-fqcn`.
                """),
        Option(
            .since, "TIME", .pointInTime, .letters, commands: replay, "only letters written at this time or later",
            details: """
                Milliseconds since 1970 (`1795266000000`) or RFC 3339 with its offset (`2026-11-21T13:00:00Z`). It is the \
                letter's timestamp that counts, not its record's.
                """),
        Option(
            .until, "TIME", .pointInTime, .letters, commands: replay, "only letters written before this time",
            details: "Written as for --since."),
        Option(
            .maxReplays, "N", .integer(1...1_000_000), .letters, commands: replay,
            "leave letters whose record was put back so often already",
            details: "The header `ackpipe.replays` of a record counts how often it was put back."),
        Option(
            .limit, "N", .integer(1...Int.max), .letters, commands: replay, "put back so many at most"),
        Option(
            .again, nil, .flag, default: "false", .letters, commands: replay,
            "also letters that an earlier run has put back"),
        Option(
            .dryRun, nil, .flag, default: "false", .letters, commands: replay,
            "only tell what would be put back, a line a letter, on stdout"),
        Option(
            .toTopic, "TOPIC", .topic, .letters, commands: replay,
            "put them into this topic instead of the one they came from",
            details: """
                The topic must exist. Without this option a record goes back into the partition that it came from; with it, a \
                hash of the key chooses the partition (Java's default partitioner).
                """),
        Option(
            .originalTimestamp, nil, .flag, default: "false", .letters, commands: replay,
            "give records the timestamp that they had, instead of the time of the replay",
            details: """
                A topic whose retention the old timestamp exceeds may delete the record before anybody has read it.
                """),
        Option(
            .group, short: "g", "GROUP", .text, default: "ackpipe-dead-letter-replay", .letters, commands: replay,
            "the consumer group in which it is kept what was put back",
            details: """
                Nobody joins it: it needs only the right to READ the group. Must not be the group of a running consumer.
                """),
    ]
}
