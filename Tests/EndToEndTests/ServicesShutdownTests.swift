import Foundation
import Testing

/// Signals and deaths in a daemon of several services.
@Suite("Several services, shutdown and deaths") struct ServicesShutdownTests {
    @Test("SIGTERM drains every service: what was begun is answered and committed", .timeLimit(.minutes(30)))
    func drainsAll() async throws {
        try await Slots.shared.run {
            let stage = try await ServicesStage(each: 200)
            let slow = try stage.scratch.python("slow.py", "serve(lambda record: time.sleep(0.05))")
            let ackpipe = try stage.run([
                .init(name: "billing", handler: slow), .init(name: "audit", keys: "max-in-flight: 4,", handler: slow),
            ])
            try await stage.waitForHandled(5, by: "billing", ackpipe)
            try await stage.waitForHandled(5, by: "audit", ackpipe)
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit(within: 60) == 0, "\(ackpipe.logTail)")
            for name in ["billing", "audit"] {
                let handled = stage.journal(name).offsets()
                #expect(stage.journal(name).distinctCount() < 400, "\(name) was not drained but finished")
                let committed = try await stage.cluster.committed(name, "t")
                for partition in 0..<2 {
                    let count = Int64(handled[partition]?.count ?? 0)
                    #expect((committed[partition] ?? 0) == count, "\(name) [\(partition)]: \(ackpipe.logTail)")
                }
            }
            try await stage.marked.requireNone()
        }
    }

    @Test("A second signal ends every service at once", .timeLimit(.minutes(30)))
    func hurriesAll() async throws {
        try await Slots.shared.run {
            let stage = try await ServicesStage(each: 5)
            let stuck = try stage.scratch.python("stuck.py", "serve(lambda record: time.sleep(1000))")
            let ackpipe = try stage.run(
                [.init(name: "billing", handler: stuck), .init(name: "audit", handler: stuck)],
                shared: "drain-timeout: 5m\n")
            try await stage.waitForHandled(1, by: "billing", ackpipe)
            try await stage.waitForHandled(1, by: "audit", ackpipe)
            ackpipe.signal(SIGTERM)
            try await eventually("both services are told to stop", seen: { ackpipe.logTail }) {
                ackpipe.log.components(separatedBy: " stopping ").count == 3 ? () : nil
            }
            #expect(ackpipe.isRunning)
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit(within: 60) == 75, "\(ackpipe.logTail)")
            #expect(ackpipe.log.components(separatedBy: "service failed").count == 3, "\(ackpipe.logTail)")
            try await stage.marked.requireNone()
        }
    }

    @Test("A handler of one service that is killed does not touch the other", .timeLimit(.minutes(30)))
    func killedHandler() async throws {
        try await Slots.shared.run {
            let stage = try await ServicesStage(each: 100)
            // Slow until the kills are over, so that there is always a record left to be handled.
            let kills = try stage.scratch.write("kills", "")
            let slow = try stage.scratch.python(
                "slow.py",
                """
                serve(lambda record: time.sleep(0.1 if os.path.exists(os.environ["FOLDER"] + "/kills") else 0))
                """)
            let ackpipe = try stage.run(
                [.init(name: "victim", handler: slow), .init(name: "other", handler: slow)],
                shared: "exit-at-end: true\n")
            try await stage.waitForHandled(5, by: "victim", ackpipe)
            for _ in 0..<3 {
                let before = stage.journal("victim").entries().count
                let pid = try #require(stage.journal("victim").entries().last?.pid)
                kill(Int32(pid), SIGKILL)
                try await eventually("the victim's next process handles records", seen: { ackpipe.logTail }) {
                    let later = stage.journal("victim").entries().dropFirst(before)
                    return later.contains { $0.pid != pid } ? () : nil
                }
            }
            try FileManager.default.removeItem(atPath: kills)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(Set(stage.journal("victim").entries().map(\.pid)).count == 4, "\(ackpipe.logTail)")
            #expect(stage.journal("victim").distinctCount() == 200)
            let others = stage.journal("other").entries()
            #expect(Set(others.map(\.pid)).count == 1, "the other service's handler was replaced: \(ackpipe.logTail)")
            #expect(others.count == 200 && !others.contains { $0.redelivered }, "\(ackpipe.logTail)")
            for name in ["victim", "other"] { #expect(try await stage.cluster.committed(name, "t") == [100, 100]) }
        }
    }

    @Test("kill -9 of the daemon leaves no handler of any service", .timeLimit(.minutes(30)))
    func killedDaemon() async throws {
        try await Slots.shared.run {
            let stage = try await ServicesStage(each: 5)
            let stuck = try stage.scratch.python("stuck.py", "serve(lambda record: time.sleep(1000))")
            let ackpipe = try stage.run([
                .init(name: "billing", keys: "workers: 2, max-in-flight: 1,", handler: stuck),
                .init(name: "audit", handler: stuck),
            ])
            try await stage.waitForHandled(2, by: "billing", ackpipe)
            try await stage.waitForHandled(1, by: "audit", ackpipe)
            #expect(stage.marked.handlers().count == 3, "\(stage.marked.alive())")
            ackpipe.signal(SIGKILL)
            try await stage.marked.requireNone()
        }
    }
}
