/// Which modes a check plays (`--mode`).
package enum CheckedModes: String, CaseIterable, Sendable {
    case message, batch, both
}

/// How a report looks (`--format`).
package enum ReportFormat: String, CaseIterable, Sendable {
    /// For people.
    case text
    /// One JSON object.
    case json
    /// A test suite in XML, as CI systems read it.
    case junit
}

/// Everything that `ackpipe check` was told, checked, with the defaults filled in.
package struct CheckSettings: Equatable, Sendable {
    /// The handler's argument vector; empty only with `list`.
    package var command: [String]
    /// The modes to play.
    package var modes: CheckedModes
    /// How frames are told apart.
    package var framing: FramingOption
    /// True: the protocol is on descriptors 3 and 4.
    package var protocolDescriptors: Bool
    /// How keys become JSON.
    package var keyFormat: PayloadFormat
    /// How values become JSON.
    package var valueFormat: PayloadFormat
    /// Bytes of a frame's body, at most, both directions.
    package var maxFrameBytes: Int
    /// How long a handler may take to finish a frame.
    package var frameTimeout: Duration
    /// How long a session may last.
    package var timeLimit: Duration
    /// Sessions at a time.
    package var workers: Int
    /// The path of a JSON-lines file of records.
    package var records: String?
    /// Numbers of rules to report; empty for all. Whether they exist is not checked here.
    package var rules: [String]
    /// How the report looks.
    package var format: ReportFormat
    /// True: the report in text holds every frame.
    package var isVerbose: Bool
    /// True: only list rules and sessions.
    package var list: Bool
    /// Environment variables that the configuration took values from: handlers do not get them.
    package var usedVariables: [String]

    /// Makes the settings from merged values; they count only if `values` has no complaints.
    static func resolve(
        _ values: inout SettingValues, command: (words: [String], place: Place)?, isCutShort: Bool
    ) -> CheckSettings {
        let settings = CheckSettings(
            command: command?.words ?? [],
            modes: values.choice(.mode, or: CheckedModes.both),
            framing: values.choice(.framing, or: FramingOption.length),
            protocolDescriptors: values.isGiven(.protocolFD),
            keyFormat: values.choice(.keyFormat, or: PayloadFormat.auto),
            valueFormat: values.choice(.valueFormat, or: PayloadFormat.auto),
            maxFrameBytes: values.integer(.maxFrameBytes),
            frameTimeout: values.duration(.frameTimeout),
            timeLimit: values.duration(.timeLimit),
            workers: values.integer(.workers),
            records: values.text(.records),
            rules: values.texts(.rule),
            format: values.choice(.format, or: ReportFormat.text),
            isVerbose: values.flag(.verbose),
            list: values.flag(.list),
            usedVariables: values.usedVariables)
        if !values.hasCommand, !settings.list, !isCutShort {
            values.complain(
                .commandLine, "the handler's command is missing: it follows --, as in -- python3 handler.py")
        }
        return settings
    }
}
