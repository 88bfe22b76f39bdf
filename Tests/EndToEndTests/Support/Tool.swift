import Foundation

/// A program of the machine's that a test needs; a test that misses one is skipped by name.
struct Tool {
    let name: String

    init(_ name: String) { self.name = name }

    /// Where it is, looked up in PATH.
    var path: String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    var isThere: Bool { path != nil }

    /// What it printed on both streams, and its exit code; `input` goes to its stdin.
    func run(_ arguments: [String], input: String = "") async throws -> (output: String, code: Int32) {
        guard let path else { throw Timeout(description: "\(name) is not in PATH") }
        return try await blocking {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
            let source = Pipe()
            let target = Pipe()
            process.standardInput = source
            process.standardOutput = target
            process.standardError = target
            try process.run()
            source.fileHandleForWriting.write(Data(input.utf8))
            try source.fileHandleForWriting.close()
            let output = target.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (String(decoding: output, as: UTF8.self), process.terminationStatus)
        }
    }
}
