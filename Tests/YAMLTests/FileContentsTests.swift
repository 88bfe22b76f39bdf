import Configuration
import Foundation
import Testing

@testable import YAML

@Suite struct FileContentsTests {
    /// Gives `body` the path of a file with `bytes`, which is removed afterwards.
    private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.path)
    }

    @Test("a file is read whole, up to the limit and not beyond")
    func limit() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try withFile(bytes) { path in
            #expect(FileContents.read(path: path, atMost: 200_000) == .success(bytes))
            #expect(
                FileContents.read(path: path, atMost: 199_999) == .failure(FileProblem("is larger than 199999 bytes")))
        }
    }

    @Test("an endless device is refused")
    func device() {
        #expect(
            FileContents.read(path: "/dev/zero", atMost: 1_000) == .failure(FileProblem("is larger than 1000 bytes")))
    }

    @Test("what cannot be opened is told in the operating system's words")
    func missing() {
        #expect(
            FileContents.read(path: "/nonexistent/file", atMost: 1)
                == .failure(FileProblem("No such file or directory")))
        #expect(FileContents.read(path: "/", atMost: 1) == .failure(FileProblem("Is a directory")))
        #expect(
            FileContents.read(path: "/etc\0/x", atMost: 1) == .failure(FileProblem("the path holds a NUL character")))
    }

    @Test("a secret must be UTF-8, and a message never shows it")
    func secret() throws {
        try withFile(Array("hunter2\n".utf8)) { #expect(FileContents.readSecret(path: $0) == .success("hunter2\n")) }
        try withFile([0x68, 0xFF]) { path in
            #expect(FileContents.readSecret(path: path) == .failure(FileProblem("is not valid UTF-8")))
        }
    }

    @Test("a configuration file is read by its path")
    func configuration() throws {
        try withFile(Array("group: x".utf8)) { path in
            guard case .mapping(let entries) = try YAMLReader.read(path: path).get().content else {
                Issue.record("not a map")
                return
            }
            #expect(entries.map(\.key) == ["group"])
        }
    }
}
