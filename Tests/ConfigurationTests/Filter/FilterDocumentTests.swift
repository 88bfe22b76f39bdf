import Foundation
import Testing

@testable import Configuration

/// docs/filters.md says what the parser does.
@Suite struct FilterDocumentTests {
    /// The lines of every block of the page that is fenced and marked with `mark`.
    private func lines(_ mark: String) throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/filters.md"), encoding: .utf8)
        return page.components(separatedBy: "```").filter { $0.hasPrefix(mark + "\n") }
            .flatMap { $0.split(separator: "\n").dropFirst().map(String.init) }
    }

    @Test func everyExampleIsAFilter() throws {
        let examples = try lines("filter")
        #expect(examples.count >= 9)
        for example in examples { #expect(filterProblem(example) == nil, "\(example)") }
    }

    @Test func everyRefusedExampleIsRefusedWithItsMessage() throws {
        let lines = try lines("refused")
        try #require(lines.count >= 10 && lines.count.isMultiple(of: 2))
        for index in stride(from: 0, to: lines.count, by: 2) {
            #expect(filterProblem(lines[index])?.description == lines[index + 1])
        }
    }

    @Test func theExamplesMeanWhatThePageSays() throws {
        let examples = try lines("filter")
        let step = try #require(examples.first { $0.contains("4711") })
        var record = SampleRecord()
        #expect(try !matches(step, record))
        record.offset = 4712
        #expect(try matches(step, record))
        let snowman = try #require(examples.first { $0.contains("snowman") })
        #expect(try matches(snowman, SampleRecord(("note", "a \"quoted\" word, a tab\t and a snowman ☃"))))
    }
}
