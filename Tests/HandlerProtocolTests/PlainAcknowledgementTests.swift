import DeliveryCore
import Foundation
import Testing

@testable import HandlerProtocol

/// The quick reader of acknowledgements against the full decoder, whose meaning it must share.
@Suite struct PlainAcknowledgementTests {
    /// What the quick reader takes off a stream that begins with `body`; nil where it leaves it.
    private func quick(_ body: [UInt8], _ framing: Framing = .length, limit: Int = 4_096) -> AckTarget? {
        var reader = FrameReader(framing: framing, maxFrameBytes: limit)
        let next = Array("{\"type\":\"ack\",\"id\":7}".utf8)
        reader.append((framing == .length ? framed(body) + framed(next) : body + [0x0A] + next + [0x0A]).span)
        var ids: [UInt64] = [99]
        guard let found = reader.nextAcknowledgement(ids: &ids) else { return nil }
        // The frame behind it is where it should be.
        var others: [UInt64] = []
        let behind = reader.nextAcknowledgement(ids: &others)
        #expect(behind == .id(7), "\(String(decoding: body, as: UTF8.self))")
        #expect(!reader.isInsideFrame)
        switch found {
        case .id(let id): return .id(id)
        case .through(let id): return .through(id)
        case .ids: return .ids(ids)
        }
    }

    private func quick(_ text: String) -> AckTarget? { quick(Array(text.utf8)) }

    @Test func theSpellingsOfHandlersAreTaken() {
        #expect(quick("{\"type\":\"ack\",\"id\":1}") == .id(1))
        #expect(quick("{\"type\": \"ack\", \"id\": 7}") == .id(7))
        #expect(quick("{\"id\":12345678,\"type\":\"ack\"}") == .id(12_345_678))
        #expect(quick("{\"id\": 123456789, \"type\": \"ack\"}") == .id(123_456_789))
        #expect(quick("{\"type\":\"ack\",\"id\":999999999999999}") == .id(999_999_999_999_999))
        #expect(quick("{\"type\":\"ack\",\"ids\":[1,22,333]}") == .ids([1, 22, 333]))
        #expect(quick("{\"ids\": [4, 5], \"type\": \"ack\"}") == .ids([4, 5]))
        #expect(quick("{\"type\":\"ack\",\"through\":64}") == .through(64))
        #expect(quick("{\"type\": \"ack\", \"through\": 64}") == .through(64))
    }

    @Test(arguments: [
        "{\"type\":\"ack\"}", "{\"id\":1}", "{\"type\":\"ack\",\"id\":0}", "{\"type\":\"ack\",\"id\":01}",
        "{\"type\":\"ack\",\"id\":7.0}", "{\"type\":\"ack\",\"id\":1e3}", "{\"type\":\"ack\",\"id\":-1}",
        "{\"type\":\"ack\",\"id\":1,\"through\":2}", "{\"type\":\"ack\",\"id\":1,\"id\":1}",
        "{\"type\":\"ack\",\"type\":\"ack\",\"id\":1}", "{\"type\":\"ack\",\"ids\":[]}",
        "{\"type\":\"ack\",\"ids\":[1,]}",
        "{\"type\":\"ack\",\"id\":1}}", "{\"type\":\"ack\",\"id\":1} ", "{\"type\":\"ack\",\"id\":1,\"x_a\":1}",
        "{\"type\":\"ack\",\"id\":1,\"session\":\"a\"}", "{\"type\":\"acks\",\"id\":1}", "{\"type\":\"ack\",\"Id\":1}",
        "{\"type\":\"ack\",\"id\":9007199254740992}", "{\"type\":\"ack\",\"id\":1234567890123456}", "{}", "", "{",
        "{\"type\":\"ack\",\"id\":1", "{\"type\":\"ack\",\"ids\":[1", "{\"type\":\"nack\",\"id\":1}", "{,\"id\":1}",
        "{\"type\":\"ack\",\"ids\":[1,null]}", "{\"type\":\"ack\",\"ids\":[0]}", "{\"type\":\"ack\" \"id\":1}",
    ])
    func everythingElseIsLeftToTheFullDecoder(_ text: String) {
        #expect(quick(text) == nil)
        let body = Array(text.utf8)
        #expect(quick(body, .lines) == nil || text.hasSuffix(" "))
    }

    @Test func anIncompleteFrameIsLeftUntilItsLastByteHasCome() throws {
        for framing in Framing.allCases {
            let body = Array("{\"type\": \"ack\", \"ids\": [12, 3456789012]}".utf8)
            let stream = framing == .length ? framed(body) : body + [0x0D, 0x0A]
            var reader = FrameReader(framing: framing, maxFrameBytes: 4_096)
            var ids: [UInt64] = []
            for (place, byte) in stream.enumerated() {
                let early = reader.nextAcknowledgement(ids: &ids)
                #expect(early == nil, "\(framing), after \(place) bytes")
                reader.append([byte].span)
            }
            let found = reader.nextAcknowledgement(ids: &ids)
            #expect(found == .ids)
            #expect(ids == [12, 3_456_789_012])
            #expect(!reader.isInsideFrame)
        }
    }

    @Test func aFrameThatIsTooLargeIsLeftForItsError() {
        let body = Array("{\"type\":\"ack\",\"id\":1}".utf8)
        for framing in Framing.allCases {
            #expect(quick(body, framing, limit: body.count) == .id(1))
            #expect(quick(body, framing, limit: body.count - 1) == nil)
        }
    }

    @Test func beforeReadyAndWithASessionNothingMayBeTaken() throws {
        let session = "0123456789abcdef0123456789abcdef"
        let hello = Hello(
            bridge: "ackpipe/0", worker: 0, service: "s", group: "g", topics: ["t"], mode: .message, maxInFlight: 1,
            maxFrameBytes: 4_096, ackTimeoutMilliseconds: 1, maxExtendMilliseconds: 1, readyTimeoutMilliseconds: 1,
            cancelGraceMilliseconds: 1, features: ["session"], session: session)
        func mayTake(after first: String?) throws -> Bool {
            var conversation = HandlerConversation(offer: HandlerConversation.Offer(hello: hello))
            if let first { _ = try conversation.receive(Array(first.utf8).span) }
            return conversation.acceptsPlainAcknowledgements
        }
        let ready = "{\"type\":\"ready\",\"protocol\":1,\"name\":\"h\""
        #expect(try !mayTake(after: nil))
        #expect(try !mayTake(after: "{\"type\":\"init_error\",\"error\":\"e\"}"))
        #expect(try !mayTake(after: "\(ready),\"session\":\"\(session)\"}"))
        #expect(try mayTake(after: "\(ready)}"))
    }

    // MARK: Against the full decoder

    private static let samples = [
        "{\"type\":\"ack\",\"id\":123456}", "{\"type\": \"ack\", \"id\": 7}", "{\"id\":8,\"type\":\"ack\"}",
        "{\"type\":\"ack\",\"ids\":[1,20,300,4000]}", "{\"type\": \"ack\", \"ids\": [12345678, 9]}",
        "{\"type\":\"ack\",\"through\":64}", "{\"through\": 123456789012, \"type\": \"ack\"}",
        "{\"type\":\"ack\",\"id\":1,\"produce\":[]}",
    ]
    private static let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", " ", "  ", "0", "9", "12345678", ".0", "e1", "-", "\"id\":1",
        "\"type\":\"ack\"", ",\"through\":1", ",\"x_y\":1", ",\"session\":\"s\"", "null", "\n", "\r", "\t", "\\u0069",
    ]

    private func mutated(_ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = Array((Self.samples.randomElement(using: &generator) ?? "").utf8)
        for _ in 0..<Int.random(in: 0...2, using: &generator) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[at] = .random(in: 0...127, using: &generator)
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(.random(in: 0x20...0x7E, using: &generator), at: at)
            case 3: bytes.insert(contentsOf: (Self.tokens.randomElement(using: &generator) ?? "").utf8, at: at)
            case 4: bytes[at] = UInt8(ascii: "0") + .random(in: 0...9, using: &generator)
            default: bytes.removeLast(bytes.count - at)
            }
        }
        return bytes
    }

    @Test("What the quick reader takes, the full decoder reads alike (ACKPIPE_TEST_ROUNDS frames)")
    func whatIsTakenMeansTheSameToTheFullDecoder() {
        let seed = SeededGenerator.seed(for: "plain acknowledgements")
        let rounds = ProcessInfo.processInfo.environment["ACKPIPE_TEST_ROUNDS"].flatMap { Int($0) } ?? 50_000
        var generator = SeededGenerator(state: seed)
        var taken = 0
        for round in 0..<rounds {
            let body = mutated(&generator)
            // A line's end within the body would make another frame of it.
            let framing: Framing = round % 4 == 0 && !body.contains(0x0A) ? .lines : .length
            guard let target = quick(body, framing) else { continue }
            taken += 1
            let full: HandlerFrame? = try? decode(body.last == 0x0D ? body.dropLast() + [] : body)
            if full != .ack(target, hasOutputs: false) {
                Issue.record("seed \(seed), round \(round): \(target) is \(String(describing: full)): \(body)")
            }
        }
        #expect(taken > rounds / 10, "the mutations leave too little to take: \(taken)")
        #expect(taken < rounds, "the mutations change nothing")
    }
}
