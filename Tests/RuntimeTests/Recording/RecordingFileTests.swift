import Foundation
import Testing

@testable import Runtime

@Suite struct RecordingFileTests {
    private func path() -> String {
        FileManager.default.temporaryDirectory.appending(path: "recording-\(UUID().uuidString)").path
    }

    private func refusal(_ path: String) -> String? {
        do throws(RecordingFile.Fault) {
            _ = try RecordingFile(path: path)
            return nil
        } catch { return "\(error)" }
    }

    @Test("a new file is its owner's alone; one that is there is continued, on a line of its own")
    func appends() throws {
        let path = path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            let file = try RecordingFile(path: path)
            #expect(file.size == 0)
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        try "one\nhalf a li".write(toFile: path, atomically: false, encoding: .utf8)
        #expect(try RecordingFile(path: path).size == 14)
        #expect(try RecordingFile(path: path).size == 14)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\nhalf a li\n")
    }

    @Test("what is no file, cannot be made or is being written by another one is refused, named")
    func refusals() throws {
        #expect(refusal("/dev/null")?.contains("not a regular file") == true)
        #expect(refusal("/nowhere/at/all")?.contains("--record /nowhere/at/all: cannot be opened") == true)
        #expect(refusal(FileManager.default.temporaryDirectory.path) != nil)
        let path = path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let first = try RecordingFile(path: path)
        #expect(refusal(path)?.contains("another process") == true)
        #expect(first.size == 0)
    }
}
