/// The one table of options. Parsing, help, the reference page and error messages are made from it; the rows stand in the files
/// `OptionTable+*.swift`, by section.
package enum OptionTable {
    /// Every row, grouped by section.
    package static let all: [Option] =
        source + delivery + failures + workers + times + bounds + ending + recording + replaying + embedded + frames
        + letters + check + log
        + configuration

    /// The rows that a command knows, in the table's order.
    package static func options(of command: Subcommand) -> [Option] {
        all.filter { $0.commands.contains(command) }
    }

    /// The row of a long name (without dashes) in a command.
    static func option(named name: String, of command: Subcommand) -> Option? {
        all.first { $0.name.rawValue == name && $0.commands.contains(command) }
    }

    /// The row of a short flag in a command.
    static func option(short: Character, of command: Subcommand) -> Option? {
        all.first { $0.short == short && $0.commands.contains(command) }
    }

    static let log: [Option] = [
        Option(
            .logLevel, "LEVEL", .choice(LogLevelOption.allCases.map(\.rawValue)), default: "info", .log,
            commands: Subcommand.allCases.filter(\.hasLog), "the least important level that is logged, to stderr"),
        Option(
            .logFormat, "FORMAT", .choice(LogFormatOption.allCases.map(\.rawValue)), default: "text", .log,
            commands: Subcommand.allCases.filter(\.hasLog), "text for people, json (one object a line) for machines"),
    ]

    static let configuration: [Option] = [
        Option(
            .config, "FILE", .text, .configuration, "read settings from a YAML file",
            details: """
                The file holds the keys of one service, or several under `services`: see [several services](services.md). \
                Environment variables beat the file, flags beat both.
                """),
        Option(
            .service, "NAME", .text, repeatable: true, .configuration,
            "run only this one of the file's services (repeatable)"),
    ]

    static let embedded: [Option] = [
        Option(
            .port, "PORT", .integer(0...65_535), default: "0", .broker, commands: [.broker],
            "the port to listen on at localhost; 0 takes a free one and tells it"),
        Option(
            .topic, short: "t", "NAME:PARTITIONS", .newTopic, repeatable: true, .broker, commands: [.broker],
            "a topic to create (repeatable)"),
        Option(
            .load, "FILE", .text, .broker, commands: [.broker], "write the records of a JSON-lines file at start",
            details: """
                One record a line, with the members of a `message` frame (`topic`, `partition`, `key`, `value`, \
                `headers`, `timestamp`, and their `_base64` and `_json` forms), or what `kcat -J` prints. `topic` may \
                be left out where there is only one; without `partition` a hash of the key chooses. The whole file is \
                checked before anything is written. A load that does not fit the 5 MB which the embedded broker keeps \
                a partition is refused with its size and the limit.
                """),
        Option(
            .messages, "N", .integer(1...100_000), default: "200", .demo, commands: [.demo],
            "how many sample records are written"),
    ]
}
