import Testing

@testable import Configuration

@Suite struct QuantitiesTests {
    @Test(
        "durations are read with their units",
        arguments: [
            ("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000), ("1h30m", 5_400_000),
            ("1d", 86_400_000),
            ("0", 0), ("0s", 0), ("1m30s500ms", 90_500),
        ] as [(String, Int64)])
    func durations(text: String, milliseconds: Int64) throws {
        #expect(try DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test(
        "what is no duration is refused",
        arguments: [
            "", "5", "1h30", "s", "5 s", "1.5s", "-1s", "5x", "30m1h", "1s1s", "99999999999999999999s", "106752d", "٣s",
        ])
    func badDurations(text: String) {
        #expect(throws: ValueProblem.self) { try DurationText.parse(text) }
    }

    @Test(
        "a rendered duration reads back",
        arguments: [0, 1, 999, 1_000, 90_500, 5_400_000, 86_400_000, 90_061_001] as [Int64])
    func durationRoundTrip(milliseconds: Int64) throws {
        let text = DurationText.render(.milliseconds(milliseconds))
        #expect(try DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test(
        "sizes are read with their units",
        arguments: [
            ("512B", 512), ("64KiB", 65_536), ("1MiB", 1 << 20), ("10MB", 10_000_000), ("2gib", 2 << 30),
            ("1kb", 1_000),
        ])
    func sizes(text: String, bytes: Int) throws {
        #expect(try SizeText.parse(text) == bytes)
    }

    @Test(
        "what is no size is refused", arguments: ["", "5", "MiB", "1M", "1.5MiB", "-1B", "9999999999999GiB", "1 MiB"])
    func badSizes(text: String) {
        #expect(throws: ValueProblem.self) { try SizeText.parse(text) }
    }

    @Test("a rendered size reads back", arguments: [1, 1_000, 1_024, 1_536, 1 << 20, (1 << 27) - 1, 3 << 30])
    func sizeRoundTrip(bytes: Int) throws {
        #expect(try SizeText.parse(SizeText.render(bytes)) == bytes)
    }
}
