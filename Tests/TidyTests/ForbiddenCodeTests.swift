import Foundation
import Testing

/// A way of writing that the sources do without, and why.
struct ForbiddenCode {
    var name: String
    var why: String
    /// A line without any of these words is innocent.
    var words: [String]
    var isIn: @Sendable (_ line: String) -> Bool = { _ in true }
}

/// What would be forbidden to the daemon is its users' choice in the library for handlers.
let targetsWithConcurrency: Set<String> = ["AckpipeHandler"]

let forbiddenEverywhere = [
    ForbiddenCode(
        name: "fatalError", why: "bad input and failing calls are ordinary; answer with an error",
        words: ["fatalError", "preconditionFailure"]
    ) { $0.containsCall("fatalError") || $0.containsCall("preconditionFailure") },
    ForbiddenCode(name: "try!", why: "an error must not end the program", words: ["try!"]),
    ForbiddenCode(name: "as!", why: "a cast may fail", words: [" as! "]),
    ForbiddenCode(name: "Task", why: "threads and a loop, no Swift concurrency", words: ["Task"]) {
        $0.contains(/\bTask(\.detached|\.immediate)?\s*(\([^)]*\)\s*)?\{/.wordBoundaryKind(.simple))
    },
    ForbiddenCode(name: "actor", why: "threads and a loop, no Swift concurrency", words: ["actor "]) {
        $0.contains(/^\s*((package|public|private|fileprivate|internal|final|distributed) )*actor \w/)
    },
    ForbiddenCode(name: "async", why: "threads and a loop, no Swift concurrency", words: ["async", "await"]) {
        $0.contains(/\b(async|await)\b/.wordBoundaryKind(.simple))
    },
    ForbiddenCode(name: "import Foundation", why: "it makes the binary ten times as large", words: ["Foundation"]) {
        importedModule($0)?.hasPrefix("Foundation") == true
    },
]

/// Only the program itself may write to its standard output.
let forbiddenOutsideTheProgram = ForbiddenCode(
    name: "print", why: "hand an event up; Runtime logs it", words: ["print(", "debugPrint(", "dump("]
) { $0.containsCall("print") || $0.containsCall("debugPrint") || $0.containsCall("dump") }

/// What decides knows neither pointers nor C.
let forbiddenInPureTargets = ForbiddenCode(
    name: "unsafe", why: "a pure target needs no unsafe code", words: ["unsafe", "Unsafe"])

let pureTargets: Set<String> = ["DeliveryCore", "HandlerProtocol", "Configuration", "Conformance"]

extension String {
    /// Whether the line calls a free function of this name; `.name(` and `myname(` are others.
    fileprivate func containsCall(_ name: String) -> Bool {
        var rest = self[...]
        while let found = rest.range(of: name + "(") {
            let before = found.lowerBound == startIndex ? " " : self[index(before: found.lowerBound)]
            if !before.isLetter, !before.isNumber, before != ".", before != "_" { return true }
            rest = rest[found.upperBound...]
        }
        return false
    }
}

func forbiddenCode(in file: TextFile) -> [Finding] {
    var forbidden = forbiddenEverywhere
    if file.target != "ackpipe" { forbidden.append(forbiddenOutsideTheProgram) }
    if pureTargets.contains(file.target) { forbidden.append(forbiddenInPureTargets) }
    if targetsWithConcurrency.contains(file.target) { forbidden.removeAll { ["Task", "async"].contains($0.name) } }
    forbidden = forbidden.filter { $0.words.contains { file.text.range(of: $0, options: .literal) != nil } }
    if forbidden.isEmpty { return [] }
    return zip(1..., file.code).flatMap { number, line in
        forbidden.filter { rule in rule.words.contains { line.range(of: $0) != nil } && rule.isIn(line) }
            .map { Finding(path: file.path, line: number, what: "\($0.name): \($0.why)") }
    }
}

@Test(
    "Each forbidden way of writing is found",
    arguments: [
        ("fatalError", "default: fatalError(\"no\")"), ("fatalError", "preconditionFailure()"),
        ("try!", "let x = try! f()"), ("as!", "let x = y as! Int"), ("Task", "Task { await f() }"),
        ("Task", "let x = _Concurrency.Task.detached(priority: .low) { f() }"), ("actor", "package final actor Pool {"),
        ("async", "func f() async throws {"), ("import Foundation", "import FoundationEssentials"),
        ("print", "print(x)"), ("unsafe", "unsafe pointer.pointee = 1"), ("unsafe", "f.withUnsafeBytes { _ in }"),
    ])
func findsForbiddenCode(name: String, line: String) {
    let findings = forbiddenCode(in: TextFile(path: "Sources/DeliveryCore/Bad.swift", text: "\n" + line))
    #expect(findings.contains { $0.line == 2 && $0.what.hasPrefix(name + ":") }, "\(findings.report)")
}

@Test("What only looks like forbidden code is not found")
func sparesInnocentCode() {
    let text = """
        // fatalError( and print( are mentioned here
        let text = "try! print(x)"
        blueprint(x); writer.print(x); struct WorkerTask { var asynchronous = 1 }
        let actors = 3
        """
    #expect(forbiddenCode(in: TextFile(path: "Sources/Kafka/Good.swift", text: text)) == [])
}

@Test("The program itself may print, and the rim may be unsafe")
func allowsPrintingInTheProgram() {
    #expect(forbiddenCode(in: TextFile(path: "Sources/ackpipe/Good.swift", text: "print(help)")) == [])
    #expect(forbiddenCode(in: TextFile(path: "Sources/Kafka/Good.swift", text: "unsafe f(p)")) == [])
}

@Test("The library for handlers may wait with await, and nothing else of ours may")
func allowsConcurrencyInTheLibrary() {
    let text = "Task { await f() }"
    #expect(forbiddenCode(in: TextFile(path: "Sources/AckpipeHandler/Good.swift", text: text)) == [])
    #expect(forbiddenCode(in: TextFile(path: "Sources/Kafka/Bad.swift", text: text)).count == 2)
}

@Test("The sources do without forbidden code")
func sourcesHaveNoForbiddenCode() {
    let findings = Tree.sources.flatMap(forbiddenCode)
    #expect(findings.isEmpty, "\(findings.report)")
}
