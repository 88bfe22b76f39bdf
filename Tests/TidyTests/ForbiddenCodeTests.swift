import Testing

/// A way of writing that the sources do without, and why.
struct ForbiddenCode {
    var name: String
    var why: String
    var isIn: @Sendable (_ line: String) -> Bool
}

let forbiddenEverywhere: [ForbiddenCode] = [
    .init(name: "fatalError", why: "bad input and failing calls are ordinary; answer with an error") {
        $0.containsCall("fatalError") || $0.containsCall("preconditionFailure")
    },
    .init(name: "try!", why: "an error must not end the program") { $0.contains("try!") },
    .init(name: "as!", why: "a cast may fail") { $0.contains(" as! ") },
    .init(name: "Task", why: "threads and a loop, no Swift concurrency") {
        $0.contains(/\bTask(\.detached|\.immediate)?\s*(\([^)]*\)\s*)?\{/)
    },
    .init(name: "actor", why: "threads and a loop, no Swift concurrency") {
        $0.contains(/^\s*((package|public|private|fileprivate|internal|final|distributed) )*actor \w/)
    },
    .init(name: "async", why: "threads and a loop, no Swift concurrency") { $0.contains(/\b(async|await)\b/) },
    .init(name: "import Foundation", why: "it makes the binary ten times as large") {
        importedModule($0)?.hasPrefix("Foundation") == true
    },
]

/// Only the program itself may write to its standard output.
let forbiddenOutsideTheProgram = ForbiddenCode(name: "print", why: "hand an event up; Runtime logs it") {
    $0.containsCall("print") || $0.containsCall("debugPrint") || $0.containsCall("dump")
}

/// What decides knows neither pointers nor C.
let forbiddenInPureTargets = ForbiddenCode(name: "unsafe", why: "a pure target needs no unsafe code") {
    $0.contains(/\bunsafe\b|\b[uU]nsafe[A-Z]|\bwithUnsafe/)
}

let pureTargets: Set<String> = ["DeliveryCore", "HandlerProtocol", "Configuration"]

extension String {
    /// Whether the line calls a free function of this name; `.name(` and `myname(` are others.
    fileprivate func containsCall(_ name: String) -> Bool {
        var rest = self[...]
        while let found = rest.firstRange(of: name + "(") {
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
    return zip(1..., SwiftCode(file.text).lines).flatMap { number, line in
        forbidden.filter { $0.isIn(line) }
            .map { Finding(path: file.path, line: number, what: "\($0.name): \($0.why)") }
    }
}

@Test(
    "Each forbidden way of writing is found",
    arguments: [
        ("fatalError", "default: fatalError(\"no\")"), ("fatalError", "preconditionFailure()"),
        ("try!", "let x = try! f()"), ("as!", "let x = y as! Int"), ("Task", "Task { await f() }"),
        ("Task", "Task.detached(priority: .low) { f() }"), ("actor", "package final actor Pool {"),
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

@Test("The sources do without forbidden code")
func sourcesHaveNoForbiddenCode() {
    let findings = Tree.sources.flatMap(forbiddenCode)
    #expect(findings.isEmpty, "\(findings.report)")
}
