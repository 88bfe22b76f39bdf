import Foundation
import HandlerProtocol
import Testing

@testable import Conformance

@Suite struct SessionTableTests {
    private static func table(
        _ modes: [Hello.Mode] = [.message, .batch], forms: PayloadForms = PayloadForms(), limit: Int = 1 << 16,
        given: [RecordLine] = []
    ) -> [Session] {
        SessionTable.sessions(modes, records: RecordSource(given: given, forms: forms), maxFrameBytes: limit)
    }

    private func deliveries(_ steps: [Step]) -> [Delivery] {
        steps.flatMap { step -> [Delivery] in
            switch step {
            case .deliver(let list, _): list
            case .partial(let delivery): [delivery]
            case .ifChosen(_, let more): deliveries(more)
            default: []
            }
        }
    }

    @Test("names are unique, and the rules of sessions are those of handlers")
    func names() {
        let sessions = SessionTableTests.table()
        #expect(Set(sessions.map(\.name)).count == sessions.count)
        let numbers = Set(Rule.ofHandlers.map(\.number))
        for session in sessions {
            #expect(!session.rules.isEmpty && numbers.isSuperset(of: session.rules), "\(session.name)")
            #expect(session.name.hasPrefix("batch-") == (session.mode == .batch))
        }
        #expect(sessions.filter(\.isPlain).map(\.mode) == [.message, .batch])
        #expect(SessionTableTests.table([.batch]).allSatisfy { $0.mode == .batch })
    }

    @Test("every frame is one JSON object, in each form and framing, and within the limit of its line")
    func frames() throws {
        for forms in [PayloadForms(), .init(key: .json, value: .json), .init(key: .text, value: .base64)] {
            for session in SessionTableTests.table(forms: forms, limit: 1 << 20) where session.name != "slow-reader" {
                for (place, delivery) in deliveries(session.steps).enumerated() where place < 20 {
                    for framing in [Framing.length, .lines] {
                        let body = delivery.body(id: 3, framing)
                        #expect(body.count <= 1 << 20, "\(session.name)")
                        guard body.count < 1 << 17 else { continue }
                        let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
                        #expect(object?["id"] as? Int == 3, "\(session.name)")
                        #expect(object?["type"] as? String == (delivery.lanes == nil ? "message" : "batch"))
                        if framing == .lines { #expect(!body.contains(0x0A) && !body.contains(0x0D)) }
                    }
                }
            }
        }
    }

    @Test("the large frame is as large as the limit allows, and 16 MiB at most", arguments: [4_096, 1 << 20, 64 << 20])
    func large(limit: Int) throws {
        for value in [PayloadForm.auto, .base64] {
            let session = try #require(
                SessionTableTests.table(forms: .init(value: value), limit: limit).first { $0.name == "large" })
            let largest = deliveries(session.steps).map { $0.body(id: 2, .length).count }.max() ?? 0
            let wanted = min(limit, 16 << 20)
            #expect(largest <= wanted && largest > wanted - 8)
        }
    }

    @Test("records of the user's take the place of made-up ones, and all of them are delivered")
    func given() throws {
        let lines = (0..<7).map { RecordLine(topic: "orders", value: Array("order \($0)".utf8)) }
        let sessions = SessionTableTests.table(given: lines)
        let own = try #require(sessions.first { $0.name == "records" })
        let bodies = deliveries(own.steps).map { String(decoding: $0.body(id: 1, .length), as: UTF8.self) }
        #expect(bodies.count == 7 && bodies[6].contains("\"order 6\"") && bodies[0].contains("\"orders\""))
        let plain = try #require(sessions.first { $0.name == "plain" })
        #expect(
            deliveries(plain.steps).allSatisfy {
                String(decoding: $0.body(id: 1, .length), as: UTF8.self).contains("order ")
            })
    }

    @Test("a strange delivery stands between plain ones with the same records")
    func sandwiches() {
        for session in SessionTableTests.table() {
            let compared = deliveries(session.steps).filter { $0.comparison != nil }
            guard !compared.isEmpty else { continue }
            #expect(compared.first?.comparison == .plain && compared.last?.comparison == .plain, "\(session.name)")
            #expect(compared.contains { $0.comparison != .plain })
        }
    }
}
