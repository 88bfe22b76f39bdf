/// The help texts, made from the table of options.
package enum HelpText {
    private static let width = 90

    /// The text of `ackpipe --help`.
    package static var program: String {
        let widest = Subcommand.allCases.map(\.rawValue.count).max() ?? 0
        let commands = Subcommand.allCases.map { command in
            let padding = String(repeating: " ", count: widest - command.rawValue.count + 2)
            return "  \(command.rawValue)\(padding)\(command.summary)"
        }
        return """
            ackpipe: hands Kafka records to a handler process and commits only what it acknowledged

            Usage: ackpipe COMMAND [options]

            Commands:
            \(commands.joined(separator: "\n"))

            'ackpipe COMMAND --help' tells a command's options, 'ackpipe --version' the versions.

            \(exitCodes)
            """
    }

    /// The text of `ackpipe COMMAND --help`.
    package static func command(_ command: Subcommand) -> String {
        var parts = ["Usage: " + command.usage]
        if command == .run { parts[0] += "\n       ackpipe run --config FILE [--service NAME] [options]" }
        parts.append(WrappedText.wrap(command.explanation, width: width, indent: 0))
        for section in OptionSection.allCases {
            let options = OptionTable.options(of: command).filter { $0.section == section }
            guard !options.isEmpty else { continue }
            parts.append("\(section.rawValue):\n" + options.map(entry).joined(separator: "\n"))
        }
        parts.append("Other:\n  -h, --help\n        show this text\n      --version\n        show the versions")
        parts.append(
            WrappedText.wrap(
                """
                A flag beats its environment variable\(command == .run || command == .replay ? ", which beats the YAML file" : ""). Durations and \
                sizes carry units: 500ms, 30s, 5m, 1h; 512B, 64KiB, 1MiB.
                """, width: width, indent: 0))
        parts.append(exitCodes)
        return parts.joined(separator: "\n\n")
    }

    private static func entry(_ option: Option) -> String {
        let short = option.short.map { "-\($0), " } ?? "    "
        let placeholder = option.placeholder.map { " " + $0 } ?? ""
        var words = option.summary.split(separator: " ").map(String.init)
        if let defaultText = option.defaultText, option.kind != .flag { words.append("[default: \(defaultText)]") }
        words.append("[\(option.environmentName)]")
        return "  \(short)\(option.longFlag)\(placeholder)\n" + WrappedText.wrap(words: words, width: width, indent: 8)
    }

    private static var exitCodes: String {
        let lines = ExitCode.allCases.map { code in
            let number = String(code.rawValue)
            let wrapped = WrappedText.wrap(code.meaning, width: width, indent: 8)
            return "  " + number + String(repeating: " ", count: 6 - number.count) + wrapped.dropFirst(8)
        }
        return "Exit codes:\n" + lines.joined(separator: "\n")
    }
}
