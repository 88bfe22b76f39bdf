import Testing

@testable import Configuration

@Suite struct RateTextTests {
    @Test(
        "a rate is so many a second, minute or hour, and a burst is one second's where none is given",
        arguments: [
            ("100/s", 100, 100), ("100/s:500", 100, 500), ("0.5/s", 0.5, 1), ("0.5/s:10", 0.5, 10), ("30/m", 0.5, 1),
            ("90/m", 1.5, 2), ("3600/h:2", 1, 2), ("2.5/s", 2.5, 3), ("1000000000/s:1", 1e9, 1),
        ] as [(String, Double, Int)])
    func valid(text: String, perSecond: Double, burst: Int) throws {
        #expect(try RateText.parse(text) == RateSetting(perSecond: perSecond, burst: burst))
    }

    @Test(
        "what is no rate is refused",
        arguments: [
            "", "5", "5/", "/s", "5/d", "5/s:", "5/s:0", "5/s:1.5", "5/s:-1", "5/s:1:2", "0/s", "0.0/h", "-1/s",
            "1e3/s",
            "inf/s", "nan/s", "1,5/s", ".5/s", "5./s", "1.2.3/s", "5/s/s", "1000000001/s", "5 /s", "٣/s",
            String(repeating: "9", count: 400) + "/s",
        ])
    func invalid(text: String) {
        #expect(throws: ValueProblem.self) { try RateText.parse(text) }
    }

    @Test("a rendered decimal reads back", arguments: [1, 10, 0.5, 2.25])
    func roundTrip(number: Double) {
        #expect(DecimalText.parse(DecimalText.render(number)) == number)
    }
}
