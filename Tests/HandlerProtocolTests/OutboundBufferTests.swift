import Testing

@testable import HandlerProtocol

@Suite struct OutboundBufferTests {
    @Test func bytesComeOutInTheOrderInWhichTheyWereAppendedWhateverIsConsumedBetween() {
        var generator = SeededGenerator(state: 7)
        var buffer = OutboundBuffer()
        var expected: [UInt8] = []
        var written: UInt64 = 0
        for round in 0..<2_000 {
            let chunk = (0..<Int.random(in: 0...3_000, using: &generator)).map {
                UInt8(truncatingIfNeeded: $0 &+ round)
            }
            buffer.append(chunk.span)
            expected += chunk
            written += UInt64(chunk.count)
            let count = Int.random(in: 0...3_000, using: &generator)
            let taken = min(count, expected.count)
            buffer.consume(count)
            expected.removeFirst(taken)
            #expect(buffer.pendingCount == expected.count)
            #expect(buffer.totalAppended == written)
            #expect(buffer.totalAppended - buffer.totalConsumed == UInt64(expected.count))
            if round % 50 == 0 { #expect(pending(buffer) == expected) }
        }
        #expect(pending(buffer) == expected)
    }

    @Test func anEmptyBufferShrinksBackOnceItIsLargerThanAMebibyte() {
        var buffer = OutboundBuffer()
        let large = [UInt8](repeating: 1, count: 3 << 20)
        buffer.append(large.span)
        #expect(buffer.capacity >= large.count)
        buffer.consume(large.count - 1)
        #expect(buffer.capacity >= large.count)
        buffer.consume(1)
        #expect(buffer.capacity == 0)
        buffer.append(7)
        #expect(pending(buffer) == [7])
    }

    @Test func aSteadyFlowDoesNotGrowTheBlock() {
        var buffer = OutboundBuffer()
        let chunk = [UInt8](repeating: 1, count: 1_000)
        for _ in 0..<10_000 {
            buffer.append(chunk.span)
            if buffer.pendingCount > 8_000 { buffer.consume(7_000) }
        }
        #expect(buffer.capacity <= 64 * 1024)
    }

    @Test(arguments: [
        0, 1, 9, 10, 11, 99, 100, -1, -10, 4711, Int64(Int32.max), Int64(UInt32.max), 999_999_999_999_999_999,
        1_000_000_000_000_000_000, .max, .min, .min + 1,
    ])
    func integersAreWrittenInPlainDigits(_ number: Int64) {
        var buffer = OutboundBuffer()
        buffer.appendInteger(number)
        #expect(String(decoding: pending(buffer), as: UTF8.self) == String(number))
    }

    @Test func base64IsThatOfTheRFC() {
        let vectors = [
            "": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE=",
            "foobar": "Zm9vYmFy",
        ]
        for (plain, encoded) in vectors {
            var buffer = OutboundBuffer()
            buffer.appendBase64(Array(plain.utf8).span)
            #expect(String(decoding: pending(buffer), as: UTF8.self) == encoded)
        }
    }
}
