import Testing

/// Some languages bring no JSON with them.
let longestExample = 170

/// The folders of `examples`, each with the handler in it.
func examples(in files: [TextFile]) -> [String: TextFile] {
    var found: [String: TextFile] = [:]
    for file in files where file.path.hasPrefix("examples/") {
        let parts = file.path.split(separator: "/")
        if parts.count == 3, parts[2].hasPrefix("handler.") { found[String(parts[1])] = file }
    }
    return found
}

/// Examples that no end-to-end test runs: no file of theirs names the path of the handler.
func untestedExamples(in files: [TextFile]) -> [Finding] {
    let tests = files.filter { $0.isSwift && $0.path.hasPrefix("Tests/EndToEndTests/") }
    return examples(in: files).values.sorted { $0.path < $1.path }.compactMap { example in
        let name = example.path.dropFirst("examples/".count)
        if tests.contains(where: { $0.text.contains(name) }) { return nil }
        return Finding(path: example.path, line: 1, what: "no file in Tests/EndToEndTests names \(name)")
    }
}

func overlongExamples(in files: [TextFile]) -> [Finding] {
    examples(in: files).values.sorted { $0.path < $1.path }.compactMap { example in
        let count = example.lines.count - (example.text.hasSuffix("\n") ? 1 : 0)
        if count <= longestExample { return nil }
        return Finding(path: example.path, line: count, what: "\(count) lines, at most \(longestExample)")
    }
}

@Test("An example that no test names is found, and so is one that is a line too long")
func findsNeglectedExamples() {
    let files = [
        TextFile(path: "examples/README.md", text: ""),
        TextFile(path: "examples/a/handler.py", text: String(repeating: "x\n", count: 170)),
        TextFile(path: "examples/b/handler.c", text: String(repeating: "x\n", count: 171)),
        TextFile(path: "Tests/EndToEndTests/ATests.swift", text: "\"a/handler.py\""),
        TextFile(path: "Tests/OtherTests/BTests.swift", text: "\"b/handler.c\""),
    ]
    #expect(untestedExamples(in: files).map(\.path) == ["examples/b/handler.c"])
    #expect(overlongExamples(in: files).map(\.path) == ["examples/b/handler.c"])
}

@Test("Every example is run by an end-to-end test and is short enough to be read at one go")
func examplesAreTestedAndShort() {
    #expect(examples(in: Tree.files).count >= 5)
    let findings = untestedExamples(in: Tree.files) + overlongExamples(in: Tree.files)
    #expect(findings.isEmpty, "\(findings.report)")
}
