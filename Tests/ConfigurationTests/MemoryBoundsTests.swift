import Testing

@testable import Configuration

@Suite struct MemoryBoundsTests {
    @Test("a small budget alone makes the other bounds smaller")
    func derived() throws {
        let settings = try Fixture().run("--max-memory", "32MiB")
        #expect(settings.maxInFlightBytes == 16 << 20)
        #expect(settings.maxFrameBytes == 32 << 20)
    }

    @Test("what was asked for and does not fit the budget is refused with the remedy")
    func contradiction() {
        #expect(
            Fixture().complaints("--max-memory", "32MiB", "--max-in-flight-bytes", "17MiB") == [
                "--max-in-flight-bytes: max-in-flight-bytes 17MiB is over half of max-memory 32MiB; "
                    + "raise --max-memory to 34MiB or lower --max-in-flight-bytes"
            ])
        #expect(Fixture().complaints("--max-in-flight-bytes", "100MiB").count == 1)
        #expect(Fixture().complaints("--max-memory", "32MiB", "--max-frame-bytes", "33MiB").count == 1)
    }

    @Test("half of the budget is allowed")
    func exactlyHalf() throws {
        #expect(
            try Fixture().run("--max-memory", "32MiB", "--max-in-flight-bytes", "16MiB").maxInFlightBytes == 16 << 20)
    }
}
