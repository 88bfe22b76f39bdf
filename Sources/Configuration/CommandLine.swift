/// What the program is to do.
package enum Invocation: Equatable, Sendable {
    /// `ackpipe run`.
    case run(RunSettings)
    /// `ackpipe broker`.
    case broker(BrokerSettings)
    /// `ackpipe demo`.
    case demo(DemoSettings)
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
            guard let command = Subcommand(rawValue: arguments[1]) else {
                return .failure(unknownCommand(arguments[1]))
            }
            return .success(.help(HelpText.command(command)))
        default:
            guard let command = Subcommand(rawValue: first) else { return .failure(unknownCommand(first)) }
            return resolve(command, arguments.dropFirst(), environment, readFile, readSecret, matches)
        }
    }

    private static func unknownCommand(_ word: String) -> Complaints {
        let what = word.hasPrefix("-") ? "unknown option; a command comes first" : "unknown command"
        let question = NearestName.question(word, among: Subcommand.allCases.map(\.rawValue))
        let commands = Subcommand.allCases.map(\.rawValue).joined(separator: ", ")
        return Complaints(
            list: [
                Complaint(
                    .commandLine, "'\(word)': \(what)\(question.isEmpty ? "." : question) The commands are: \(commands)"
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
        let file = readConfiguration([flags.layer, variables], command, readFile)
        var values = SettingValues(
            AddressLayers.merged(commanding: [flags.layer, variables], files: [file]), of: command)
        let handler = flags.layer.command ?? file.command
        let invocation: Invocation
        switch command {
        case .run:
            invocation = .run(
                RunSettings.resolve(
                    &values, command: handler, isCutShort: flags.isCutShort || file.isUnreadable,
                    readSecret: readSecret,
                    matches: matches))
        case .broker: invocation = .broker(BrokerSettings.resolve(&values))
        case .demo: invocation = .demo(DemoSettings.resolve(&values, command: handler))
        }
        guard values.complaints.isEmpty else {
            return .failure(
                Complaints(list: values.complaints, advice: "Try 'ackpipe \(command.rawValue) --help'."))
        }
        return .success(invocation)
    }

    /// The layer of the file that flags or environment name; an empty one where none is named.
    private static func readConfiguration(
        _ layers: [Layer], _ command: Subcommand, _ readFile: (String) -> Result<Node, FileProblem>
    ) -> Layer {
        let named = layers.compactMap { $0.values[.config]?.first }.first
        guard let named, case .text(let path) = named.value else { return Layer() }
        switch readFile(path) {
        case .success(let tree): return FileLayerReader.read(tree, path: path)
        case .failure(let problem):
            var layer = Layer()
            layer.isUnreadable = true
            // A file that cannot be opened is the fault of who named it; one that cannot be parsed has a place of its own.
            if let position = problem.position {
                layer.complain(.file(path: path, at: position), problem.message)
            } else {
                layer.complain(named.place, "cannot read '\(path)': \(problem.message)")
            }
            return layer
        }
    }
}
