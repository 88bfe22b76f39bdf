import Configuration
import Foundation
import Testing

@testable import YAML

@Suite struct DocumentedExampleTests {
    @Test("the example of docs/configuration.md is a valid configuration")
    func example() throws {
        let services = try services(of: "docs/configuration.md")
        let settings = try #require(services.first)
        #expect(services.count == 1)
        #expect(settings.topics == ["orders", "refunds"])
        #expect(settings.properties.last?.value == "s3cret")
        #expect(settings.command == ["python3", "handler.py"])
        #expect(!"\(settings)".contains("s3cret"))
    }

    @Test("the example of docs/services.md describes two services that share what the page says")
    func severalServices() throws {
        let services = try services(of: "docs/services.md")
        #expect(services.map(\.service) == ["billing", "audit"])
        #expect(services.map(\.topics) == [["orders"], ["orders"]])
        #expect(services.map(\.group) == ["billing", "audit"])
        #expect(services.map(\.mode) == [.message, .batch])
        #expect(services.map(\.order) == [.key, .partition])
        #expect(services.map(\.maxMemory) == [128 << 20, 128 << 20])
        #expect(services.map(\.logFormat) == [.json, .json])
        #expect(services.map(\.onExhausted) == [.deadLetter, .stop])
        #expect(services.map(\.command) == [["python3", "billing.py"], ["./audit"]])
    }

    @Test("the example of docs/trpc.md is a trpc_go.yaml that describes two services")
    func foreignFile() throws {
        let services = try services(of: "docs/trpc.md")
        #expect(services.map(\.service) == ["trpc.shop.billing.orders", "trpc.shop.audit.orders"])
        #expect(services.map(\.group) == ["billing", "audit"])
        #expect(services.map(\.mode) == [.batch, .message])
        #expect(services.map(\.maxAttempts) == [6, nil])
        #expect(services.map(\.onExhausted) == [.deadLetter, .stop])
        #expect(services.map(\.ackTimeout) == [.seconds(30), .seconds(5)])
        #expect(services.map(\.workers) == [2, 2])
        #expect(services.map(\.command) == [["python3", "billing.py"], ["./audit"]])
    }

    /// The settings that the first YAML block of a page makes.
    private func services(of page: String) throws -> [RunSettings] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
        let block = try #require(text.components(separatedBy: "```").first { $0.hasPrefix("yaml\n") })
        let outcome = CommandLine.resolve(
            arguments: ["run", "--config", "example.yaml"], environment: [:],
            readFile: { _ in YAMLReader.parse(Array(block.dropFirst(5).utf8)) },
            readSecret: { _ in .success("s3cret\n") })
        guard case .run(let services) = try outcome.get() else {
            throw FileProblem("\(page) does not describe a run: \(outcome)")
        }
        return services
    }
}
