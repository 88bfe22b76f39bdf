extension OptionTable {
    static let delivery: [Option] = [
        Option(
            .mode, "MODE", .choice(DeliveryMode.allCases.map(\.rawValue)), default: "message", .delivery,
            "one record a delivery (message) or several (batch)"),
        Option(
            .batchSize, "N", .integer(1...100_000), default: "100", .delivery, "records of a batch, at most",
            details: "The three --batch options matter only with `--mode batch`."),
        Option(
            .batchLinger, "DURATION", .duration(.zero ... .seconds(60)), default: "10ms", .delivery,
            "how long a batch waits to become full"),
        Option(
            .batchBytes, "SIZE", .size(1...1 << 30), default: "1MiB", .delivery, "bytes of a batch, at most",
            details: "Counts keys, values and headers. A single larger record is a batch of its own."),
        Option(
            .order, "ORDER", .choice(DeliveryOrder.allCases.map(\.rawValue)), default: "partition", .delivery,
            "within what records stay in order: partition, key or none",
            details: """
                What is kept in order is a lane: a partition, the records of one key in a partition (`key`; records without \
                a key share one lane of their partition), or nothing. Lanes are worked on side by side.
                """),
        Option(
            .laneWindow, "N", .integer(1...1_000), default: "1", .delivery,
            "unanswered deliveries of one lane, at most",
            details: """
                With more than 1 a handler is kept busier, and sees a record before the one before it is answered: when one \
                fails, the later ones of its lane are cancelled and delivered again after it, so that the final order holds. \
                At most --max-in-flight. More than 1 contradicts `--order none`, which has no lanes, and `--order key` \
                together with `--mode batch`.
                """),
        Option(
            .keyFormat, "FORMAT", .choice(PayloadFormat.allCases.map(\.rawValue)), default: "auto", .delivery,
            commands: [.run, .check],
            "how keys become JSON: auto, text, base64 or json"),
        Option(
            .valueFormat, "FORMAT", .choice(PayloadFormat.allCases.map(\.rawValue)), default: "auto", .delivery,
            commands: [.run, .check],
            "how values become JSON: auto, text, base64 or json",
            details: """
                `auto` is text where the bytes are valid UTF-8, else base64; it never means JSON. A record that does not fit \
                a fixed format goes the way of --on-exhausted.
                """),
        Option(
            .trpcMeta, nil, .flag, default: "false", .delivery, "add the headers as the object meta to each message",
            details: """
                Of a repeated name the last value counts; what is not UTF-8 is only in `headers`. See \
                [protocol.md](../protocol.md), section 6.
                """),
        Option(
            .framing, "FRAMING", .choice(FramingOption.allCases.map(\.rawValue)), default: "length", .delivery,
            commands: [.run, .check],
            "length (4 bytes before each frame) or lines (one frame a line)",
            details: """
                The environment variable is `ACKPIPE_RUN_FRAMING`, because `ACKPIPE_FRAMING` tells handlers how frames are told \
                apart.
                """, environment: "ACKPIPE_RUN_FRAMING"),
        Option(
            .protocolFD, "3", .choice(["3"]), .delivery,
            commands: [.run, .check],
            "speak the protocol on descriptors 3 (read) and 4 (write) instead of stdin and stdout",
            details: "The handler's stdin is then the null device, and its stdout is log."),
    ]

    static let workers: [Option] = [
        Option(.workers, "N", .integer(1...1_000), default: "1", .workers, "how many handler processes run"),
        Option(
            .maxInFlight, "N", .integer(1...100_000), default: "64", .workers,
            "unanswered deliveries of one handler process, at most"),
        Option(
            .pingInterval, "DURATION", .duration(.zero ... .seconds(86_400)), default: "30s", .workers,
            "ask a silent handler for a sign of life so often; 0 is never",
            details: "Only handlers that chose the feature `ping` are asked."),
        Option(
            .maxExtend, "DURATION", .duration(.milliseconds(1) ... .seconds(30 * 86_400)), default: "1h", .workers,
            "by how much a handler may extend a delivery's deadline, in all"),
    ]

    static let bounds: [Option] = [
        Option(
            .rate, "N/s[:BURST]", .rate, .bounds, "records handed over a second (or /m, /h), at most",
            details: """
                After a pause BURST records may go at once: one second's, at least 1, where it is not given. `0.5/s`, \
                `100/s:500`, `30/m`. Each attempt counts.
                """),
        Option(
            .maxTotalInFlight, "N", .integer(1...10_000_000), default: "10000", .bounds, "unsettled records, at most"),
        Option(
            .maxInFlightBytes, "SIZE", .size(1 << 10...1 << 40), default: "64MiB", .bounds,
            "bytes of unsettled records, at most",
            details: """
                At most half of --max-memory. When only --max-memory is given and it is small, this is half of it.
                """),
        Option(
            .maxFrameBytes, "SIZE", .size(1 << 10...(1 << 27) - 1), default: "64MiB", .bounds,
            commands: [.run, .check],
            "bytes of one frame, at most, in both directions",
            details: """
                At most --max-memory. When only --max-memory is given and it is smaller, this is the same. A record that does not \
                fit a frame goes the way of --on-exhausted.
                """),
        Option(
            .maxMemory, "SIZE", .size(1 << 24...1 << 41), default: "128MiB", .bounds,
            "the budget of memory that records and buffers share",
            details: """
                It is the daemon's: several services share it evenly, those with a key of their own left out; the default is then \
                at least 16MiB for each.
                """),
    ]
}
