/// A tRPC-Go server's configuration (`trpc_go.yaml`) turned into one of ackpipe: each entry of `server.service` with `protocol:
/// kafka` becomes a service with its name, address and time-out. What ackpipe needs beside that stands in the same file under
/// `ackpipe`, which tRPC-Go does not read; it has the form of a configuration file of ackpipe.
///
/// Source of the keys: trpc-group/trpc-go, config.go, `Config`, `ServiceConfig` and `RepairConfig`.
struct TRPCFile {
    /// The file as ackpipe would have it written, with the places of the original.
    private(set) var tree: Node
    /// What has no meaning here or another one.
    private(set) var notices: [StartNotice] = []
    /// What is wrong.
    private(set) var complaints: [Complaint] = []

    /// Environment variables that the file takes values from: they may hold the brokers' password.
    private(set) var usedVariables: [String] = []

    private let path: String
    private let environment: [String: String]
    private var entries: [TRPCServiceEntry] = []
    private var ignoredKeys: Set<String> = []
    private var ignoredEntries: [String] = []

    /// Turns `tree`, read from `path`; `${NAME}` is filled in from `environment`, as tRPC-Go does it. Nil where the file is no
    /// tRPC-Go server's.
    init?(_ tree: Node, path: String, environment: [String: String]) {
        guard let server = tree["server"], let list = server["service"] else { return nil }
        self.tree = tree
        self.path = path
        self.environment = environment
        readEntries(list, server)
        let own = readOwnSection(tree)
        noteWhatIsIgnored(tree, list)
        let services = entries.isEmpty ? [] : [services(list, own.services)]
        self.tree = Node(.mapping(own.shared + services), at: tree.position)
    }

    // MARK: server.service

    private mutating func readEntries(_ list: Node, _ server: Node) {
        guard case .sequence(let nodes) = list.content else {
            return complain(list.position, "server.service: must be a list of entries")
        }
        for node in nodes {
            guard case .mapping(let members) = node.content else {
                complain(node.position, "server.service: an entry must be a map with name, protocol and address")
                continue
            }
            let name = text(node["name"])
            let proto = text(node["protocol"]) ?? text(server["protocol"]) ?? "trpc"
            guard proto.lowercased() == "kafka" else {
                ignoredEntries.append("\(name ?? "?") (\(proto))")
                continue
            }
            ignoredKeys.formUnion(
                members.map(\.key).filter { !["name", "protocol", "address", "timeout"].contains($0) })
            guard let name, let address = text(node["address"]) else {
                let missing = name == nil ? "name" : "address"
                let others = members.map(\.key).filter { !["name", "address", "protocol", "timeout"].contains($0) }
                let twin = NearestName.find(missing, among: others).map { "; is '\($0)' a typing mistake for it?" }
                complain(
                    node.position, "server.service: an entry with protocol kafka needs \(missing)\(twin ?? "")")
                continue
            }
            if entries.contains(where: { $0.name == name }) {
                complain(
                    node.position, "server.service: two entries are called '\(name)'; ackpipe tells services by name")
                continue
            }
            entries.append(
                TRPCServiceEntry(
                    name: name, position: node.position, address: address,
                    addressPosition: node["address"]?.position ?? node.position, timeout: timeout(node, server)))
        }
        if entries.isEmpty, complaints.isEmpty {
            let others = ignoredEntries.isEmpty ? "" : "; there are: \(ignoredEntries.joined(separator: ", "))"
            complain(list.position, "server.service has no entry with protocol: kafka\(others)")
        }
    }

    /// The entry's own time-out, else the server's, in milliseconds with its place; 0 is none.
    private mutating func timeout(_ entry: Node, _ server: Node) -> (milliseconds: Int, place: Position)? {
        for node in [entry["timeout"], server["timeout"]].compactMap(\.self) {
            guard let text = text(node) else { continue }
            guard let milliseconds = Int(text), milliseconds >= 0 else {
                complain(node.position, "timeout: '\(text)' is not a number of milliseconds of 0 or more")
                return nil
            }
            if milliseconds > 0 { return (milliseconds, node.position) }
        }
        return nil
    }

    // MARK: What ackpipe reads

    private mutating func readOwnSection(_ tree: Node) -> (shared: [Node.Entry], services: [Node.Entry]) {
        guard case .mapping(let sections) = tree.content else { return ([], []) }
        let known = ["global", "server", "client", "plugins"]
        guard let section = sections.first(where: { $0.key == "ackpipe" }) else {
            for entry in sections where !known.contains(entry.key) {
                if NearestName.find(entry.key, among: ["ackpipe"]) != nil {
                    complain(entry.keyPosition, "unknown key '\(entry.key)'; did you mean ackpipe?")
                }
            }
            return ([], [])
        }
        guard case .mapping(let members) = section.value.content else {
            if !section.value.isNull {
                complain(section.value.position, "ackpipe: must be a map, as in 'command: [python3, handler.py]'")
            }
            return ([], [])
        }
        let shared = members.filter { $0.key != "services" }
        guard let services = members.first(where: { $0.key == "services" }) else { return (shared, []) }
        guard case .mapping(let named) = services.value.content else {
            complain(services.value.position, "ackpipe: services must be a map of names that server.service has")
            return (shared, [])
        }
        for service in named where !entries.contains(where: { $0.name == service.key }) {
            let question = NearestName.question(service.key, among: entries.map(\.name))
            complain(
                service.keyPosition,
                "ackpipe: server.service has no entry '\(service.key)' with protocol: kafka\(question)")
        }
        return (shared, named)
    }

    /// The key `services` of ackpipe's file: the address and the time-out of each entry, and what the file's own section adds.
    private mutating func services(_ list: Node, _ additions: [Node.Entry]) -> Node.Entry {
        let services = entries.map { entry in
            var members = [entry.member("address", entry.address, at: entry.addressPosition)]
            var added: [Node.Entry] = []
            let addition = additions.first { $0.key == entry.name }
            if let addition, case .mapping(let given) = addition.value.content {
                added = given
            } else if let addition, !addition.value.isNull {
                complain(addition.value.position, "ackpipe: \(entry.name) must be a map of keys and values")
            }
            if let address = added.first(where: { $0.key == "address" }) {
                complain(address.keyPosition, "address stands in the entry of server.service; remove it here")
                added.removeAll { $0.key == "address" }
            }
            let isOverruled = added.contains { ["ack-timeout", "ack_timeout"].contains($0.key) }
            if let timeout = entry.timeout, !isOverruled {
                members.append(entry.member("ack-timeout", "\(timeout.milliseconds)ms", at: timeout.place))
                notices.append(
                    StartNotice(
                        .information, place(timeout.place),
                        "timeout: \(entry.name): a handler that takes longer than \(timeout.milliseconds) ms is told to stop, or "
                            + "replaced, and the record delivered again; tRPC-Go would wait for it"))
            }
            return Node.Entry(
                key: entry.name, keyPosition: entry.position,
                value: Node(.mapping(members + added), at: entry.position))
        }
        return Node.Entry(
            key: "services", keyPosition: list.position, value: Node(.mapping(services), at: list.position))
    }

    // MARK: What is left

    private mutating func noteWhatIsIgnored(_ tree: Node, _ list: Node) {
        if !ignoredEntries.isEmpty {
            notices.append(
                StartNotice(
                    .information, place(list.position),
                    "entries of server.service with another protocol are left out: \(ignoredEntries.joined(separator: ", "))"
                ))
        }
        if !ignoredKeys.isEmpty {
            notices.append(
                StartNotice(
                    .information, place(list.position),
                    "keys of server.service that mean nothing to a consumer: \(ignoredKeys.sorted().joined(separator: ", "))"
                ))
        }
        if let plugin = tree["plugins"]?["database"]?["kafka"] {
            notices.append(
                StartNotice(
                    .information, place(plugin.position),
                    "plugins.database.kafka has no effect: --max-memory bounds memory, and librdkafka's log is in ackpipe's"
                ))
        }
    }

    /// The text of a single value with `${NAME}` filled in; nil where there is none.
    private mutating func text(_ node: Node?) -> String? {
        guard let node, !node.isNull, case .scalar(let raw, _) = node.content else { return nil }
        let pieces = TextSplitting.split(raw, at: "${")
        var filled = pieces[0]
        for piece in pieces.dropFirst() {
            guard let end = piece.firstIndex(of: "}") else {
                filled += "${" + piece
                continue
            }
            let name = String(piece[..<end])
            if !usedVariables.contains(name) { usedVariables.append(name) }
            if let value = environment[name] {
                filled += value
            } else {
                complain(node.position, "the environment variable '\(name)' is not set")
            }
            filled += piece[piece.index(after: end)...]
        }
        return filled
    }

    private func place(_ position: Position) -> Place { .file(path: path, at: position) }

    private mutating func complain(_ position: Position, _ message: String) {
        let complaint = Complaint(place(position), message)
        // What the server says for all entries is read once for each of them.
        if !complaints.contains(complaint) { complaints.append(complaint) }
    }
}

/// One entry of `server.service` with `protocol: kafka`.
private struct TRPCServiceEntry {
    let name: String
    let position: Position
    let address: String
    let addressPosition: Position
    /// Milliseconds, with their place; nil is no limit.
    let timeout: (milliseconds: Int, place: Position)?

    /// A key of ackpipe's file whose value stands at `position`.
    func member(_ key: String, _ text: String, at position: Position) -> Node.Entry {
        Node.Entry(key: key, keyPosition: position, value: Node(.scalar(text, quoted: true), at: position))
    }
}

extension Node {
    /// The value of a key, where this is a mapping that has it.
    fileprivate subscript(key: String) -> Node? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }
}
