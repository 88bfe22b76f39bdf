/// Everything that `ackpipe dead-letter replay` was told, checked, with the defaults filled in.
package struct DeadLetterReplaySettings: Equatable, Sendable {
    /// `HOST:PORT[,HOST:PORT...]`, as librdkafka's `bootstrap.servers` takes it.
    package var brokers: String
    /// librdkafka properties of both clients, none of them refused; what `@FILE` named has been read.
    package var properties: [Property]
    /// The dead-letter topic.
    package var fromTopic: String
    /// Only records that came from one of these; empty for all.
    package var topics: [String]
    /// Only letters whose error contains this.
    package var error: String?
    /// Only letters written at this time or later, in milliseconds since 1970.
    package var since: Int64?
    /// Only letters written before this time, in milliseconds since 1970.
    package var until: Int64?
    /// Leave records that were put back so often.
    package var maxReplays: Int?
    /// Put back so many at most.
    package var limit: Int?
    /// True: also what an earlier run has put back.
    package var again: Bool
    /// True: nothing is written.
    package var dryRun: Bool
    /// Where to put them instead of the topic that they came from.
    package var toTopic: String?
    /// True: records get the timestamp that they had.
    package var keepsTimestamp: Bool
    /// The consumer group that keeps what was put back.
    package var group: String
    /// The least important level that is logged.
    package var logLevel: LogLevelOption
    /// How a log line looks.
    package var logFormat: LogFormatOption

    /// Makes the settings from merged values; they count only if `values` has no complaints.
    static func resolve(
        _ values: inout SettingValues, isCutShort: Bool, readSecret: (String) -> Result<String, FileProblem>
    ) -> DeadLetterReplaySettings {
        let settings = DeadLetterReplaySettings(
            brokers: values.text(.brokers) ?? "",
            properties: Secrets.read(.property, &values, readSecret),
            fromTopic: values.text(.fromTopic) ?? "",
            topics: values.texts(.topic),
            error: values.text(.error),
            since: values.pointInTime(.since),
            until: values.pointInTime(.until),
            maxReplays: values.isGiven(.maxReplays) ? values.integer(.maxReplays) : nil,
            limit: values.isGiven(.limit) ? values.integer(.limit) : nil,
            again: values.flag(.again),
            dryRun: values.flag(.dryRun),
            toTopic: values.text(.toTopic),
            keepsTimestamp: values.flag(.originalTimestamp),
            group: values.text(.group) ?? "",
            logLevel: values.choice(.logLevel, or: LogLevelOption.info),
            logFormat: values.choice(.logFormat, or: LogFormatOption.text))
        settings.check(&values, isCutShort: isCutShort)
        return settings
    }

    private func check(_ values: inout SettingValues, isCutShort: Bool) {
        if values.isMissing(.brokers), !isCutShort {
            values.complain(.commandLine, "-b/--brokers is required, as in -b localhost:9092")
        }
        if values.isMissing(.fromTopic), !isCutShort {
            values.complain(
                .commandLine, "--from-topic is required: the dead-letter topic, as in --from-topic orders.dlq")
        }
        if let toTopic, toTopic == fromTopic {
            values.complain(
                values.place(.toTopic),
                "'\(toTopic)' is the dead-letter topic itself; name another one, or leave it out")
        }
        for given in values.all(.topic) where given.value == .text(fromTopic) && !fromTopic.isEmpty {
            values.complain(
                given.place, "'\(fromTopic)' is the dead-letter topic; -t chooses by the topic that records came from")
        }
        if let since, let until, since >= until {
            values.complain(values.place(.until), "is not later than --since: no letter could match")
        }
    }
}
