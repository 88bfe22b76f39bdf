@testable import Configuration

/// What a test of the command line needs: the shortest valid `run`, and short ways to outcomes.
struct Fixture {
    var environment: [String: String] = [:]
    var file: Node?
    var fileProblem: FileProblem?
    var secrets: [String: String] = [:]
    var matches: (_ pattern: String, _ topic: String) -> Bool = { _, _ in false }

    static let minimal = ["run", "-b", "localhost:9092", "-t", "orders", "-g", "billing"]
    static let handler = ["--", "python3", "handler.py"]

    func resolve(_ arguments: [String]) -> Result<Invocation, Complaints> {
        CommandLine.resolve(
            arguments: arguments, environment: environment,
            readFile: { _ in
                if let file { return .success(file) }
                return .failure(fileProblem ?? FileProblem("No such file or directory"))
            },
            readSecret: { path in
                secrets[path].map { .success($0) } ?? .failure(FileProblem("No such file or directory"))
            }, matches: matches)
    }

    /// The settings of the shortest valid `run` with `more`.
    func run(_ more: String...) throws -> RunSettings {
        try runExactly(Self.minimal + more + Self.handler)
    }

    func runExactly(_ arguments: [String]) throws -> RunSettings {
        let services = try services(arguments)
        guard services.count == 1 else { throw UnexpectedOutcome() }
        return services[0]
    }

    /// The settings of every service that a command line and the file describe.
    func services(_ arguments: [String]) throws -> [RunSettings] {
        guard case .run(let services) = try resolve(arguments).get() else { throw UnexpectedOutcome() }
        return services
    }

    /// The complaints, one a line, about the shortest valid `run` with `more`.
    func complaints(_ more: String...) -> [String] {
        complaintsExactly(Self.minimal + more + Self.handler)
    }

    func complaintsExactly(_ arguments: [String]) -> [String] {
        guard case .failure(let complaints) = resolve(arguments) else { return [] }
        return complaints.list.map(\.description)
    }
}

struct UnexpectedOutcome: Error {}

/// Short ways to trees; positions count up so that each node has its own.
enum Tree {
    static func scalar(_ text: String, quoted: Bool = false, line: Int = 1) -> Node {
        Node(.scalar(text, quoted: quoted), at: Position(line: line, column: 3))
    }

    static func list(_ texts: String...) -> Node {
        Node(.sequence(texts.map { scalar($0) }), at: Position(line: 1, column: 3))
    }

    /// A map whose n-th key stands in line n, column 1.
    static func map(_ pairs: (String, Node)...) -> Node { map(entries: pairs) }

    static func map(entries pairs: [(String, Node)]) -> Node {
        let entries = pairs.enumerated().map { index, pair in
            Node.Entry(key: pair.0, keyPosition: Position(line: index + 1, column: 1), value: pair.1)
        }
        return Node(.mapping(entries), at: Position(line: 1, column: 1))
    }
}
