import Foundation
import Testing

/// The modules for handlers in Python and Node.js, by tests in these languages.
@Suite struct ExampleModulesTests {
    @Test("The Python module passes its tests", .timeLimit(.minutes(30)))
    func python() async throws {
        try await passes([
            "env", "PYTHONDONTWRITEBYTECODE=1", "python3", Example.file("python/test_ackpipe_handler.py"),
        ])
    }

    @Test(
        "The Node.js module passes its tests", .enabled(if: Tool("node").isThere, "node is not installed"),
        .timeLimit(.minutes(30)))
    func node() async throws {
        try await passes(["node", Example.file("node/test-ackpipe-handler.js")])
    }

    @Test(
        "The typings of the Node.js module fit their use",
        .enabled(if: Tool("tsc").isThere, "tsc (node-typescript) is not installed"), .timeLimit(.minutes(30)))
    func typings() async throws {
        let scratch = try Scratch()
        let globals = """
            declare class Buffer extends Uint8Array {}
            declare const process: { argv: string[] };
            """
        let stubs = try scratch.write("globals.d.ts", globals)  // instead of the package @types/node
        let flags = ["--noEmit", "--strict", "--target", "es2018", "--lib", "es2020,dom"]
        try await passes(["tsc"] + flags + [Example.file("node/typed.ts"), stubs])

        let mistake = try scratch.write(
            "mistake.ts", "import { serve } from '\(Example.file("node/ackpipe-handler"))';\nserve((r) => r.offsett);\n"
        )
        let refused = try await Tool("tsc").run(flags + [mistake, stubs])
        #expect(refused.code != 0 && refused.output.contains("offsett"), "a mistake passes: \(refused.output)")
    }

    private func passes(_ command: [String]) async throws {
        let ended = try await Slots.shared.run { try await Tool(command[0]).run(Array(command.dropFirst())) }
        #expect(ended.code == 0, "\(command): \(ended.output.suffix(4_000))")
    }
}
