import Foundation

/// The C example, compiled into a test's folder: a handler that costs no time to start.
enum CompiledHandler {
    static func build(in scratch: Scratch) async throws -> [String] {
        let source = Repository.root.appendingPathComponent("examples/c/handler.c").path
        let program = scratch.path("c-handler")
        let compiled = try await Tool("gcc").run(["-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source])
        guard compiled.code == 0 else { throw Timeout(description: "gcc refuses the C example: \(compiled.output)") }
        return [program]
    }
}
