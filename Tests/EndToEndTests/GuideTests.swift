import Foundation
import Testing

/// The guide in docs/guide: what it tells people to type works, and prints what it says.
@Suite struct GuideTests {
    @Test(
        "Every command of the guide does what the page says", .timeLimit(.minutes(30)),
        arguments: GuidePage.names + ["../frames.md"])
    func commands(name: String) async throws {
        let page = try GuidePage(name)
        try await Slots.shared.run { try await page.play() }
    }

    @Test("Every block of the guide is marked with what becomes of it")
    func marks() throws {
        #expect(GuidePage.names.count >= 20)
        for name in GuidePage.names {
            let page = try GuidePage(name)
            for block in page.blocks where block.marks.first == "sh" || block.marks.first == "bash" {
                #expect(block.marks.contains("run"), "\(name), line \(block.line): a command that no test runs")
            }
            let lines = page.text.split(separator: "\n")
            #expect(!lines.contains { $0.hasPrefix("    ackpipe ") }, "\(name): a command in an indented block")
        }
    }

    @Test("Every language of the examples has a page, and the first page leads to all")
    func pages() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Example.file(""))
            .filter { FileManager.default.fileExists(atPath: Example.file("\($0)/")) && !$0.contains(".") }
        let first = try GuidePage("README.md").text
        for name in folders.map({ $0 + ".md" }) + GuidePage.names where name != "README.md" {
            #expect(GuidePage.names.contains(name), "docs/guide/\(name) is missing")
            #expect(first.contains("](\(name))"), "docs/guide/README.md does not name \(name)")
        }
    }
}
