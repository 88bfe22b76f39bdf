import Foundation
import Testing

/// What the protocol says about time, and ends that are told or refused: clocks, cancels, pauses, pings, restarts.
@Suite("Protocol, time and ends") struct ProtocolAbuseTimeTests {
    @Test(
        "A handler of another protocol version ends the service with 76, and is not tried again",
        .timeLimit(.minutes(30)))
    func wrongVersion() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            let ackpipe = try run.start(
                handler: "life(); receive(); send({'type': 'ready', 'protocol': 2, 'name': 'n'}); hang()")
            #expect(try await ackpipe.waitForExit() == 76, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("speaks version 2"), "\(ackpipe.logTail)")
            #expect(run.lives == 1 && run.journal.entries().isEmpty)
            #expect(try await run.committed() == nil)
        }
    }

    @Test("A handler that exits with 125 is not started again, and its service ends with 125", .timeLimit(.minutes(30)))
    func permanentFailure() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            let ackpipe = try run.start(
                handler: "life(); begin(); delivery(); print('licence expired', file=sys.stderr); sys.exit(125)")
            #expect(try await ackpipe.waitForExit() == 125, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("last.stderr=\"licence expired\""), "\(ackpipe.logTail)")
            #expect(run.lives == 1)
            #expect(try await run.committed() == nil)
        }
    }

    @Test(
        "A handler that fails at every start is started again after ever longer waits, and nothing is lost",
        .timeLimit(.minutes(30)),
        arguments: [
            "sys.exit(1)", "receive(); send({'type': 'init_error', 'error': 'not yet'}); sys.exit(0)",
            "begin(); delivery(); send({'type': 'ack', 'id': 999}); hang()", "raw(b'oops\\n'); hang()",
        ])
    func crashLoop(deed: String) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            let ackpipe = try run.start(
                ["--exit-at-end", "--retry-backoff", "10ms..20ms"],
                handler: "if life() <= 5:\n    \(deed)\ngood()")
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let waits = run.logged("restart.after.ms").compactMap { Int($0) }
            try #require(waits.count == 5, "\(ackpipe.logTail)")
            #expect(zip(waits, waits.dropFirst()).allSatisfy { $0 < $1 } && waits[4] > 1_000, "\(waits)")
            #expect(try await run.committed() == 3)
        }
    }

    @Test(
        "A handler that ignores the end of its input and SIGTERM is killed, and leaves nothing behind",
        .timeLimit(.minutes(30)))
    func ignoresTheEnd() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            let ackpipe = try run.start(
                ["--exit-at-end", "--drain-timeout", "3s"],
                handler: """
                    import signal
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    note(os.getpid())
                    good()
                    hang()
                    """)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            // By itself it would take the default of 20 s.
            #expect(try ackpipe.loggedSeconds(since: "start: first verdict") < 8, "\(ackpipe.logTail)")
            let pid = try #require(run.notes.first as? Int)
            #expect(kill(Int32(pid), 0) == -1 && errno == ESRCH, "\(ackpipe.logTail)")
            #expect(try await run.committed() == 3)
        }
    }

    @Test("A session that the handler chose is told by every frame and accepted", .timeLimit(.minutes(30)))
    func session() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            let ackpipe = try run.start(
                handler: """
                    life()
                    session = receive()["session"]
                    send({"type": "ready", "protocol": 1, "name": "n", "session": session})
                    while True:
                        ack(delivery(), session=session)
                    """)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(run.lives == 1)
            #expect(try await run.committed() == 3)
        }
    }

    @Test("Output in an ack is a failed delivery as long as there is no output", .timeLimit(.minutes(30)))
    func produce() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 1)
            let ackpipe = try run.start(
                ["--exit-at-end", "--retry-backoff", "10ms..20ms"],
                handler: """
                    life()
                    begin()
                    while True:
                        frame = delivery()
                        if frame["attempt"] < 3:
                            ack(frame, produce=[{"topic": "out", "value": "x"}])
                        else:
                            ack(frame)
                    """)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(run.journal.entries().map(\.attempt) == [1, 2, 3], "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("handler output needs --produce-topic"), "\(ackpipe.logTail)")
            #expect(run.lives == 1)
        }
    }

    @Test(
        "Nothing is delivered between pause and resume, or until a pause's time is over", .timeLimit(.minutes(30)),
        arguments: ["{'type': 'pause'}", "{'type': 'pause', 'ms': 2000}"])
    func pause(frame: String) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            let ackpipe = try run.start(
                handler: """
                    begin()
                    first = delivery()
                    send(\(frame))
                    ack(first)
                    note(quiet(0.5))
                    if "ms" not in \(frame): send({"type": "resume"})
                    rest()
                    """)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(run.notes as? [Bool] == [true], "\(ackpipe.logTail)")
            #expect(run.journal.entries().map(\.offset) == [0, 1, 2])
        }
    }

    @Test("A silent handler is asked for a sign of life; who answers stays", .timeLimit(.minutes(30)))
    func ping() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 0)
            let ackpipe = try run.start(
                ["--ping-interval", "1s"],
                handler: """
                    life()
                    begin(features=["ping"])
                    for _ in range(3):
                        frame = receive()
                        note(frame["type"])
                        send({"type": "pong", "nonce": frame["nonce"]})
                    while receive() is not None:
                        pass
                    """)
            try await eventually("three pings are answered", seen: { ackpipe.logTail }) {
                run.notes.count >= 3 ? () : nil
            }
            #expect(run.notes as? [String] == Array(repeating: "ping", count: 3))
            #expect(run.lives == 1)
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
        }
    }

    @Test("A handler that never answers a ping is replaced, and its record delivered again", .timeLimit(.minutes(30)))
    func noPong() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            let ackpipe = try run.start(
                ["--exit-at-end", "--ping-interval", "200ms"],
                handler: "if life() == 1:\n    begin(features=['ping']); delivery(); hang()\ngood()")
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("cause=\"no sign of life\""), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("--ping-interval"), "\(ackpipe.logTail)")
            #expect(run.journal.entries().map(\.offset) == [0, 0, 1, 2])
        }
    }

    @Test(
        "A handler that can cancel is told when its time is over, and its late verdict changes nothing",
        .timeLimit(.minutes(30)))
    func cancel() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 2)
            let ackpipe = try run.start(
                ["--exit-at-end", "--ack-timeout", "1500ms", "--retry-backoff", "10ms..20ms"],
                handler: """
                    life()
                    begin(features=["cancel"])
                    first = delivery()
                    frame = receive()
                    note([frame["type"], str(frame["ids"] == [first["id"]]), frame["reason"]])
                    note(quiet(0.3))
                    ack(first)
                    rest()
                    """)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            try #require(run.notes.count == 2, "\(ackpipe.logTail)")
            #expect(run.notes[0] as? [String] == ["cancel", "True", "timeout"])
            #expect(run.notes[1] as? Bool == true, "the lane stays closed until the handler has stopped")
            #expect(run.journal.entries().map(\.offset) == [0, 0, 1])
            #expect(run.journal.entries().map(\.attempt) == [1, 2, 1])
            #expect(ackpipe.log.contains("no verdict within --ack-timeout"), "\(ackpipe.logTail)")
            #expect(run.lives == 1)
        }
    }

    @Test(
        "A handler that cannot cancel, or does not, is replaced when its time is over", .timeLimit(.minutes(30)),
        arguments: [
            ("[]", "cause=\"ack timeout\"", "--ack-timeout"),
            ("['cancel']", "cause=\"cancel ignored\"", "--cancel-grace"),
        ])
    func ackTimeout(features: String, cause: String, hint: String) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 2)
            let ackpipe = try run.start(
                ["--exit-at-end", "--ack-timeout", "1500ms", "--cancel-grace", "300ms"],
                handler: "if life() == 1:\n    begin(features=\(features)); delivery(); hang()\ngood()")
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains(cause) && ackpipe.log.contains(hint), "\(ackpipe.logTail)")
            #expect(run.journal.entries().map(\.offset) == [0, 0, 1])
            #expect(run.journal.entries().map(\.attempt) == [1, 2, 1])
            #expect(run.lives == 2)
        }
    }

    @Test("extend moves the deadline, but not past --max-extend", .timeLimit(.minutes(30)))
    func extend() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 2)
            let ackpipe = try run.start(
                ["--exit-at-end", "--ack-timeout", "1500ms", "--max-extend", "4s"],
                handler: """
                    number = life()
                    begin()
                    first = delivery()
                    send({"type": "extend", "id": first["id"], "ms": 4000})
                    if first["offset"] == 0 and number == 1:
                        time.sleep(2.5)
                        ack(first)
                        second = delivery()
                        send({"type": "extend", "id": second["id"], "ms": 9007199254740991})
                        hang()
                    ack(first)
                    rest()
                    """)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(run.journal.entries().map(\.offset) == [0, 1, 1], "\(ackpipe.logTail)")
            #expect(run.lives == 2)
        }
    }

    @Test(
        "The clock runs for as many deliveries as the handler works on at once", .timeLimit(.minutes(30)),
        arguments: [1, 5])
    func concurrencyClock(concurrency: Int) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 5)
            let ackpipe = try run.start(
                ["--exit-at-end", "--order", "none", "--ack-timeout", "2s"],
                handler: """
                    number = life()
                    begin(concurrency=\(concurrency))
                    if number == 1:
                        for frame in [delivery() for _ in range(5)]:
                            time.sleep(0.8)
                            ack(frame)
                    rest()
                    """)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(run.lives == (concurrency == 1 ? 1 : 2), "\(ackpipe.logTail)")
            #expect(Set(run.journal.entries().map(\.offset)) == [0, 1, 2, 3, 4])
            #expect(try await run.committed() == 5)
        }
    }
}
