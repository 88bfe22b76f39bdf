import Foundation
import Testing

@Suite("Workers are killed")
struct KillWorkerTests {
    @Test(
        "kill -9 of a worker at a random moment, 50 times in one run: no record is lost, and twice comes only what was in flight",
        .timeLimit(.minutes(30)), arguments: [("batch", "partition", 40), ("message", "none", 64)])
    func killingWorkersLosesNothing(mode: String, order: String, inFlight: Int) async throws {
        try await Slots.shared.run(weight: 2) {
            var random = TestRandom("killingWorkersLosesNothing(\(mode), \(order))")
            let stage = try Stage(partitions: 4)
            let each = 5_000
            try await stage.cluster.fill("t", partitions: 4, each: each)
            try await stage.cluster.requireWholeLog("t")
            // Slow as long as the file is there: something is in flight at each kill, and the rest goes fast.
            let slow = try stage.scratch.write("slow", "")
            let ackpipe = try stage.run(
                [
                    "--workers", "3", "--mode", mode, "--batch-size", "10", "--order", order, "--exit-at-end",
                    "--commit-interval",
                    "50ms",
                ],
                stage.scratch.python(
                    "slow.py",
                    """
                    def handle(record):
                        if os.path.exists(os.environ["FOLDER"] + "/slow"):
                            time.sleep(0.004)
                    serve(handle)
                    """))
            // From now on the guard has its name, and is no worker.
            try await eventually("something is handled", seen: { ackpipe.logTail }) {
                stage.journal.size > 0 ? () : nil
            }
            var killed: Set<Int> = []
            for number in 1...50 {
                let before = number % 5 == 0 ? stage.journal.size : -1
                let victim = try await eventually("a worker to kill lives", seen: { ackpipe.logTail }) {
                    // Every fifth kill waits until something was handled since the one before.
                    stage.journal.size > before ? ackpipe.workerPids.randomElement(using: &random) : nil
                }
                try await random.pause(milliseconds: 0...100)
                kill(victim, SIGKILL)
                killed.insert(Int(victim))
                try await eventually("worker \(victim) is reaped", seen: { ackpipe.logTail }) {
                    ackpipe.workerPids.contains(victim) ? nil : ()
                }
            }
            try FileManager.default.removeItem(atPath: slow)
            #expect(try await ackpipe.waitForExit(within: 180) == 0, "\(ackpipe.logTail)")

            #expect(killed.count == 50)
            #expect(ackpipe.log.components(separatedBy: "killed by SIGKILL").count - 1 == 50, "\(ackpipe.logTail)")
            #expect(try await stage.committed() == Array(repeating: Int64(each), count: 4))
            try check(stage, killed, inFlight: inFlight)
            try await stage.marked.requireNone()
        }
    }

    /// No record is missing; a record was handled again only where a killed worker had it, and was told so.
    private func check(_ stage: Stage, _ killed: Set<Int>, inFlight: Int) throws {
        let entries = stage.journal.entries()
        let executions = Dictionary(grouping: entries) { "\($0.partition)/\($0.offset)" }
        #expect(executions.count == 20_000)
        var repeated: [Int: Int] = [:]
        for (record, all) in executions where all.count > 1 {
            #expect(all.dropLast().allSatisfy { killed.contains($0.pid) }, "\(record) came again for no reason: \(all)")
            #expect(all.dropFirst().allSatisfy { $0.redelivered }, "\(record) came again without redelivered: \(all)")
            for entry in all.dropLast() { repeated[entry.pid, default: 0] += 1 }
        }
        // In order, four partitions have one batch each in flight; without it, a worker has its window.
        #expect(repeated.values.allSatisfy { $0 <= inFlight }, "more than \(inFlight) of one worker: \(repeated)")
        print("50 kills: \(entries.count - executions.count) executions repeated, \(repeated.count) workers had some")
        #expect(!repeated.isEmpty, "no kill hit anything in flight")
    }
}
