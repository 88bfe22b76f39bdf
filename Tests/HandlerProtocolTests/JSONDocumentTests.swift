import Testing

@testable import HandlerProtocol

/// The quick check against the scanner: it accepts nothing that the scanner refuses, and hardly less.
@Suite struct JSONDocumentTests {
    private func isTaken(_ bytes: [UInt8]) -> Bool { JSONDocument.isValid(bytes.span) }

    private func scannerAccepts(_ bytes: [UInt8]) -> Bool {
        do throws(JSONFault) {
            try JSONScanner.validateDocument(bytes.span)
            return true
        } catch {
            return false
        }
    }

    @Test(arguments: [
        "{}", "[]", " [ ] ", "null", "true", "false", "0", "-0", "-1.5e+10", "1E5", "10", "\"\"",
        "{\"a\":[1,{\"b\":null},[]],\"a\":2}", "\t\r\n{\"a\" : 1 }\n", "[[[[]]],{}]", "\"ü\\u00e4\\n\"",
        "[true,false,null]",
        "\"a string that is longer than two words and than a block of thirty-two bytes\"",
    ])
    func ordinaryDocumentsAreTaken(_ text: String) { #expect(isTaken(Array(text.utf8))) }

    @Test func nestingIsTakenTo64Levels() {
        func nested(_ count: Int) -> [UInt8] {
            Array((String(repeating: "[", count: count) + String(repeating: "]", count: count)).utf8)
        }
        #expect(isTaken(nested(64)))
        #expect(!isTaken(nested(65)))
        let mixed = String(repeating: "[{\"a\":", count: 32) + "1" + String(repeating: "}]", count: 32)
        #expect(isTaken(Array(mixed.utf8)))
    }

    private func document(_ generator: inout SeededGenerator, depth: Int) -> String {
        func list(_ item: (inout SeededGenerator) -> String) -> String {
            (0..<Int.random(in: 0...4, using: &generator)).map { _ in item(&generator) }
                .joined(separator: Bool.random(using: &generator) ? "," : " ,\n ")
        }
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
        case 0: return ["null", "true", "false"].randomElement(using: &generator) ?? ""
        case 1: return String(Int64.random(in: -1_000_000...1_000_000, using: &generator))
        case 2: return ["0", "-0.5", "1e5", "12.75E-3", "9007199254740993"].randomElement(using: &generator) ?? ""
        case 3, 4, 5:
            let pieces = ["a", "long enough for a word", "\\n", "\\\"", "\\u00e4", "é", "😀", " ", "\\ud83d\\ude00"]
            return "\""
                + (0..<Int.random(in: 0...6, using: &generator))
                .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined() + "\""
        case 6: return "[" + list { document(&$0, depth: depth - 1) } + "]"
        default:
            return "{" + list { "\"n\(Int.random(in: 0...9, using: &$0))\":" + document(&$0, depth: depth - 1) } + "}"
        }
    }

    @Test func itTakesWhatTheScannerTakesButForSurrogatesAndNothingElse() {
        let seed = SeededGenerator.seed(for: "quick JSON check")
        var generator = SeededGenerator(state: seed)
        var taken = 0
        for round in 0..<60_000 {
            let text = document(&generator, depth: 4)
            var bytes = Array(text.utf8)
            for _ in 0..<round % 3 where !bytes.isEmpty {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[at] = .random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(Array("{}[],:\"\\ 0-.e\u{1}".utf8).randomElement(using: &generator) ?? 0, at: at)
                default: bytes.removeLast(bytes.count - at)
                }
            }
            let wasTaken = isTaken(bytes)
            let isValid = scannerAccepts(bytes)
            taken += wasTaken ? 1 : 0
            let mayDiffer = !wasTaken && String(decoding: bytes, as: UTF8.self).lowercased().contains("\\ud")
            if wasTaken != isValid, !mayDiffer {
                Issue.record("seed \(seed), round \(round): taken \(wasTaken), valid \(isValid): \(bytes)")
            }
        }
        #expect(taken > 10_000)
    }
}
