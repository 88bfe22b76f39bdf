import Foundation
import Testing

/// Any bytes on a handler's stdout: the daemon lives, commits nothing that was not acknowledged, and goes on.
@Suite("Protocol, fuzzed") struct ProtocolAbuseFuzzTests {
    @Test(
        "100,000 random and mutated frames into running worker connections crash nothing and settle nothing",
        .timeLimit(.minutes(30)))
    func fuzz() async throws {
        try await Slots.shared.run(weight: 3) {
            let variables = ProcessInfo.processInfo.environment
            let seed = variables["ACKPIPE_TEST_SEED"].flatMap { UInt32($0) } ?? UInt32.random(in: 1 ... .max)
            let wanted = 100_000
            print("fuzzed worker connections: seed \(seed) (ACKPIPE_TEST_SEED)")
            let run = try await TroubleRun(records: 20)
            let state = run.scratch.path("fuzz")
            let started = ContinuousClock.now
            let ackpipe = try run.start(
                [
                    "--exit-at-end", "--workers", "6", "--frame-timeout", "300ms", "--order", "none",
                    "--commit-interval", "50ms",
                    "--retry-backoff", "1ms..5ms",
                ],
                command: ["python3", "-I", "-S"] + Repository.handler("fuzz.py").dropFirst() + [
                    "\(seed)", "\(wanted)", state,
                ])
            func count(_ name: String) -> Int {
                (try? FileManager.default.attributesOfItem(atPath: "\(state).\(name)")[.size] as? Int) ?? 0
            }
            try await eventually(
                "the frames are decoded", within: 600,
                seen: { "seed \(seed), \(count("confirmed")) frames, \(count("lives")) lives. \(ackpipe.logTail)" }
            ) {
                FileManager.default.fileExists(atPath: state + ".done") || !ackpipe.isRunning ? () : nil
            }
            let spent = ContinuousClock.now - started
            try #require(ackpipe.isRunning, "seed \(seed): \(ackpipe.logTail)")
            #expect(try await run.committed() == nil, "seed \(seed): nothing was acknowledged yet")
            let resident = try #require(ackpipe.residentBytes)
            try run.scratch.write("fuzz.go", "")
            #expect(try await ackpipe.waitForExit() == 0, "seed \(seed): \(ackpipe.logTail)")
            #expect(try await run.committed() == 20, "seed \(seed)")
            let errors = ackpipe.log.components(separatedBy: "protocol error: the worker is replaced").count - 1
            let rules = Set(run.logged("rule"))
            print(
                "fuzzed worker connections: \(count("confirmed")) frames decoded, \(count("mutants")) mutants, "
                    + "\(errors) protocol errors under rules \(rules.sorted()), \(count("lives")) processes, \(spent), "
                    + "\(resident >> 20) MiB resident")
            #expect(errors > 50 && rules.count >= 4, "seed \(seed): the mutants break rules")
            #expect(resident < 200 << 20)
        }
    }
}
