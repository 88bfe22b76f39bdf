import Testing

@testable import HandlerProtocol

@Suite struct UTF8SequenceTests {
    @Test func everyScalarIsWellFormedAndHasItsOwnLength() {
        for number in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(number) else { continue }
            let bytes = Array(String(Character(scalar)).utf8)
            if UTF8Sequence.length(in: bytes.span, at: 0) != bytes.count {
                Issue.record("U+\(String(number, radix: 16)) is not taken for \(bytes.count) bytes")
            }
        }
    }

    @Test func everyPairOfBytesIsJudgedAsTheStandardLibraryJudgesIt() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                let bytes = [first, second]
                let expected = String(validating: bytes, as: UTF8.self) != nil
                if UTF8Sequence.isWellFormed(bytes.span, from: 0) != expected {
                    Issue.record("\(bytes): expected \(expected)")
                }
            }
        }
    }

    @Test func longerSequencesAreJudgedAsTheStandardLibraryJudgesThem() {
        let seed = SeededGenerator.seed(for: "longer UTF-8 sequences")
        var generator = SeededGenerator(state: seed)
        let interesting: [UInt8] = [
            0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
            0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        for _ in 0..<100_000 {
            let count = Int.random(in: 3...5, using: &generator)
            let bytes = (0..<count).map { _ in interesting.randomElement(using: &generator) ?? 0 }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            if UTF8Sequence.isWellFormed(bytes.span, from: 0) != expected {
                Issue.record("\(bytes): expected \(expected)")
            }
        }
    }

    @Test func onlyTheThreeUnicodeLineEndsAreLineEnds() {
        for number in UInt32(0)...0xFFFF {
            guard let scalar = Unicode.Scalar(number) else { continue }
            let bytes = Array(String(Character(scalar)).utf8)
            let expected = [0x85, 0x2028, 0x2029].contains(number) ? UInt16(number) : nil
            if UTF8Sequence.unicodeLineEnd(in: bytes.span, at: 0) != expected {
                Issue.record("U+\(String(number, radix: 16)): expected \(String(describing: expected))")
            }
        }
    }
}
