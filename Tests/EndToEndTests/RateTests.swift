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
                    note("times", repr(time.monotonic()))
                    serve(lambda record: note("times", repr(time.monotonic())))
                    """))
            // The first one is told before `ready`, and so before anything is handed over.
            func times() -> [Double] { stage.notes("times").compactMap { Double($0) } }
            try await eventually("200 records are handled", seen: { "\(times()) \(ackpipe.logTail)" }) {
                times().count > 200 ? () : nil
            }
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let all = times()
            let (start, handled) = (all[0], all.dropFirst().sorted())
            // However late a busy machine handles them: at no time more than 10, and 50 for each second.
            for (number, time) in handled.enumerated() {
                #expect(Double(number + 1) <= 10 + 50 * (time - start) + 1, "\(number + 1) after \(time - start) s")
            }
            // And not much less in the best second, as a machine that is busy wastes tokens: 50, with what the burst adds.
            let best = handled.enumerated().map { first, time in
                handled[first...].prefix { $0 < time + 1 }.count
            }
            #expect((best.max() ?? 0) > 40, "\(best.max() ?? 0) in the best second")
        }
    }
}
