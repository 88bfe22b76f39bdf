import Foundation
import Testing

/// Handlers that take nothing, or give too much; and what of the daemon reaches them.
@Suite("Protocol, pressure and surroundings") struct ProtocolAbuseLoadTests {
    @Test(
        "A handler that never reads costs no more than the windows, and its records come again",
        .timeLimit(.minutes(30))
    )
    func neverReads() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 0)
            try await run.cluster.fill("t", partitions: 1, each: 4_000, size: 1_024)
            try await run.cluster.requireWholeLog("t")
            let ackpipe = try run.start(
                ["--order", "none", "--max-in-flight", "10000", "--drain-timeout", "2s"],
                handler: "send({'type': 'ready', 'protocol': 1, 'name': 'deaf'}); hang()")
            try await ackpipe.waitForLog("first delivery written")
            var peak = 0
            let end = ContinuousClock.now + .seconds(2)
            try await eventually("two seconds of it", seen: { ackpipe.logTail }) {
                peak = max(peak, ackpipe.residentBytes ?? 0)
                return ContinuousClock.now > end || !ackpipe.isRunning ? () : nil
            }
            print("a handler that never reads: \(peak >> 20) MiB resident")
            #expect(peak < 200 << 20)
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit(within: 15) == 75, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("had no verdict when the drain ended"), "\(ackpipe.logTail)")
            #expect(try await run.committed() == nil)
            let second = try run.start(["--exit-at-end", "--mode", "batch"], handler: "good()")
            #expect(try await second.waitForExit() == 0, "\(second.logTail)")
            #expect(run.journal.distinctCount() == 4_000)
        }
    }

    @Test("A handler that writes more than it reads cannot stop the daemon from writing", .timeLimit(.minutes(30)))
    func bothPipesFull() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 0)
            try await run.cluster.fill("t", partitions: 1, each: 300, size: 10_000)
            let ackpipe = try run.start(
                ["--exit-at-end", "--order", "none", "--max-in-flight", "300"],
                handler: """
                    begin()
                    for _ in range(100):
                        send({"type": "log", "level": "debug", "message": "m" * 10000})
                    rest()
                    """)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(run.journal.distinctCount() == 300)
        }
    }

    @Test("A flood on stderr is cut to a bounded rate, told, and holds nothing up", .timeLimit(.minutes(30)))
    func stderrFlood() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 30)
            let started = ContinuousClock.now
            let ackpipe = try run.start(
                handler: """
                    import threading
                    def flood():
                        line = b"x" * 99 + b"\\n"
                        while True:
                            os.write(2, line * 500)
                            time.sleep(0.05)
                    threading.Thread(target=flood, daemon=True).start()
                    life()
                    serve(lambda record: time.sleep(0.1))
                    """)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let seconds = Double((ContinuousClock.now - started).components.seconds + 1)
            let lines = ackpipe.log.split(separator: "\n").count
            print("1 MB/s on stderr: \(lines) lines of log in \(seconds) s")
            #expect(Double(lines) < 2_200 + 1_200 * seconds, "1,000 lines a second, and 2,000 at once")
            #expect(ackpipe.log.contains("lines were dropped"), "\(ackpipe.logTail)")
            #expect(run.lives == 1)
            #expect(try await run.committed() == 30)
        }
    }

    @Test("A line without end on stderr is cut, and never waits for the handler", .timeLimit(.minutes(30)))
    func endlessLine() async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            let ackpipe = try run.start(
                handler: """
                    os.write(2, b"y" * 3_000_000)
                    os.write(2, b"\\x1b[31mred\\0\\xff\\n")
                    good()
                    """)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let longest = ackpipe.log.split(separator: "\n").map(\.utf8.count).max() ?? 0
            #expect(longest > 16_000 && longest < 20_000, "\(longest)")
            #expect(!ackpipe.log.utf8.contains(0x1B) && !ackpipe.log.utf8.contains(0), "control characters are escaped")
        }
    }

    @Test(
        "A handler gets no setting, secret or descriptor of the daemon", .timeLimit(.minutes(30)),
        arguments: [[], ["--protocol-fd", "3"], ["--framing", "lines"]])
    func surroundings(options: [String]) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun()
            try run.scratch.write("secret", "open-sesame\n")
            let script = """
                import json, os, signal, sys
                fds = sorted(int(f) for f in os.listdir("/proc/self/fd"))
                fds = [f for f in fds if os.path.exists("/proc/self/fd/%d" % f)]
                flags = open("/proc/self/status").read().split("\\n")
                masks = {l.split(":")[0]: int(l.split()[1], 16) for l in flags if l.startswith(("SigBlk", "SigIgn"))}
                notes = dict(env=dict(os.environ), fds=fds, masks=masks, group=os.getpgrp() == os.getpid(),
                             blocking=[os.get_blocking(f) for f in fds if f < 5])
                open(os.environ["NOTES"], "w").write(json.dumps(notes) + "\\n")
                if "ACKPIPE_PROTOCOL_FDS" in os.environ: os.dup2(3, 0); print("banner", flush=True); os.dup2(4, 1)
                sys.argv = sys.argv[1:]
                exec(compile(open(sys.argv[0]).read(), sys.argv[0], "exec"))
                """
            let look = try run.scratch.write("look.py", script)
            let good = try run.scratch.python("good.py", "from trouble import *\ngood()\n")
            let ackpipe = try run.start(
                ["--exit-at-end"] + options,
                environment: [
                    "ACKPIPE_ACK_TIMEOUT": "1m", "NOTES": run.journal.path + ".notes",
                    "ACKPIPE_PROPERTIES": "sasl.password=@\(run.scratch.path("secret")),sasl.username=me",
                ], command: ["python3", look] + good.dropFirst())
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let notes = try #require(run.notes.first as? [String: Any], "\(ackpipe.logTail)")
            let variables = try #require(notes["env"] as? [String: String])
            let ours = variables.filter { $0.key.hasPrefix("ACKPIPE_") }
            let byDescriptor = options.first == "--protocol-fd"
            var wanted = ["ACKPIPE_FRAMING": options.last == "lines" ? "lines" : "length"]
            if byDescriptor { wanted["ACKPIPE_PROTOCOL_FDS"] = "3,4" }
            #expect(ours == wanted)
            #expect(!"\(variables)".contains("sesame"))
            #expect(notes["fds"] as? [Int] == (byDescriptor ? [0, 1, 2, 3, 4] : [0, 1, 2]))
            #expect((notes["blocking"] as? [Bool])?.allSatisfy { $0 } == true)
            #expect(notes["group"] as? Bool == true)
            let masks = try #require(notes["masks"] as? [String: Int])
            // Python itself ignores SIGPIPE (13) and SIGXFSZ (25).
            #expect(masks["SigBlk"] == 0 && (masks["SigIgn"] ?? 0) & ~(1 << 12 | 1 << 24) == 0, "\(masks)")
            if byDescriptor { #expect(ackpipe.log.contains("handler: banner"), "\(ackpipe.logTail)") }
            #expect(try await run.committed() == 3)
        }
    }
}
