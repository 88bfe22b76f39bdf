import Foundation
import Testing

@Suite("The daemon is killed")
struct KillDaemonTests {
    /// A shell that starts others and then the handler, which stays its child.
    private func family(_ stage: Stage, _ handler: [String]) throws -> [String] {
        [
            try stage.scratch.write(
                "family.sh",
                """
                #!/bin/sh
                sleep 3600 &
                sh -c 'sleep 3600 & trap "" TERM HUP; wait' < /dev/null &
                \(handler.joined(separator: " "))
                """, executable: true)
        ]
    }

    /// Not among the slots: nearly all of it is waiting for the group, and it is to begin first.
    @Test(
        "kill -9 of ackpipe at a random moment, 20 times in one group: no record is lost, no orphan stays",
        .timeLimit(.minutes(30)))
    func killingTheDaemonLosesNothing() async throws {
        var random = TestRandom()
        let stage = try Stage(partitions: 4)
        let each = 3_000
        try await stage.cluster.fill("t", partitions: 4, each: each)
        try await stage.cluster.requireWholeLog("t")
        let slow = try stage.scratch.write("slow", "")
        let python = try stage.scratch.python(
            "slow.py",
            """
            def handle(record):
                if os.path.exists(os.environ["FOLDER"] + "/slow"):
                    time.sleep(0.01)
            serve(handle)
            """)
        let handler = try family(stage, python)
        let options = [
            "-X", "session.timeout.ms=6000", "--workers", "2", "--exit-at-end", "--commit-interval", "200ms",
        ]
        var joins: [Duration] = []
        for life in 1...20 {
            let before = stage.journal.size
            let began = ContinuousClock.now
            let ackpipe = try stage.join(options, handler)
            try await eventually("life \(life) handles a record", seen: { ackpipe.logTail }) {
                stage.journal.size > before ? () : nil
            }
            joins.append(ContinuousClock.now - began)
            try await random.pause(milliseconds: 0...1_500)
            ackpipe.killNow()
            #expect(try await ackpipe.waitForExit() == -SIGKILL, "life \(life): \(ackpipe.logTail)")
            try await stage.marked.requireNone()
        }
        try FileManager.default.removeItem(atPath: slow)
        let last = try stage.join(options, handler)
        #expect(try await last.waitForExit(within: 180) == 0, "\(last.logTail)")

        let entries = stage.journal.entries()
        let handled = stage.journal.offsets()
        #expect((0..<4).allSatisfy { handled[$0] == Set(0..<Int64(each)) }, "a record is missing")
        #expect(try await stage.committed() == Array(repeating: Int64(each), count: 4))
        // A life commits every 200 ms, and handles some 200 records a second; each may repeat what it had not committed.
        print("20 lives, first record after \(joins): \(entries.count - 4 * each) executions repeated")
        #expect(entries.count - 4 * each <= 20 * 400, "duplicates are bounded by what was not committed")
        try await stage.marked.requireNone()
    }

    @Test(
        "kill -9 of ackpipe leaves no orphan, also when the handler is a shell that started others",
        .timeLimit(.minutes(30)))
    func noOrphanStays() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 2)
            try await stage.cluster.fill("t", partitions: 2, each: 10)
            let ackpipe = try stage.run(["--workers", "2"], try family(stage, Repository.handler("ack.py")))
            try await eventually("the handlers run", seen: { ackpipe.logTail }) {
                stage.journal.distinctCount() == 20 ? () : nil
            }
            // Each worker: the family's shell, its inner shell, two sleeps, Python.
            try await eventually("all have started", seen: { stage.marked.handlers().joined(separator: "; ") }) {
                stage.marked.handlers().count == 10 ? () : nil
            }
            ackpipe.killNow()
            #expect(try await ackpipe.waitForExit() == -SIGKILL)
            try await stage.marked.requireNone()
        }
    }

    @Test("kill -9 of a handler's shell takes along what it had started", .timeLimit(.minutes(30)))
    func aKilledWorkerTakesItsChildrenAlong() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 3)
            let ackpipe = try stage.run([], try family(stage, Repository.handler("ack.py")))
            try await eventually("all have started", seen: { stage.marked.handlers().joined(separator: "; ") }) {
                stage.marked.handlers().count == 5 && stage.journal.distinctCount() == 3 ? () : nil
            }
            let family = Set(stage.marked.handlers())
            let shell = try #require(ackpipe.workerPids.first)
            kill(shell, SIGKILL)
            try await eventually("all of them are gone", seen: { stage.marked.handlers().joined(separator: "; ") }) {
                family.isDisjoint(with: stage.marked.handlers()) ? () : nil
            }
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            try await stage.marked.requireNone()
        }
    }

    @Test(
        "kill -9 of the guard: ackpipe starts no worker without it, says so and ends with 71", .timeLimit(.minutes(30)))
    func withoutItsGuardTheDaemonStops() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 3)
            let ackpipe = try stage.run([], Repository.handler("ack.py"))
            try await stage.waitForCommitted([3], ackpipe)
            let guardian = try #require(ackpipe.guardPid)
            let worker = try #require(ackpipe.workerPids.first)
            kill(guardian, SIGKILL)
            kill(worker, SIGKILL)
            #expect(try await ackpipe.waitForExit() == 71, "\(ackpipe.logTail)")
            #expect(
                ackpipe.log.contains("telling the guard process, which has died; restart ackpipe"), "\(ackpipe.logTail)"
            )
            try await stage.marked.requireNone()
        }
    }
}
