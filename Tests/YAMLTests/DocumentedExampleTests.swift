import Configuration
import Foundation
import Testing

@testable import YAML

@Suite struct DocumentedExampleTests {
    @Test("the example of docs/configuration.md is a valid configuration")
    func example() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
        let fenced = page.components(separatedBy: "```")
        let block = try #require(fenced.first { $0.hasPrefix("yaml\n") })
        let outcome = CommandLine.resolve(
            arguments: ["run", "--config", "example.yaml"], environment: [:],
            readFile: { _ in YAMLReader.parse(Array(block.dropFirst(5).utf8)) },
            readSecret: { _ in .success("s3cret\n") })
        guard case .run(let settings) = try outcome.get() else {
            Issue.record("\(outcome)")
            return
        }
        #expect(settings.topics == ["orders", "refunds"])
        #expect(settings.properties.last?.value == "s3cret")
        #expect(settings.command == ["python3", "handler.py"])
        #expect(!"\(settings)".contains("s3cret"))
    }
}
