/// Whose frames a captured stream holds (`ackpipe frames --from`).
package enum FramesSide: String, CaseIterable, Sendable { case bridge, handler }

/// How `ackpipe frames` tells what it sees (`--format`).
package enum FramesFormat: String, CaseIterable, Sendable {
    /// For people.
    case text
    /// For machines: one JSON object a frame.
    case json
}

/// Everything that `ackpipe frames` was told, checked, with the defaults filled in.
package struct FramesSettings: Equatable, Sendable {
    /// The file; nil is stdin.
    package var path: String?
    /// Nil is found out.
    package var framing: FramingOption?
    /// Nil is found out.
    package var from: FramesSide?
    /// True: bodies are shown whole.
    package var isFull: Bool
    /// How it is told.
    package var format: FramesFormat

    /// Settings; what is left out is found out.
    package init(
        path: String?, framing: FramingOption? = nil, from: FramesSide? = nil, isFull: Bool = false,
        format: FramesFormat = .text
    ) {
        self.path = path
        self.framing = framing
        self.from = from
        self.isFull = isFull
        self.format = format
    }

    /// Makes the settings from merged values; they count only if `values` has no complaints.
    static func resolve(_ values: inout SettingValues, operand: String?, isCutShort: Bool) -> FramesSettings {
        if operand == nil, !isCutShort {
            values.complain(.commandLine, "no file is named; write ackpipe frames FILE, or - for stdin")
        }
        return FramesSettings(
            path: operand == "-" ? nil : operand,
            framing: FramingOption(rawValue: values.text(.framing) ?? ""),
            from: FramesSide(rawValue: values.text(.from) ?? ""),
            isFull: values.flag(.full),
            format: values.choice(.format, or: FramesFormat.text))
    }
}
