import Testing

@testable import HandlerProtocol

@Suite struct JSONNumberTests {
    private func integer(_ text: String, _ range: ClosedRange<Int64> = .min + 1 ... .max) -> Int64? {
        JSONNumber.integer(in: Array(text.utf8).span, from: 0, range: range)
    }

    @Test func numbersWhoseExactValueIsAnIntegerAreIntegers() {
        let cases: [String: Int64] = [
            "0": 0, "-0": 0, "0.0": 0, "0e5": 0, "0e-5": 0, "7": 7, "7.0": 7, "70e-1": 7, "1e+05": 100_000,
            "1E5": 100_000,
            "1.5e1": 15, "-3.0": -3, "0.001e3": 1, "100e-2": 1, "1.000000000000000000000000000000": 1,
            "10000000000000000000000000e-25": 1, "0.00000000000000000000000000001e29": 1,
            "9007199254740991": (1 << 53) - 1,
            "9223372036854775807": .max, "922337203685477580.7e1": .max, "0e99999999999999999999": 0,
        ]
        for (text, expected) in cases { #expect(integer(text) == expected, "\(text)") }
    }

    @Test func numbersThatAreNotIntegersOrDoNotFitAreNot() {
        for text in [
            "7.5", "0.1", "1e-1", "15e-1", "1e19", "9223372036854775808", "1e400", "1e99999999999999999999",
            "1e-99999999999999999999", "123456789012345678901234567890", "9007199254740993.5",
            "18446744073709551616", "0.10000000000000000000000000001", "-9223372036854775809",
        ] { #expect(integer(text) == nil, "\(text)") }
    }

    @Test func theRangeHolds() {
        #expect(integer("0", 1...5) == nil)
        #expect(integer("1", 1...5) == 1)
        #expect(integer("5", 1...5) == 5)
        #expect(integer("6", 1...5) == nil)
        #expect(integer("-1", 0...5) == nil)
    }

    @Test func aNumberEndsWhereTheNextTokenBegins() {
        #expect(integer("12,3") == 12)
        #expect(integer("12}") == 12)
        #expect(integer("12 ") == 12)
    }
}
