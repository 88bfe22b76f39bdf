import Foundation
import Testing

@testable import HandlerProtocol

@Suite struct JSONScannerTests {
    private func fault(_ text: String) -> JSONFault? { fault(Array(text.utf8)) }

    private func fault(_ bytes: [UInt8]) -> JSONFault? {
        do throws(JSONFault) {
            try JSONScanner.validateDocument(bytes.span)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "{}", "[]", " [ ] ", "null", "true", "false", "0", "-0", "-1.5e+10", "1E5", "10", "\"\"", "\"\\ud83d\\ude00\"",
        "\"a\\\"\\\\\\/\\b\\f\\n\\r\\tü\\u00e4\"", "{\"a\":[1,{\"b\":null},[]],\"a\":2}", "\t\r\n{\"a\" : 1 }\n",
        "[[[[]]],{}]",
    ])
    func validDocumentsPass(_ text: String) { #expect(fault(text) == nil) }

    @Test(arguments: [
        "", " ", "{", "[", "}", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1,", "{\"a\":1,}", "{a:1}",
        "{\"a\" 1}",
        "[1 2]", "01", "-", "1.", ".5", "1e", "1e+", "+1", "0x10", "NaN", "Infinity", "tru", "truex", "nul", "\"",
        "\"\\",
        "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "\"\u{0}\"", "1 2", "{} x", "[}", "{]", "'a'", "[1]]", "//",
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800x\"", "\"\\ud800\\ud800\"", "\u{FEFF}{}", "\"\\u",
    ])
    func invalidDocumentsAreRefused(_ text: String) { #expect(fault(text) != nil) }

    @Test func invalidUTF8IsRefusedWhereItStands() {
        #expect(fault([0x22, 0x61, 0xFF, 0x22])?.atByte == 2)
        #expect(fault([0x22, 0xED, 0xA0, 0x80, 0x22])?.atByte == 1)
    }

    @Test func nestingIsAllowedTo64LevelsAndNotTo65() {
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        #expect(fault(nested(64)) == nil)
        #expect(fault(nested(65))?.kind == .tooDeep)
        #expect(fault(String(repeating: "{\"a\":", count: 64) + "1" + String(repeating: "}", count: 64)) == nil)
        #expect(
            fault(String(repeating: "{\"a\":", count: 65) + "1" + String(repeating: "}", count: 65))?.kind == .tooDeep)
        #expect(fault(String(repeating: "[", count: 1_000_000))?.kind == .tooDeep)
        // Sixty-four levels of both kinds: the bits of one must not stand for the other.
        let mixed = String(repeating: "[{\"a\":", count: 32) + "1" + String(repeating: "}]", count: 32)
        #expect(fault(mixed) == nil)
        #expect(fault(mixed.replacingOccurrences(of: "1}]", with: "1]}")) != nil)
    }

    @Test func longPlainStringsAreScannedToTheirEnd() {
        for count in 0..<200 {
            let text = String(repeating: "a", count: count)
            #expect(fault("\"\(text)\"") == nil)
            #expect(fault("\"\(text)\"x") != nil)
            #expect(fault("\"\(text)\n\"") != nil)
            #expect(fault("\"\(text)") != nil)
        }
    }

    @Test func whatIsValidIsWhatFoundationTakesForValid() throws {
        let seed = SeededGenerator.seed(for: "JSON against Foundation")
        var generator = SeededGenerator(state: seed)
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"\"", "1", "-2.5", "0e1", "true", "null", " ", "\"\\n\"", "\"b\":",
        ]
        var valid = 0
        for _ in 0..<50_000 {
            let text = (0..<Int.random(in: 1...7, using: &generator))
                .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            // Foundation's parser takes more than RFC 8259 (needless commas, repeated names), never less.
            let foundation =
                (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil
            if fault(text) == nil {
                valid += 1
                // A number beyond a double's range is valid JSON all the same, and Foundation refuses it.
                #expect(foundation || text.contains("e111"), "seed \(seed): \(text)")
            } else if foundation, !text.contains(",]"), !text.contains(",}"), !text.contains(", "), !text.contains(" ")
            {
                Issue.record("seed \(seed): \(text) is refused: \(String(describing: fault(text)))")
            }
        }
        #expect(valid > 100)
    }
}
