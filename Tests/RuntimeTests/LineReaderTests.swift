import Foundation
import Testing

@testable import Runtime

@Suite struct LineReaderTests {
    /// The lines of a file with this text, read in blocks of that size; the reader's own count goes with each.
    private func lines(_ text: String, block: Int, longest: Int = 1_000) throws -> [String] {
        let url = FileManager.default.temporaryDirectory.appending(path: "lines-\(UUID().uuidString)")
        try text.write(to: url, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: url) }
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        var reader = LineReader(path: "F", descriptor: file.fileDescriptor, block: block, longest: longest)
        var lines: [String] = []
        while try reader.next({ (line, number) throws(LoadFault) in
            lines.append("\(number) " + String(decoding: line.indices.map { line[$0] }, as: UTF8.self))
        }) {}
        #expect(reader.position == text.utf8.count)
        return lines
    }

    @Test("lines are the same whatever the size of the blocks")
    func blocks() throws {
        let text = "one\n\n\nfour is a longer one\r\n5\nthe last has no end"
        for block in 1...text.utf8.count + 1 {
            let expected = ["1 one", "2 ", "3 ", "4 four is a longer one\r", "5 5", "6 the last has no end"]
            #expect(try lines(text, block: block) == expected, "blocks of \(block)")
        }
        #expect(try lines("", block: 4) == [])
        #expect(try lines("\n", block: 4) == ["1 "])
    }

    @Test("a line that can be no record is refused, with its number, before it takes all memory")
    func tooLong() throws {
        #expect(try lines(String(repeating: "x", count: 64), block: 16, longest: 64).count == 1)
        for text in [String(repeating: "x", count: 1_000), String(repeating: "x", count: 1_000) + "\n"] {
            #expect {
                _ = try lines("first\n" + text, block: 16, longest: 64)
            } throws: {
                "\($0)".hasPrefix("F:2:") && "\($0)".contains("longer than 64 bytes")
            }
        }
    }
}
