import Testing

@testable import HandlerProtocol

@Suite struct EscapedTextTests {
    /// Byte by byte, as RFC 8259 has it; nil where the bytes are not UTF-8.
    private func reference(_ bytes: [UInt8], _ lineEnds: LineEnds) -> [UInt8]? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var result: [UInt8] = []
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += Array("\\\"".utf8)
            case "\\": result += Array("\\\\".utf8)
            case "\u{8}": result += Array("\\b".utf8)
            case "\u{C}": result += Array("\\f".utf8)
            case "\n": result += Array("\\n".utf8)
            case "\r": result += Array("\\r".utf8)
            case "\t": result += Array("\\t".utf8)
            case _ where scalar.value < 0x20: result += Array("\\u00\(hex(scalar.value))".utf8)
            case "\u{85}" where lineEnds == .escaped: result += Array("\\u0085".utf8)
            case "\u{2028}" where lineEnds == .escaped: result += Array("\\u2028".utf8)
            case "\u{2029}" where lineEnds == .escaped: result += Array("\\u2029".utf8)
            default: result += Array(String(Character(scalar)).utf8)
            }
        }
        return result
    }

    private func hex(_ number: UInt32) -> String { (number < 16 ? "0" : "") + String(number, radix: 16) }

    private func written(_ bytes: [UInt8], _ lineEnds: LineEnds) -> [UInt8]? {
        var buffer = OutboundBuffer()
        return buffer.appendEscaped(bytes.span, lineEnds: lineEnds) ? pending(buffer) : nil
    }

    /// As a whole record is written: the plain beginning first.
    private func writtenInOneGo(_ bytes: [UInt8], _ lineEnds: LineEnds) -> [UInt8]? {
        var buffer = OutboundBuffer()
        var isValid = true
        let span = bytes.span
        buffer.write(room: EscapedText.room(for: bytes.count) + TextBlock.byteCount) { target, start in
            let plain = EscapedText.copyPlain(span, into: &target, at: start)
            if plain == span.count { return start + plain }
            let begin = EscapedText.Progress(next: plain, at: start + plain)
            let progress = EscapedText.write(span, begin, to: span.count, lineEnds, into: &target)
            isValid = progress.isValid
            return progress.at
        }
        return isValid ? pending(buffer) : nil
    }

    private func expectRight(_ bytes: [UInt8], _ note: String) {
        for lineEnds in [LineEnds.kept, .escaped] {
            let right = reference(bytes, lineEnds)
            #expect(written(bytes, lineEnds) == right, "\(note)")
            #expect(writtenInOneGo(bytes, lineEnds) == right, "\(note)")
        }
    }

    @Test func plainTextOfEveryLengthIsCopied() {
        for count in 0...200 { expectRight((0..<count).map { UInt8(0x61 + $0 % 26) }, "\(count) bytes") }
    }

    @Test func everyByteIsWrittenRightAtEveryPlaceOfBlockAndEnd() {
        for byte in UInt8.min...UInt8.max {
            for place in [0, 1, 7, 8, 15, 30, 31, 32, 33, 47, 48, 63, 64, 90, 97, 98, 99] {
                var bytes = [UInt8](repeating: 0x61, count: 100)
                bytes[place] = byte
                expectRight(bytes, "byte \(byte) at \(place)")
            }
        }
    }

    @Test func randomMixturesAreWrittenRight() {
        let seed = SeededGenerator.seed(for: "escaped text")
        var generator = SeededGenerator(state: seed)
        let pieces = [
            "a", "bc", "plain words of more than thirty-two bytes ", "\"", "\\", "\n", "\u{1}", "ü", "€", "😀", " ",
            "привет", "\u{85}", "\u{2028}", "\u{2029}", "#", "!", "]", "\u{7F}",
        ]
        for round in 0..<4_000 {
            var bytes = (0..<Int.random(in: 0...60, using: &generator))
                .flatMap { _ in Array((pieces.randomElement(using: &generator) ?? "").utf8) }
            if round % 5 == 0, !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            expectRight(bytes, "seed \(seed), round \(round)")
        }
    }
}
