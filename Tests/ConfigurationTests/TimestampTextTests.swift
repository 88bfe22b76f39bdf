import Foundation
import Testing

@testable import Configuration

@Suite struct TimestampTextTests {
    @Test(
        "times are milliseconds since 1970 or RFC 3339 with an offset",
        arguments: [
            ("1795266000000", 1_795_266_000_000), ("0", 0), ("2026-11-21T13:00:00Z", 1_795_266_000_000),
            ("2026-11-21T14:00:00.5+01:00", 1_795_266_000_500), ("2026-11-21t12:30:00.123456-00:30", 1_795_266_000_123),
            ("1970-01-01T00:00:00Z", 0), ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ] as [(String, Int64)])
    func valid(text: String, milliseconds: Int64) throws {
        #expect(try TimestampText.parse(text) == milliseconds)
    }

    @Test(
        "what is no point in time is refused",
        arguments: [
            "", "x", "1795266000", "2026-11-21", "2026-11-21T13:00:00", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z",
            "2026-11-21T24:00:00Z", "2026-11-21T13:00:00.Z", "2026-11-21T13:00:00Zx", "1969-12-31T23:59:59Z",
            "2026-11-21T13:00:00+25:00", "99999999999999999999",
        ])
    func invalid(text: String) {
        #expect(throws: ValueProblem.self) { try TimestampText.parse(text) }
    }

    @Test("days agree with Foundation's calendar")
    func agreesWithFoundation() throws {
        let formatter = ISO8601DateFormatter()
        for seconds in stride(from: 0, to: 4_102_444_800, by: 86_400 * 13 + 3_607) {
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(try TimestampText.parse(text) == Int64(seconds) * 1_000, "\(text)")
        }
    }
}
