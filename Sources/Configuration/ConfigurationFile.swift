/// What a configuration file says: keys that hold for every service, and the keys of each service.
struct ConfigurationFile {
    /// The keys at the top level: of the one service, or of all that say nothing else.
    var shared = Layer()
    /// The services, in the file's order; nil where the file does not tell several apart.
    var services: [ConfiguredService]?

    /// All that is wrong with the file as such.
    var complaints: [Complaint] { shared.complaints + (services ?? []).flatMap(\.layer.complaints) }

    /// What the file at `path`, read into `tree`, says; a tRPC-Go server's file fills in variables of `environment`.
    static func read(_ tree: Node, path: String, environment: [String: String] = [:]) -> ConfigurationFile {
        if let foreign = TRPCFile(tree, path: path, environment: environment) { return read(foreign, path: path) }
        var file = ConfigurationFile()
        switch tree.content {
        case .mapping(let entries):
            file.shared = FileLayerReader.read(entries.filter { $0.key != "services" }, path: path, scope: .daemon)
            if let services = entries.first(where: { $0.key == "services" }) { file.takeServices(services, path) }
        case .scalar where tree.isNull:
            break  // A file of comments only says nothing, and nothing is wrong with it.
        default:
            file.shared.complain(
                .file(path: path, at: tree.position),
                "the file must be a map of keys and values, as in 'group: billing'")
        }
        return file
    }

    private static func read(_ foreign: TRPCFile, path: String) -> ConfigurationFile {
        var file = read(foreign.tree, path: path)
        file.shared.complain(foreign.complaints)
        file.shared.notices += foreign.notices
        file.shared.usedVariables = foreign.usedVariables
        // Where an entry could not be read, nobody knows what it would have said.
        file.shared.isUnreadable = !foreign.complaints.isEmpty
        return file
    }

    private mutating func takeServices(_ entry: Node.Entry, _ path: String) {
        guard case .mapping(let entries) = entry.value.content, !entries.isEmpty else {
            return shared.complain(
                .file(path: path, at: entry.value.position),
                "services: must be a map of names and their keys, as in 'billing: {group: billing}'")
        }
        services = entries.map { ConfiguredService.read($0, path) }
    }
}

/// One of a file's services.
struct ConfiguredService {
    /// The name, as logs and `hello` show it.
    let name: String
    /// Where it stands in the file.
    let place: Place
    /// Its own keys.
    var layer: Layer

    /// Letters, digits, `.`, `_` and `-`, up to 100 of them: a name stands in logs, metrics and commands unquoted.
    static func isName(_ text: String) -> Bool {
        (1...100).contains(text.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    }

    static func read(_ entry: Node.Entry, _ path: String) -> ConfiguredService {
        let place = Place.file(path: path, at: entry.keyPosition)
        var layer = Layer()
        switch entry.value.content {
        case .mapping(let entries): layer = FileLayerReader.read(entries, path: path, scope: .service)
        case .scalar where entry.value.isNull:
            break  // All its keys are the top level's.
        default:
            layer.complain(
                .file(path: path, at: entry.value.position),
                "\(entry.key): must be a map of this service's keys, as in 'billing: {group: billing}'")
        }
        if !isName(entry.key) {
            layer.complain(
                place,
                "'\(entry.key)' is not a service's name; letters, digits, '.', '_' and '-' are allowed, up to 100")
        }
        return ConfiguredService(name: entry.key, place: place, layer: layer)
    }
}
