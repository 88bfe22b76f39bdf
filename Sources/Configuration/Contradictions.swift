/// What is missing, and what cannot hold together, in the settings of `ackpipe run`.
enum Contradictions {
    /// Complains to `values`. When a stray word cut the command line short, what is missing may stand behind it: only what is
    /// there is then checked.
    static func check(
        _ settings: RunSettings, _ values: inout SettingValues, isCutShort: Bool,
        matches: (_ pattern: String, _ topic: String) -> Bool
    ) {
        if !isCutShort { checkMissing(settings, &values) }
        if !values.isMissing(.assign) {
            for name in [OptionName.topic, .topicPattern] where !values.isMissing(name) {
                values.complain(
                    values.place(.assign),
                    "assign contradicts \(name.rawValue): partitions are either named or assigned by a group; leave out one of them"
                )
            }
        }
        checkBatch(settings, &values)
        checkLanes(settings, &values)
        checkDeadLetters(settings, &values, matches: matches)
        checkPollInterval(settings, &values)
        if settings.record == nil, values.isMissing(.record) {
            for name in [OptionName.recordSample, .recordMaxBytes] where !values.isMissing(name) {
                values.complain(
                    values.place(name), "\(name.rawValue) means nothing where nothing is recorded; add --record FILE")
            }
        }
    }

    private static func checkMissing(_ settings: RunSettings, _ values: inout SettingValues) {
        if values.isMissing(.brokers) {
            values.complain(.commandLine, "-b/--brokers is required, as in -b localhost:9092")
        }
        let subscribes = !values.isMissing(.topic) || !values.isMissing(.topicPattern)
        if !subscribes && values.isMissing(.assign) {
            values.complain(
                .commandLine, "no topic is named; give -t/--topic, --topic-pattern or --assign, as in -t orders")
        }
        if subscribes && values.isMissing(.assign) && values.isMissing(.group) {
            values.complain(
                .commandLine,
                "-g/--group is required with -t and --topic-pattern; use --assign to read partitions without a group")
        }
        if !values.hasCommand {
            let remedy =
                settings.service == nil
                ? "write its command after --, as in -- python3 handler.py"
                : "give its key command, as in command: [python3, handler.py]"
            values.complain(.commandLine, "no handler is named; \(remedy)")
        }
    }

    private static func checkBatch(_ settings: RunSettings, _ values: inout SettingValues) {
        guard settings.mode == .batch else { return }
        if settings.batchBytes > settings.maxInFlightBytes {
            values.complain(
                values.place(.batchBytes),
                "batch-bytes \(SizeText.render(settings.batchBytes)) is over max-in-flight-bytes "
                    + "\(SizeText.render(settings.maxInFlightBytes)): a batch could never become full; lower --batch-bytes "
                    + "or raise --max-in-flight-bytes and --max-memory")
        }
        if settings.batchSize > settings.maxTotalInFlight {
            values.complain(
                values.place(.batchSize),
                "batch-size \(settings.batchSize) is over max-total-in-flight \(settings.maxTotalInFlight): a batch could "
                    + "never become full; lower --batch-size or raise --max-total-in-flight")
        }
    }

    /// librdkafka throws a consumer out of its group that does not poll within `max.poll.interval.ms`; a revoked partition is
    /// waited for within one such interval.
    private static func checkPollInterval(_ settings: RunSettings, _ values: inout SettingValues) {
        let name = "max.poll.interval.ms"
        var interval = Duration.milliseconds(300_000)
        if let property = settings.properties.last(where: { $0.name == name }) {
            // What is no number is left to librdkafka, which names the property and its range.
            guard let milliseconds = Int64(property.value), milliseconds > 0 else { return }
            interval = .milliseconds(milliseconds)
        }
        guard settings.revokeTimeout > interval / 2 else { return }
        let place = values.isGiven(.revokeTimeout) ? values.place(.revokeTimeout) : values.propertyPlace(name)
        values.complain(
            place,
            "revoke-timeout \(DurationText.render(settings.revokeTimeout)) is over half of \(name) "
                + "(\(DurationText.render(interval))), after which the brokers give the partitions away; lower "
                + "--revoke-timeout or raise -X \(name)")
    }
}

extension SettingValues {
    fileprivate func propertyPlace(_ name: String) -> Place {
        all(.property).first { $0.propertyName == name }?.place ?? .flag("-X")
    }
}
