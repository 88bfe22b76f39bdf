import Foundation
import Testing

@testable import HandlerProtocol

/// The writer against Foundation's parser: what was put in comes out, whatever the bytes are.
@Suite struct DifferentialWriterTests {
    private func payload(_ object: [String: Any], _ name: String) -> [UInt8]? {
        if let text = object[name] as? String { return Array(text.utf8) }
        if let text = object[name + "_base64"] as? String { return Data(base64Encoded: text).map(Array.init) }
        return nil
    }

    private func expectEqual(_ object: [String: Any], _ record: SampleRecord, _ note: String) {
        #expect(payload(object, "key") == record.key, "\(note)")
        #expect(payload(object, "value") == record.value, "\(note)")
        #expect(object["offset"] as? Int64 == record.offset, "\(note)")
        #expect(object["timestamp"] as? Int64 == record.timestamp, "\(note)")
        #expect((object["redelivered"] as? Bool ?? false) == record.redelivered, "\(note)")
        let headers = object["headers"] as? [[String: Any]] ?? []
        #expect(headers.count == record.headers.count, "\(note)")
        for (header, expected) in zip(headers, record.headers) {
            #expect(payload(header, "key") == expected.name, "\(note)")
            #expect(payload(header, "value") == expected.value, "\(note)")
        }
    }

    private func bytes(_ generator: inout SeededGenerator) -> [UInt8] {
        let count = [0, 1, 3, 31, 32, 33, 64, 100, 300].randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        case 1: return (0..<count).map { _ in UInt8.random(in: 0x20...0x7E, using: &generator) }
        case 2:
            let scalars: [String] = [
                "a", "\"", "\\", "\n", "\u{0}", "é", "€", "😀", "\u{85}", "\u{2028}", "\u{2029}", " ",
            ]
            return (0..<count).flatMap { _ in Array((scalars.randomElement(using: &generator) ?? "").utf8) }
        default: return [UInt8](repeating: 0x61, count: count) + [UInt8.random(in: 0...255, using: &generator)]
        }
    }

    private func record(_ generator: inout SeededGenerator) -> SampleRecord {
        func maybe() -> [UInt8]? { Bool.random(using: &generator) ? bytes(&generator) : nil }
        return SampleRecord(
            offset: Int64.random(in: 0...1 << 53, using: &generator),
            timestamp: Bool.random(using: &generator) ? Int64.random(in: 0...1 << 45, using: &generator) : nil,
            redelivered: Bool.random(using: &generator), key: maybe(), value: maybe(),
            headers: (0..<Int.random(in: 0...3, using: &generator)).map { _ in (bytes(&generator), maybe()) })
    }

    @Test(arguments: Framing.allCases)
    func randomRecordsComeOutAsTheyWereInMessagesAndInBatches(_ framing: Framing) throws {
        let seed = SeededGenerator.seed(for: "random records, \(framing)")
        var generator = SeededGenerator(state: seed)
        var encoder = makeEncoder(framing)
        for round in 0..<1_500 {
            var buffer = OutboundBuffer()
            let records = (0..<Int.random(in: 1...3, using: &generator)).map { _ in record(&generator) }
            try records[0].writeMessage(id: 1, &encoder, into: &buffer)
            encoder.beginBatch(id: 2, shared: SharedMembers(attempt: 1), into: &buffer)
            for record in records { try record.writeEntry(&encoder, into: &buffer) }
            try encoder.endBatch(into: &buffer)
            let frames = try bodies(pending(buffer), framing: framing)
            #expect(frames.count == 2)
            let note = "seed \(seed), round \(round)"
            let message = try #require(
                try JSONSerialization.jsonObject(with: Data(frames[0])) as? [String: Any], "\(note)")
            expectEqual(message, records[0], note)
            let batch = try #require(
                try JSONSerialization.jsonObject(with: Data(frames[1])) as? [String: Any], "\(note)")
            let entries = batch["messages"] as? [[String: Any]] ?? []
            #expect(entries.count == records.count)
            for (entry, record) in zip(entries, records) { expectEqual(entry, record, note) }
            if framing == .lines {
                for body in frames {
                    let text = String(decoding: body, as: UTF8.self)
                    let hasLineEnd = text.unicodeScalars.contains {
                        "\r\n\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0)
                    }
                    #expect(!hasLineEnd, "\(note)")
                }
            }
        }
    }

    @Test func everyByteValueAtEveryPlaceOfABlockSurvives() throws {
        var encoder = makeEncoder()
        for byte in UInt8.min...UInt8.max {
            for place in [0, 1, 15, 31, 32, 40, 63, 64] {
                var value = [UInt8](repeating: 0x61, count: 70)
                value[place] = byte
                var buffer = OutboundBuffer()
                try SampleRecord(value: value).writeMessage(id: 1, &encoder, into: &buffer)
                let object =
                    try JSONSerialization.jsonObject(with: Data(try bodies(pending(buffer))[0])) as? [String: Any]
                #expect(payload(object ?? [:], "value") == value, "byte \(byte) at \(place)")
            }
        }
    }

    @Test func valuesLongerThanAPieceSurviveWhereverACharacterIsCut() throws {
        var encoder = makeEncoder()
        for shift in 0..<4 {
            let text = String(repeating: "x", count: shift) + String(repeating: "😀", count: 12_000)
            var buffer = OutboundBuffer()
            try SampleRecord(value: Array(text.utf8)).writeMessage(id: 1, &encoder, into: &buffer)
            let object = try JSONSerialization.jsonObject(with: Data(try bodies(pending(buffer))[0])) as? [String: Any]
            #expect(object?["value"] as? String == text)
        }
    }
}
