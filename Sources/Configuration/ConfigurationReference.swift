/// The reference page of the configuration, docs/configuration.md, made from the table of options.
package enum ConfigurationReference {
    /// The whole page. A test compares the committed file with it.
    package static var markdown: String {
        var parts = [introduction]
        for command in Subcommand.allCases {
            // The options that every command shares are told once, with `run`.
            let options = OptionTable.options(of: command).filter { command == .run || !$0.commands.contains(.run) }
            parts.append("## `ackpipe \(command.rawValue)`\n\n    \(command.usage)\n\n\(fill(command.explanation))")
            if command != .run {
                if command != .frames { parts.append("\(shared(by: command)) as above, and:") }
            }
            for section in OptionSection.allCases {
                let rows = options.filter { $0.section == section }
                guard !rows.isEmpty else { continue }
                parts.append("### \(section.rawValue)")
                parts += rows.map(row)
            }
        }
        parts += [refusals(.forConsumer), refusals(.forProducer), exitCodes]
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// The options that a command has in common with `run`, in words.
    private static func shared(by command: Subcommand) -> String {
        switch command {
        case .replay:
            let names = OptionTable.options(of: .replay).filter { OptionTable.sharedWithReplay.contains($0.name) }
            return fill(names.map { "`\($0.longFlag)`" }.joined(separator: ", ") + " and the options of the log")
        case .deadLetterReplay: return "`--brokers`, `--property` and the options of the log"
        case .check:
            return fill(
                "`--framing`, `--protocol-fd`, `--key-format`, `--value-format`, `--max-frame-bytes` and `--frame-timeout`"
            )
        default: return "Options of the log"
        }
    }

    private static let introduction = """
        # Configuration

        This page is made from the table of options in `Sources/Configuration`; `ackpipe COMMAND --help` is its short form.

        - Every option of `ackpipe run` is a flag, an environment variable and a key of the YAML file that `--config` names. A flag
          beats the environment, which beats the file, which beats the default. A repeatable option is replaced as a whole;
          properties (`-X`, `--dead-letter-producer`) are merged by name.
        - Durations are whole numbers with units: `500ms`, `30s`, `5m`, `1h30m`, `1d`. A bare `0` is allowed, any other bare number is
          refused. Sizes likewise: `512B`, `64KiB`, `1MiB`, `1GiB`, and in powers of ten `KB`, `MB`, `GB`.
          Rates are `N/s`, `N/m` or `N/h`, N with a decimal point or without.
        - A repeatable option is given several times as a flag, as a comma-separated list in the environment (`\\,` is a comma
          within an item), and as a list or a single value in the file.
        - A variable that is set but empty counts as not set. An unknown variable that begins with `ACKPIPE_` is refused, so that a
          typing mistake does not pass; `ACKPIPE_FRAMING`, `ACKPIPE_PROTOCOL_FDS` (told to handlers), `ACKPIPE_TEST_*` and the variables
          that Kubernetes sets for a service called `ackpipe` are ignored.
        - Keys of the file are the long names (`batch-size`; `batch_size` is accepted). The handler's command is the key `command`, a
          list of words: no shell is used. Several services may stand under the key `services`, each with keys of its own, which
          beat those of the top level: see [several services](services.md).
        - All that is wrong is told at once, each with its place and, for an unknown name, the nearest valid one; exit code 64.

        ```yaml
        brokers: localhost:9092
        topics: [orders, refunds]
        group: billing
        mode: batch
        batch-size: 500
        workers: 4
        properties:
          security.protocol: SASL_SSL
          sasl.mechanism: SCRAM-SHA-512
          sasl.username: billing
          sasl.password: "@/run/secrets/kafka"
        command: [python3, handler.py]
        ```
        """

    private static func row(_ option: Option) -> String {
        let short = option.short.map { "-\($0), " } ?? ""
        let placeholder = option.placeholder.map { " " + $0 } ?? ""
        var facts: [String] = []
        if let defaultText = option.defaultText { facts.append("default `\(defaultText)`") }
        if let allowed = option.kind.allowed { facts.append("allowed: \(allowed)") }
        facts.append("`\(option.environmentName)`")
        if let key = option.fileKeys.first { facts.append("key `\(key)`") }
        if option.fileKeys.count > 1 { facts.append("or `\(option.fileKeys[1])`") }
        let sentence = option.summary.prefix(1).uppercased() + option.summary.dropFirst() + "."
        let details = option.details.isEmpty ? "" : "\n\n" + fill(option.details)
        return "#### `\(short)\(option.longFlag)\(placeholder)`\n\n"
            + "\(fill(sentence))\n\n\(fill(facts.joined(separator: "; ")))\(details)"
    }

    private static func refusals(_ refused: RefusedProperties) -> String {
        let rows = refused.table.map { "| `\($0.name)` | \($0.advice) |" }
        return "## Properties that `\(refused.flag)` refuses\n\n| property | what to do instead |\n|---|---|\n"
            + rows.joined(separator: "\n")
    }

    private static var exitCodes: String {
        let rows = ExitCode.allCases.map { "| \($0.rawValue) | \($0.meaning) |" }
        return """
            ## Exit codes

            After `sysexits.h`; 125 to 127 as shells and supervisors use them.

            | code | meaning |
            |---|---|
            \(rows.joined(separator: "\n"))
            """
    }

    private static func fill(_ text: String) -> String { WrappedText.wrap(text, width: 120, indent: 0) }
}
