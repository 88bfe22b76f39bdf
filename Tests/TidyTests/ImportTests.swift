import Testing

/// What each target may import: the architecture, as the manifest has it. `Glibc` and `Synchronization` are for the rim.
let allowedImports: [String: Set<String>] = [
    "DeliveryCore": [],
    "HandlerProtocol": ["DeliveryCore"],
    "Configuration": [],
    "Conformance": ["HandlerProtocol", "DeliveryCore"],
    "Reactor": ["CLinux", "Glibc", "Synchronization"],
    "YAML": ["CYAML", "Configuration", "Glibc"],
    "Kafka": ["CRDKafka", "CRecords", "DeliveryCore", "Glibc", "Synchronization"],
    "Handlers": ["CLinux", "Reactor", "DeliveryCore", "Glibc", "Synchronization"],
    "Observability": ["Logging", "Glibc", "Synchronization"],
    "AckpipeHandler": ["DeliveryCore", "HandlerProtocol", "Reactor", "Glibc", "Synchronization"],
    "Runtime": [
        "DeliveryCore", "HandlerProtocol", "Configuration", "Conformance", "Reactor", "Kafka", "Handlers",
        "Observability",
        "Logging", "Glibc", "Synchronization",
    ],
    "ackpipe": [
        "CMimalloc",
        "Runtime", "Configuration", "Conformance", "YAML", "Kafka", "Handlers", "Observability", "Reactor", "Logging",
        "Glibc",
        "Synchronization",
    ],
]

/// The module that a line imports, or nil: `@attribute package import struct Module.Name` in its longest form.
func importedModule(_ line: String) -> String? {
    let modifiers: Set<Substring> = ["package", "public", "internal", "private", "fileprivate"]
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    var words = line.split(separator: " ")[...]
    words = words.drop { $0.hasPrefix("@") || modifiers.contains($0) }
    guard words.popFirst() == "import" else { return nil }
    return words.drop { kinds.contains($0) }.first?.split(separator: ".").first.map(String.init)
}

/// The imports of a file that its target's row of the table does not list.
func forbiddenImports(in file: TextFile, allowed: Set<String>) -> [Finding] {
    zip(1..., file.code).compactMap { number, line in
        guard let module = importedModule(line), !allowed.contains(module) else { return nil }
        return Finding(path: file.path, line: number, what: "\(file.target) must not import \(module)")
    }
}

@Test("An import that the table does not allow is found, however it is written")
func findsForbiddenImports() {
    let text = """
        import DeliveryCore
        package import Kafka  // why not
        @preconcurrency import struct Foundation.URL
        // import Glibc
        let important = 1
        """
    let findings = forbiddenImports(
        in: TextFile(path: "Sources/HandlerProtocol/Bad.swift", text: text), allowed: ["DeliveryCore"])
    #expect(findings.map(\.line) == [2, 3])
    #expect(findings.last?.what == "HandlerProtocol must not import Foundation")
}

@Test("Each target imports only what the architecture lets it")
func importsFollowTheArchitecture() {
    let findings = Tree.sources.flatMap { forbiddenImports(in: $0, allowed: allowedImports[$0.target] ?? []) }
    #expect(findings.isEmpty, "\(findings.report)")
}

@Test("The table of imports has a row for each target, and no other row")
func tableOfImportsIsComplete() {
    #expect(Set(Tree.sources.map(\.target)) == Set(allowedImports.keys))
}
