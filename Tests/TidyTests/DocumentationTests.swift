import Testing

/// Declarations of types, functions and initializers that other targets can see and that say nothing about themselves.
/// Members that only fulfil a protocol of the standard library need no words.
func undocumentedDeclarations(in file: TextFile) -> [Finding] {
    let lines = file.lines.map { $0.trimmingPrefix(while: \.isWhitespace) }
    return zip(0..., file.code).compactMap { index, code in
        guard let name = visibleDeclaration(code), !isDocumented(index, in: lines) else { return nil }
        return Finding(path: file.path, line: index + 1, what: "\(name) has no /// comment")
    }
}

/// The name of what a line of code declares for other targets (`init` for an initializer), or nil.
private func visibleDeclaration(_ code: String) -> String? {
    let modifiers: Set<Substring> = [
        "static", "final", "override", "mutating", "nonmutating", "consuming", "borrowing", "convenience", "required",
        "indirect", "nonisolated", "unsafe",
    ]
    let conformances: Set<String> = ["==", "<", "hash", "description", "debugDescription"]
    var words = code.split(separator: " ").drop { $0.hasPrefix("@") }
    guard let access = words.popFirst(), access == "package" || access == "public" else { return nil }
    words = words.drop { modifiers.contains($0) }
    guard let keyword = words.popFirst() else { return nil }
    if keyword.hasPrefix("init") || keyword.hasPrefix("subscript") { return String(keyword.prefix { $0.isLetter }) }
    guard ["func", "struct", "enum", "class", "protocol", "typealias"].contains(keyword), let next = words.first
    else { return nil }
    let name = String(next.prefix { !"(<:{".contains($0) || next.hasPrefix("<") || next.hasPrefix("==") })
    return conformances.contains { name == $0 || name.hasPrefix($0 + "(") } ? nil : name
}

/// Whether the nearest line above that is no attribute and no condition is a documenting comment.
private func isDocumented(_ index: Int, in lines: [Substring]) -> Bool {
    let above = lines[..<index].last { !$0.hasPrefix("@") && !$0.hasPrefix("#") && !$0.hasPrefix("// swift-format") }
    return above?.hasPrefix("///") == true
}

@Test("A visible declaration without a documenting comment is found")
func findsUndocumentedDeclarations() {
    let text = """
        /// A pool.
        @frozen
        package struct Pool {
            package var size = 1
            package init() {}
            /// Takes one.
            @discardableResult
            package mutating func take() -> Int { 1 }

            package static func make(
            ) {}
            package var description: String { "" }
            package static func == (a: Self, b: Self) -> Bool { true }
            package func hash(into hasher: inout Hasher) {}
            func hidden() {}
        }
        // Not a documenting comment.
        package enum Bare { case a }
        """
    let findings = undocumentedDeclarations(in: TextFile(path: "Sources/Kafka/Pool.swift", text: text))
    #expect(findings.map(\.line) == [5, 10, 18])
    #expect(findings.map { $0.what.split(separator: " ")[0] } == ["init", "make", "Bare"])
}

@Test("What other targets can see is documented")
func visibleDeclarationsAreDocumented() {
    let findings = Tree.sources.flatMap(undocumentedDeclarations)
    #expect(findings.isEmpty, "\(findings.report)")
}
