import Foundation
import Testing

/// What a package of somebody else's gets that uses the library for handlers.
@Suite struct SwiftPackageTests {
    /// The targets whose object files a build of everything in the root package needs, by SwiftPM's own plan.
    private func targets(inPlan plan: String) throws -> Set<String> {
        func list(_ line: Substring, _ prefix: String) throws -> [String]? {
            guard line.hasPrefix(prefix) else { return nil }
            return try JSONDecoder().decode([String].self, from: Data(line.dropFirst(prefix.count).utf8))
        }
        var needs: [String: [String]] = [:]
        var inputs: [String] = []
        var next: [String] = []
        for line in plan.split(separator: "\n") {
            if let found = try list(line, "    inputs: ") { inputs = found }
            for output in try list(line, "    outputs: ") ?? [] { needs[output, default: []] += inputs }
            next += try list(line, "  \"main\": ") ?? []
        }
        #expect(!next.isEmpty, "the plan has no target \"main\"")
        var seen: Set<String> = []
        while let file = next.popLast() {
            if seen.insert(file).inserted { next += needs[file] ?? [] }
        }
        let objects = seen.filter { $0.hasSuffix(".o") }
        return Set(
            objects.compactMap {
                $0.split(separator: "/").first { $0.hasSuffix(".build") }.map { String($0.dropLast(6)) }
            })
    }

    @Test(
        "A package that uses AckpipeHandler builds five small targets, and needs no system library",
        .enabled(if: Tool("swift").isThere, "swift is not in PATH"), .timeLimit(.minutes(30)))
    func buildsLittle() async throws {
        let scratch = try Scratch()
        // A copy: SwiftPM writes beside the manifest.
        let folder = scratch.folder.appendingPathComponent("swift")
        try FileManager.default.copyItem(at: URL(fileURLWithPath: Example.file("swift")), to: folder)
        let manifest = folder.appendingPathComponent("Package.swift")
        let text = try String(contentsOf: manifest, encoding: .utf8)
        try text.replacingOccurrences(of: "path: \"../..\"", with: "path: \"\(Repository.root.path)\"")
            .write(to: manifest, atomically: true, encoding: .utf8)
        let planned = try await Tool("env").run([
            // As where neither librdkafka-dev nor libyaml-dev is installed.
            "PKG_CONFIG_LIBDIR=\(scratch.path("nothing"))", "swift", "build", "--package-path", folder.path,
            "--scratch-path", scratch.path("build"), "--print-manifest-job-graph",
        ])
        try #require(planned.code == 0, "\(planned.output.suffix(3_000))")
        #expect(!planned.output.contains("rdkafka") || !planned.output.contains("warning"), "it asks for librdkafka")
        let plan = try String(contentsOfFile: scratch.path("build/debug.yaml"), encoding: .utf8)
        #expect(
            try targets(inPlan: plan)
                == ["handler", "AckpipeHandler", "HandlerProtocol", "DeliveryCore", "Reactor", "CLinux"])
    }
}
