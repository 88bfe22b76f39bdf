import Testing

@testable import HandlerProtocol

@Suite struct WideBytesTests {
    @Test func theMarksOfAWordAreExact() {
        for byte in UInt8.min...UInt8.max {
            let isSpecial = byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5C
            for place in 0..<8 {
                // A quote below it: a carry from there would mark the byte above.
                for neighbour in [0x61, 0x22, 0x00, 0xFF] as [UInt8] {
                    var bytes = [UInt8](repeating: neighbour, count: 8)
                    bytes[place] = byte
                    let marks = TextWord.specials(bytes.span.word(at: 0))
                    #expect((marks >> UInt64(place * 8 + 7) & 1 == 1) == isSpecial, "byte \(byte) at \(place)")
                    let bits = TextWord.bits(marks)
                    for other in 0..<8 {
                        #expect(bits >> UInt32(other) & 1 == UInt32(marks >> UInt64(other * 8 + 7) & 1))
                    }
                }
            }
        }
    }

    @Test func copiesOfEveryLengthTouchNothingBehindThem() {
        for count in 0...130 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 + 1) }
            var target = [UInt8](repeating: 0, count: count + 40)
            var span = target.mutableSpan
            var raw = MutableRawSpan(_elements: &span)
            raw.copy(bytes.span, to: 3)
            #expect(target == [0, 0, 0] + bytes + [UInt8](repeating: 0, count: 37))
        }
    }

    @Test func aRestIsFilledWithZeros() {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        func word(at place: Int) -> UInt64 { bytes.span.wordOrRest(at: place) }
        #expect(word(at: 0) == 0x0807_0605_0403_0201)
        #expect(word(at: 7) == 0x0908)
        #expect(word(at: 9) == 0)
        #expect(word(at: 12) == 0)
    }
}
