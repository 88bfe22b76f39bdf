import Foundation

/// A folder for one test, removed with everything in it.
final class Scratch: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("ackpipe-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// Writes a file, executable if asked for, and answers its path.
    @discardableResult
    func write(_ name: String, _ text: String, executable: Bool = false) throws -> String {
        let path = path(name)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        if executable { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path) }
        return path
    }

    /// A Python handler of a few lines that begins with `from kit import *`; answers its command.
    func python(_ name: String, _ text: String) throws -> [String] {
        let kit = Repository.root.appendingPathComponent("Tests/EndToEndTests/Handlers").path
        let path = try write(name, "import sys\nsys.path.insert(0, \"\(kit)\")\nfrom kit import *\n" + text)
        return ["python3", path]
    }
}

/// Where the sources are.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A handler that the repository has.
    static func handler(_ name: String) -> [String] {
        ["python3", root.appendingPathComponent("Tests/EndToEndTests/Handlers/\(name)").path]
    }
}
