extension OptionTable {
    /// The options of `run` that `replay` has too: those that mean something without Kafka.
    static let sharedWithReplay: Set<OptionName> = [
        .filter, .mode, .batchSize, .batchLinger, .batchBytes, .order, .laneWindow, .keyFormat, .valueFormat, .trpcMeta,
        .framing, .protocolFD, .retryBackoff, .retryBackoffFactor, .retryJitter, .bisect, .workers, .maxInFlight,
        .pingInterval, .maxExtend, .ackTimeout, .startTimeout, .drainTimeout, .cancelGrace, .frameTimeout,
        .stallTimeout,
        .rate, .maxTotalInFlight, .maxInFlightBytes, .maxFrameBytes, .maxMemory, .config, .service,
    ]

    private static let replay: [Subcommand] = [.replay]

    static let replaying: [Option] = [
        Option(
            .topic, short: "t", "TOPIC", .topic, default: "replay", .source, commands: replay,
            "the topic of records that name none"),
        Option(
            .limit, "N", .integer(1...Int.max), .source, commands: replay, "stop reading after so many records"),
        Option(
            .maxAttempts, "N", .integer(1...1_000_000), default: "1", .failures, commands: replay,
            "attempts at one record, at most",
            details: """
                One, where `ackpipe run` tries for ever: what a handler fails at in a replay it fails at again as a rule, and \
                the table is to tell it at once. More lets a handler ask for a retry and get it.
                """),
        Option(
            .onExhausted, "POLICY", .choice([ExhaustedPolicy.skip.rawValue, ExhaustedPolicy.stop.rawValue]),
            default: "skip", .failures, commands: replay,
            "when a record has failed for good: skip or stop",
            details: """
                `skip` goes on, and the failure stands in the table at the end; `stop` ends the replay at the first one. \
                Nothing is written to a dead-letter topic: a `dead-letter` of the file counts as `skip`.
                """),
        Option(
            .format, "FORMAT", .choice(SummaryFormat.allCases.map(\.rawValue)), default: "text", .summary,
            commands: replay, "how the summary on stdout looks: text or json"),
        Option(
            .maxFailures, "N", .integer(0...1_000_000), default: "20", .summary, commands: replay,
            "failures that the summary lists, at most; the others are counted"),
    ]

    static let recording: [Option] = [
        Option(
            .record, "FILE", .text, .recording,
            "write each record that is handed over to a file as well, as JSON lines",
            details: """
                A line a record, once, when it arrives and --filter lets it pass: what [`ackpipe replay`](replay.md) and \
                `ackpipe broker --load` read. Appended to the file, which is made with mode 0600. A file that cannot be written \
                stops the recording, not the service. Not for several services at once: each names its own in the YAML file.
                """),
        Option(
            .recordSample, "FRACTION", .fraction, default: "1", .recording,
            "record this part of the records only, as in 0.01 or 1/100",
            details: """
                A hash of topic, partition and offset chooses: the same records on every instance and after every restart.
                """),
        Option(
            .recordMaxBytes, "SIZE", .size(1 << 10...1 << 50), default: "1GiB", .recording,
            "stop recording when the file is so large"),
    ]
}
