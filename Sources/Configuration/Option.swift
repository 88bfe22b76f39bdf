/// The long names of all options, without dashes. Two commands may give one name different meanings.
package enum OptionName: String, CaseIterable, Sendable {
    case brokers, topic, group, property, assign, from, config, mode, workers, order, framing, port, load, messages
    case bisect, rate, filter, service, address
    case trpcMeta = "trpc-meta"
    case topicPattern = "topic-pattern"
    case outOfRange = "out-of-range"
    case batchSize = "batch-size"
    case batchLinger = "batch-linger"
    case batchBytes = "batch-bytes"
    case maxInFlight = "max-in-flight"
    case maxTotalInFlight = "max-total-in-flight"
    case maxInFlightBytes = "max-in-flight-bytes"
    case maxFrameBytes = "max-frame-bytes"
    case maxMemory = "max-memory"
    case keyFormat = "key-format"
    case valueFormat = "value-format"
    case protocolFD = "protocol-fd"
    case ackTimeout = "ack-timeout"
    case startTimeout = "start-timeout"
    case drainTimeout = "drain-timeout"
    case revokeTimeout = "revoke-timeout"
    case cancelGrace = "cancel-grace"
    case maxExtend = "max-extend"
    case pingInterval = "ping-interval"
    case frameTimeout = "frame-timeout"
    case commitInterval = "commit-interval"
    case connectTimeout = "connect-timeout"
    case retryBackoff = "retry-backoff"
    case laneWindow = "lane-window"
    case maxAttempts = "max-attempts"
    case retryBackoffFactor = "retry-backoff-factor"
    case retryJitter = "retry-jitter"
    case onExhausted = "on-exhausted"
    case deadLetterTopic = "dead-letter-topic"
    case deadLetterMaxRate = "dead-letter-max-rate"
    case deadLetterProducer = "dead-letter-producer"
    case stallTimeout = "stall-timeout"
    case ignoreCommitMetadata = "ignore-commit-metadata"
    case exitAtEnd = "exit-at-end"
    case maxMessages = "max-messages"
    case logLevel = "log-level"
    case logFormat = "log-format"
    case record
    case recordSample = "record-sample"
    case recordMaxBytes = "record-max-bytes"
    case format
    // Of `replay` alone.
    case maxFailures = "max-failures"
    // Of `frames` alone.
    case full
    // Of `check` alone.
    case records, rule, verbose, list
    case timeLimit = "time-limit"
    // Of `dead-letter replay` alone.
    case error, since, until, limit, again
    case fromTopic = "from-topic"
    case toTopic = "to-topic"
    case maxReplays = "max-replays"
    case dryRun = "dry-run"
    case originalTimestamp = "original-timestamp"
}

/// The headings under which options stand in the help text and on the reference page, in this order.
package enum OptionSection: String, CaseIterable, Sendable {
    case source = "What is read"
    case delivery = "How it is handed over"
    case failures = "What becomes of failed records"
    case workers = "Handler processes"
    case time = "Time limits"
    case bounds = "Bounds"
    case ending = "Ending by itself"
    case recording = "Recording"
    case summary = "Summary"
    case broker = "Embedded broker"
    case demo = "Demonstration"
    case frames = "What is shown"
    case letters = "Dead letters"
    case check = "The check"
    case log = "Log"
    case configuration = "Configuration"
}

/// One row of the table of options: all that parsing, help, reference page and error messages know about it.
package struct Option: Sendable {
    /// The long name.
    package let name: OptionName
    /// The letter after one dash, if there is one.
    package let short: Character?
    /// What stands for the value in the help text; nil for a flag.
    package let placeholder: String?
    /// How the value is checked.
    package let kind: OptionKind
    /// True where the option may be given several times.
    package let isRepeatable: Bool
    /// The value when nothing was given, as a user would write it; nil when there is none.
    package let defaultText: String?
    /// The heading under which the option stands.
    package let section: OptionSection
    /// The commands that know the option.
    package let commands: [Subcommand]
    /// One line of help.
    package let summary: String
    /// What the reference page adds; may be empty.
    package let details: String
    /// The key in the YAML file where it is not the long name.
    let fileKey: String?
    /// Another key that the YAML file may use.
    let fileAlias: String?
    /// The environment variable where it is not made from the long name.
    let environmentOverride: String?

    init(
        _ name: OptionName, short: Character? = nil, _ placeholder: String?, _ kind: OptionKind,
        repeatable: Bool = false,
        default defaultText: String? = nil, _ section: OptionSection, commands: [Subcommand] = [.run],
        _ summary: String,
        details: String = "", fileKey: String? = nil, fileAlias: String? = nil, environment: String? = nil
    ) {
        self.name = name
        self.short = short
        self.placeholder = placeholder
        self.kind = kind
        self.isRepeatable = repeatable
        self.defaultText = defaultText
        self.section = section
        let isShared = commands.contains(.run) && !commands.contains(.replay)
        self.commands = isShared && OptionTable.sharedWithReplay.contains(name) ? commands + [.replay] : commands
        self.summary = summary
        self.details = details
        self.fileKey = fileKey
        self.fileAlias = fileAlias
        self.environmentOverride = environment
    }

    /// True for what the services of one daemon cannot have each for itself.
    var isDaemonWide: Bool { name == .logLevel || name == .logFormat }

    /// `--group`.
    package var longFlag: String { "--" + name.rawValue }

    /// The environment variable: `ACKPIPE_` and the long name in capitals with underscores. What `run` does not know carries
    /// the command's name too, so that `ACKPIPE_TOPIC` means one thing.
    package var environmentName: String {
        if let environmentOverride { return environmentOverride }
        let command = commands.contains(.run) ? "" : (commands.first?.rawValue ?? "") + "-"
        return "ACKPIPE_" + String((command + name.rawValue).map { $0 == "-" || $0 == " " ? "_" : $0 }).uppercased()
    }

    /// The keys that the YAML file may use, the documented one first; empty for options that a file cannot set.
    package var fileKeys: [String] {
        guard commands.contains(.run), name != .config, name != .service else { return [] }
        return [fileKey ?? name.rawValue] + (fileAlias.map { [$0] } ?? [])
    }
}
