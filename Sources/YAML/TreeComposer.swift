import Configuration

/// Builds the tree of the one document of a stream.
struct TreeComposer: ~Copyable {
    private var source: EventSource

    init(_ source: consuming EventSource) { self.source = source }

    /// The document's tree; a null scalar when the stream has none.
    mutating func document() throws(FileProblem) -> Node {
        var tree: Node?
        while true {
            let event = try source.next()
            switch event.kind {
            case .streamEnd: return tree ?? Node(.scalar("", quoted: false), at: Position(line: 1, column: 1))
            case .documentStart where tree != nil:
                throw FileProblem(
                    "a second document begins here; a configuration file is one document", at: event.position)
            case .documentStart: tree = try node(try source.next(), depth: 0)
            default: continue
            }
        }
    }

    /// The node that begins with `event`.
    private mutating func node(_ event: YAMLEvent, depth: Int) throws(FileProblem) -> Node {
        guard depth < YAMLReader.maximumDepth else {
            throw FileProblem("is nested deeper than \(YAMLReader.maximumDepth) levels", at: event.position)
        }
        guard !event.hasAnchor else {
            throw FileProblem(
                "anchors (&name) are not supported; write the value out, or quote it if it begins with '&'",
                at: event.position)
        }
        guard !event.hasTag else {
            throw FileProblem(
                "tags (!name) are not supported; quote the value if it begins with '!'", at: event.position)
        }
        switch event.kind {
        case .scalar(let text, let quoted): return Node(.scalar(text, quoted: quoted), at: event.position)
        case .sequenceStart: return Node(.sequence(try items(depth)), at: event.position)
        case .mappingStart: return Node(.mapping(try entries(depth)), at: event.position)
        case .alias:
            throw FileProblem(
                "aliases (*name) are not supported; write the value out, or quote it if it begins with '*'",
                at: event.position)
        default: throw FileProblem("a value was expected", at: event.position)
        }
    }

    private mutating func items(_ depth: Int) throws(FileProblem) -> [Node] {
        var items: [Node] = []
        while true {
            let event = try source.next()
            if case .collectionEnd = event.kind { return items }
            items.append(try node(event, depth: depth + 1))
        }
    }

    private mutating func entries(_ depth: Int) throws(FileProblem) -> [Node.Entry] {
        var entries: [Node.Entry] = []
        var lines: [String: Int] = [:]
        while true {
            let event = try source.next()
            if case .collectionEnd = event.kind { return entries }
            let key = try node(event, depth: depth + 1)
            guard case .scalar(let text, _) = key.content else {
                throw FileProblem("a key must be a single word, not a list or a map", at: key.position)
            }
            if let line = lines[text] {
                throw FileProblem(
                    "the key '\(text)' stands in line \(line) already; keep one of them", at: key.position)
            }
            lines[text] = key.position.line
            let value = try node(try source.next(), depth: depth + 1)
            entries.append(Node.Entry(key: text, keyPosition: key.position, value: value))
        }
    }
}
