/// Reads the `ACKPIPE_*` variables. A variable that is set but empty counts as not set, because compose files and unit files set
/// such ones for "default".
enum EnvironmentReader {
    /// Variables that carry the prefix and are no configuration: what ackpipe sets for handlers (a handler may start an ackpipe),
    /// and what tests use.
    private static let ignored = ["ACKPIPE_FRAMING", "ACKPIPE_PROTOCOL_FDS", "ACKPIPE_UPDATE_DOCS"]
    /// Kubernetes sets these in every container of a namespace that has a service called "ackpipe".
    private static let ignoredPrefixes = [
        "ACKPIPE_TEST_", "ACKPIPE_SERVICE_HOST", "ACKPIPE_SERVICE_PORT", "ACKPIPE_PORT",
    ]

    /// What the environment says to `command`. Variables of other commands are left alone, unknown ones are complained about.
    static func read(_ environment: [String: String], of command: Subcommand) -> Layer {
        var layer = Layer()
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("ACKPIPE_") {
            let known = OptionTable.all.filter { $0.environmentName == name }
            guard !known.isEmpty else {
                complainIfUnknown(name, &layer)
                continue
            }
            guard !text.isEmpty, let option = known.first(where: { $0.commands.contains(command) }) else { continue }
            for item in option.isRepeatable ? TextSplitting.items(text) : [text] {
                layer.add(option, item, at: .environment(name))
            }
        }
        return layer
    }

    private static func complainIfUnknown(_ name: String, _ layer: inout Layer) {
        if ignored.contains(name) || ignoredPrefixes.contains(where: { name.hasPrefix($0) }) { return }
        if name == "ACKPIPE_COMMAND" {
            return layer.complain(
                .environment(name),
                "a command cannot come from the environment, where its words are not told apart; "
                    + "write it after -- or as the list 'command' in the file")
        }
        let names = OptionTable.all.map(\.environmentName)
        let question = NearestName.question(name, among: names)
        layer.complain(
            .environment(name),
            "unknown variable\(question.isEmpty ? "." : question) Unset it if it is not meant for ackpipe")
    }
}
