import Foundation
import Testing

@testable import Observability

@Suite struct TimeTextTests {
    @Test(
        "times are RFC 3339 in UTC with milliseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_795_266_000_123, "2026-11-21T13:00:00.123Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func known(milliseconds: Int64, expected: String) {
        #expect(TimeText.utc(milliseconds: milliseconds) == expected)
    }

    @Test("every two weeks of a century agree with Foundation")
    func agrees() {
        let formatter = ISO8601DateFormatter()
        for seconds in stride(from: 0, to: 4_102_444_800, by: 86_400 * 13 + 3_607) {
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds))).dropLast() + ".000Z"
            #expect(TimeText.utc(milliseconds: Int64(seconds) * 1_000) == expected)
        }
    }
}
