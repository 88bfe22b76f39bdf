/// Reads the keys of one service, or those that hold for all, from a configuration file.
struct FileLayerReader {
    /// Whose keys are read.
    enum Scope {
        /// The top level: what holds for the daemon and for services that say nothing else.
        case daemon
        /// One of several services.
        case service
    }

    private let path: String
    private let scope: Scope
    private var layer = Layer()
    private var seen: Set<String> = []

    private init(path: String, scope: Scope) {
        self.path = path
        self.scope = scope
    }

    /// What these entries of the file at `path` say.
    static func read(_ entries: [Node.Entry], path: String, scope: Scope) -> Layer {
        var reader = FileLayerReader(path: path, scope: scope)
        for entry in entries { reader.take(entry) }
        return reader.layer
    }

    private mutating func take(_ entry: Node.Entry) {
        let key = String(entry.key.map { $0 == "_" ? "-" : $0 })
        switch key {
        case "services":
            return complain(entry.keyPosition, "services stand at the top level of the file, not within one another")
        case "service":
            return complain(
                entry.keyPosition, "a file cannot choose among services; use --service or ACKPIPE_SERVICE")
        case "config":
            return complain(entry.keyPosition, "a file cannot name another one; use --config or ACKPIPE_CONFIG")
        case "command":
            if isNew("command", entry) { takeCommand(entry) }
            return
        default: break
        }
        guard let option = OptionTable.all.first(where: { $0.fileKeys.contains(key) }) else {
            let question = NearestName.question(key, among: OptionTable.all.compactMap(\.fileKeys.first) + ["command"])
            return complain(entry.keyPosition, "unknown key '\(entry.key)'\(question)")
        }
        guard scope == .daemon || !option.isDaemonWide else {
            return complain(
                entry.keyPosition, "\(entry.key) holds for the whole daemon; move it to the top level of the file")
        }
        guard isNew(option.name.rawValue, entry) else { return }
        layer.attempt(option)
        if option.kind.isProperty { return takeProperties(option, entry) }
        takeValues(option, entry)
    }

    /// The reader of YAML refuses a key that stands there twice; `batch_size` beside `batch-size` is found here.
    private mutating func isNew(_ name: String, _ entry: Node.Entry) -> Bool {
        if seen.insert(name).inserted { return true }
        complain(
            entry.keyPosition, "'\(entry.key)' says again what another key of this file has said; keep one of them")
        return false
    }

    private mutating func takeValues(_ option: Option, _ entry: Node.Entry) {
        let label = "\(entry.key): "
        switch entry.value.content {
        case .scalar(let text, _):
            if entry.value.isNull {
                return complain(entry.value.position, label + "has no value; give one or remove the key")
            }
            layer.add(option, text, at: place(entry.value.position), label: label)
        case .sequence(let nodes) where option.kind == .brokers:
            let brokers = nodes.compactMap { scalar($0, label) }
            if brokers.count == nodes.count {
                layer.add(option, brokers.joined(separator: ","), at: place(entry.value.position), label: label)
            }
        case .sequence(let nodes) where option.isRepeatable:
            for node in nodes {
                guard let text = scalar(node, label) else { continue }
                layer.add(option, text, at: place(node.position), label: label)
            }
        case .sequence: complain(entry.value.position, label + "takes one value, not a list")
        case .mapping:
            complain(entry.value.position, label + "takes \(option.isRepeatable ? "a list" : "one value"), not a map")
        }
    }

    private mutating func takeProperties(_ option: Option, _ entry: Node.Entry) {
        guard case .mapping(let properties) = entry.value.content else {
            return complain(entry.value.position, "\(entry.key): must be a map, as in 'client.id: billing'")
        }
        for property in properties {
            guard !property.key.contains("=") else {
                complain(property.keyPosition, "\(entry.key): a property's name holds no '='")
                continue
            }
            guard let text = scalar(property.value, "\(entry.key): \(property.key): ") else { continue }
            layer.add(option, "\(property.key)=\(text)", at: place(property.keyPosition), label: "\(entry.key): ")
        }
    }

    private mutating func takeCommand(_ entry: Node.Entry) {
        layer.hasCommand = true
        guard case .sequence(let nodes) = entry.value.content else {
            return complain(
                entry.value.position,
                "command: must be a list of words, as in [python3, handler.py]: no shell is used, so nothing would split a text into words"
            )
        }
        let words = nodes.compactMap { scalar($0, "command: ") }
        guard words.count == nodes.count else { return }
        guard let program = words.first, !program.isEmpty else {
            return complain(entry.value.position, "command: names no program")
        }
        guard !words.contains(where: { $0.unicodeScalars.contains("\0") }) else {
            return complain(entry.value.position, "command: holds a NUL character")
        }
        layer.command = (words, place(entry.value.position))
    }

    /// The text of a node that must be a single value; nil after a complaint.
    private mutating func scalar(_ node: Node, _ label: String) -> String? {
        guard case .scalar(let text, _) = node.content, !node.isNull else {
            complain(node.position, label + "must be a single value")
            return nil
        }
        return text
    }

    private func place(_ position: Position) -> Place { .file(path: path, at: position) }

    private mutating func complain(_ position: Position, _ message: String) {
        layer.complain(place(position), message)
    }
}
