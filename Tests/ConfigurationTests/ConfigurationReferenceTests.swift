import Foundation
import Testing

@testable import Configuration

@Suite struct ConfigurationReferenceTests {
    @Test("docs/configuration.md is what the table says")
    func committedPage() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = root.appending(path: "docs/configuration.md")
        if ProcessInfo.processInfo.environment["ACKPIPE_UPDATE_DOCS"] == "1" {
            try FileManager.default.createDirectory(
                at: page.deletingLastPathComponent(), withIntermediateDirectories: true)
            try ConfigurationReference.markdown.write(to: page, atomically: true, encoding: .utf8)
            print("wrote docs/configuration.md")
        }
        let committed = try? String(contentsOf: page, encoding: .utf8)
        let isSame = committed == ConfigurationReference.markdown
        #expect(
            isSame,
            "docs/configuration.md is not what the table of options says; run the tests with ACKPIPE_UPDATE_DOCS=1")
    }

    @Test("every option, refused property and exit code is on the page")
    func complete() {
        let page = ConfigurationReference.markdown
        for option in OptionTable.all { #expect(page.contains("`\(option.environmentName)`"), "\(option.longFlag)") }
        for (name, _) in RefusedProperties.forConsumer.table + RefusedProperties.forProducer.table {
            #expect(page.contains("| `\(name)` |"))
        }
        for code in ExitCode.allCases { #expect(page.contains("| \(code.rawValue) |")) }
    }
}
