import Foundation
import Testing

@testable import Conformance

@Suite struct RuleTests {
    @Test("the table of rules is section 19 of protocol.md, word for word")
    func isTheDocument() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let document = try String(contentsOf: root.appending(path: "protocol.md"), encoding: .utf8)
        let rows = document.split(separator: "\n").compactMap { line -> [String]? in
            guard let match = line.wholeMatch(of: /\| ([A-Z]\d+) \| (H|B|HB) \| (.*) \|/) else { return nil }
            return [String(match.1), String(match.2), String(match.3)]
        }
        #expect(rows.count > 60)
        #expect(Rule.all.map { [$0.number, $0.keeper.rawValue, $0.sentence] } == rows)
    }

    @Test("numbers are unique, and every rule is found by its own")
    func numbers() {
        #expect(Set(Rule.all.map(\.number)).count == Rule.all.count)
        for rule in Rule.all { #expect(Rule.named(rule.number) == rule) }
        #expect(Rule.named("F99") == nil)
        #expect(Rule.ofHandlers.allSatisfy { $0.keeper != .bridge })
    }
}
