import Foundation
import Testing

@Suite("--rate")
struct RateTests {
    @Test(
        "Records are handed over at the rate after a burst, one by one and in batches", .timeLimit(.minutes(30)),
        arguments: ["message", "batch"])
    func theRateHolds(mode: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2)
            try await stage.cluster.fill("t", partitions: 2, each: 400)
            let ackpipe = try stage.run(
                ["--rate", "50/s:10", "--mode", mode, "--order", "none", "--exit-at-end"],
                stage.scratch.python(
                    "timed.py",
                    """
                    from listening import *
                    serve(lambda record: note("times", repr(time.time())))
                    """))
            try await eventually("three seconds pass", seen: { ackpipe.logTail }) {
                let times = stage.notes("times").compactMap { Double($0) }
                return times.count > 1 && times[times.count - 1] - times[0] > 3.1 ? () : nil
            }
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let times = stage.notes("times").compactMap { Double($0) }.sorted()
            let handled = times.filter { $0 - times[0] <= 3 }.count
            // 10 at once and 150 in three seconds; a machine that is busy may waste tokens, and a little may come late.
            #expect((100...166).contains(handled), "\(handled) in 3 s")
            #expect(times.filter { $0 - times[0] <= 0.1 }.count <= 10 + 5 + 3, "the burst")
        }
    }
}
