extension OptionTable {
    private static let only: [Subcommand] = [.check]

    static let check: [Option] = [
        Option(
            .mode, "MODE", .choice(CheckedModes.allCases.map(\.rawValue)), default: "both", .check, commands: only,
            "message, batch or both: the modes that the handler supports"),
        Option(
            .records, "FILE", .text, .check, commands: only,
            "records that the handler understands, one JSON object a line, used where made-up ones are not needed",
            details: """
                The lines are those of `ackpipe broker --load`. With records that the handler acknowledges, the check can also tell \
                whether it handles them in every form that the protocol allows.
                """),
        Option(
            .rule, "RULE", .text, repeatable: true, .check, commands: only,
            "report only this rule of protocol.md, as in F5 (repeatable)"),
        Option(
            .format, "FORMAT", .choice(ReportFormat.allCases.map(\.rawValue)), default: "text", .check, commands: only,
            "how the report on stdout looks: text, json or junit"),
        Option(
            .timeLimit, "DURATION", .duration(.milliseconds(100)...(.seconds(86_400))), default: "30s", .check,
            commands: only, "how long a session may last",
            details: "It is also the ready_timeout_ms that the handler is told."),
        Option(
            .workers, "N", .integer(1...64), default: "4", .check, commands: only,
            "how many sessions, each with a process of the handler, are played at a time"),
        Option(
            .verbose, nil, .flag, default: "false", .check, commands: only,
            "add every frame of every session to the report in text"),
        Option(
            .list, nil, .flag, default: "false", .check, commands: only,
            "list the rules and the sessions, and do nothing else"),
    ]
}
