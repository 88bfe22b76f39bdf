/// What the program is to do.
package enum Invocation: Equatable, Sendable {
    /// `ackpipe run`, with each service's settings in the file's order; never empty.
    case run([RunSettings])
    /// `ackpipe replay`.
    case replay(ReplaySettings)
    /// `ackpipe broker`.
    case broker(BrokerSettings)
    /// `ackpipe demo`.
    case demo(DemoSettings)
    /// `ackpipe frames`.
    case frames(FramesSettings)
    /// `ackpipe dead-letter replay`.
    case deadLetterReplay(DeadLetterReplaySettings)
    /// `ackpipe check`.
    case check(CheckSettings)
    /// Print this text to stdout and exit 0.
    case help(String)
    /// Print the version to stdout and exit 0.
    case version
}

/// The way from words, variables and a file to settings. (Within files that import this module, the standard library's type of the
/// same name is `Swift.CommandLine`.)
package struct CommandLine {
    /// Makes settings from `arguments` (without the program's name), `environment` and the file that either names, or tells all
    /// that is wrong with them. Pure: `readFile` gets the path of the configuration file and returns its tree; `readSecret` gets
    /// the path of a property's `@FILE` and returns its text; `matches` tells whether a subscription to a pattern takes a topic in
    /// (POSIX extended, which the standard library does not have; who cannot tell answers false).
    package static func resolve(
        arguments: [String], environment: [String: String], readFile: (String) -> Result<Node, FileProblem>,
        readSecret: (String) -> Result<String, FileProblem>,
        matches: (_ pattern: String, _ topic: String) -> Bool = { _, _ in false }
    ) -> Result<Invocation, Complaints> {
        guard let first = arguments.first else {
            return .failure(
                Complaints(list: [Complaint(.commandLine, "no command is given")], advice: HelpText.program))
        }
        switch first {
        case "--help", "-h": return .success(.help(HelpText.program))
        case "--version", "version": return .success(.version)
        case "help":
            guard arguments.count > 1 else { return .success(.help(HelpText.program)) }
            let words = Array(arguments.dropFirst())
            guard let (command, _) = Subcommand.read(words) else { return .failure(unknownCommand(words)) }
            return .success(.help(HelpText.command(command)))
        default:
            guard let (command, rest) = Subcommand.read(arguments) else {
                let asksForHelp = arguments.contains("--help") || arguments.contains("-h")
                if asksForHelp, Subcommand.isBeginning(first) { return .success(.help(HelpText.program)) }
                return .failure(unknownCommand(arguments))
            }
            return resolve(command, rest, environment, readFile, readSecret, matches)
        }
    }

    private static func unknownCommand(_ words: [String]) -> Complaints {
        var word = words.first ?? ""
        // A name of two words is judged as a whole.
        if words.count > 1, Subcommand.isBeginning(word) {
            word += " " + words[1]
        }
        let what = word.hasPrefix("-") ? "unknown option; a command comes first" : "unknown command"
        let question = NearestName.question(word, among: Subcommand.allCases.map(\.rawValue))
        let commands = Subcommand.allCases.map(\.rawValue).joined(separator: ", ")
        return Complaints(
            list: [
                Complaint(
                    .commandLine,
                    "\(QuotedWord.show(word)): \(what)\(question.isEmpty ? "." : question) The commands are: \(commands)"
                )
            ],
            advice: "Try 'ackpipe --help'.")
    }

    private static func resolve(
        _ command: Subcommand, _ words: ArraySlice<String>, _ environment: [String: String],
        _ readFile: (String) -> Result<Node, FileProblem>, _ readSecret: (String) -> Result<String, FileProblem>,
        _ matches: (_ pattern: String, _ topic: String) -> Bool
    ) -> Result<Invocation, Complaints> {
        let flags = FlagReader.read(words, of: command)
        if flags.wantsHelp { return .success(.help(HelpText.command(command))) }
        if flags.wantsVersion { return .success(.version) }
        let variables = EnvironmentReader.read(environment, of: command)
        let file = readConfiguration([flags.layer, variables], environment, readFile)
        var complaints = flags.layer.complaints + variables.complaints + file.complaints
        var values = SettingValues([flags.layer, variables, file.shared], of: command)
        let invocation: Invocation
        switch command {
        case .run:
            var services = ServicesResolution(flags: flags, variables: variables, file: file)
            invocation = .run(services.resolve(readSecret, matches))
            complaints += services.complaints
        case .replay:
            let (settings, found) = ReplaySettings.resolve(flags, variables, file)
            invocation = .replay(settings)
            complaints += found
        case .broker: invocation = .broker(BrokerSettings.resolve(&values))
        case .demo: invocation = .demo(DemoSettings.resolve(&values, command: flags.layer.command))
        case .frames:
            invocation = .frames(
                FramesSettings.resolve(&values, operand: flags.operand, isCutShort: flags.isCutShort))
        case .check:
            invocation = .check(
                CheckSettings.resolve(&values, command: flags.layer.command, isCutShort: flags.isCutShort))
        case .deadLetterReplay:
            invocation = .deadLetterReplay(
                DeadLetterReplaySettings.resolve(&values, isCutShort: flags.isCutShort, readSecret: readSecret))
        }
        complaints += values.complaints
        guard complaints.isEmpty else {
            return .failure(Complaints(list: complaints, advice: "Try 'ackpipe \(command.rawValue) --help'."))
        }
        return .success(invocation)
    }

    /// What the file says that flags or environment name; nothing where none is named.
    private static func readConfiguration(
        _ layers: [Layer], _ environment: [String: String], _ readFile: (String) -> Result<Node, FileProblem>
    ) -> ConfigurationFile {
        var file = ConfigurationFile()
        let named = layers.compactMap { $0.values[.config]?.first }.first
        guard let named, case .text(let path) = named.value else { return file }
        switch readFile(path) {
        case .success(let tree): return ConfigurationFile.read(tree, path: path, environment: environment)
        case .failure(let problem):
            file.shared.isUnreadable = true
            // A file that cannot be opened is the fault of who named it; one that cannot be parsed has a place of its own.
            if let position = problem.position {
                file.shared.complain(.file(path: path, at: position), problem.message)
            } else {
                file.shared.complain(
                    named.place, "cannot read \(QuotedWord.show(path, or: "the file")): \(problem.message)")
            }
            return file
        }
    }
}
