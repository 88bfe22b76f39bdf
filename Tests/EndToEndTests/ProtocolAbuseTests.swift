import Foundation
import Testing

/// Handlers that break the protocol in their first life and behave in the next: the log names what they did, the worker is
/// replaced, and every record is handled and committed.
@Suite("Protocol abuse") struct ProtocolAbuseTests {
    struct Abuse: Sendable, CustomTestStringConvertible {
        var name: String
        /// Run in the first life, in Python, with trouble.py.
        var deed: String
        var options: [String] = []
        /// All of these are in the log.
        var texts: [String]
        /// The first record was in the handler's hands and is delivered again, with one attempt charged.
        var redelivers = true
        var testDescription: String { name }
    }

    static let beforeReady: [Abuse] = [
        Abuse(
            name: "a banner on stdout", deed: "raw(b'Welcome to the handler 2.0\\n'); hang()",
            texts: [
                "rule=F2", "is text, not a frame's length", "Point descriptor 1 at descriptor 2", "--protocol-fd 3",
                "Welcome to the handler 2.0",
            ], redelivers: false),
        Abuse(
            name: "a banner in place of a line", deed: "raw(b'Welcome to the handler\\n'); hang()",
            options: ["--framing", "lines"],
            texts: ["rule=J1", "the frame is not JSON", "Welcome to the handler"], redelivers: false),
        Abuse(
            name: "a frame before ready", deed: "receive(); send({'type': 'ack', 'id': 1}); hang()",
            texts: ["rule=H2", "before \\\"ready\\\""], redelivers: false),
        Abuse(
            name: "ready that never comes", deed: "receive(); hang()", options: ["--start-timeout", "5s"],
            texts: ["--start-timeout", "ready"], redelivers: false),
        Abuse(
            name: "an exit with 0 at once", deed: "sys.exit(0)",
            texts: ["worker is replaced", "handler process ended", "exited with code 0"], redelivers: false),
        Abuse(
            name: "an exit with 3 and a last word", deed: "print('no database', file=sys.stderr); sys.exit(3)",
            texts: ["worker is replaced", "exited with code 3", "last.stderr=\"no database\""], redelivers: false),
        Abuse(
            name: "init_error", deed: "receive(); send({'type': 'init_error', 'error': 'my database is down'})",
            texts: ["handler cannot start (init_error)", "my database is down", "restart.after.ms"], redelivers: false),
        Abuse(
            name: "init_error that is not followed by an exit",
            deed: "receive(); send({'type': 'init_error', 'error': 'my database is down'}); receive()",
            texts: ["my database is down"], redelivers: false),
        Abuse(
            name: "a death by a signal", deed: "receive(); os.kill(os.getpid(), 11)",
            texts: ["worker is replaced", "killed by SIGSEGV"], redelivers: false),
    ]

    static let frames: [Abuse] = [
        Abuse(
            name: "half a frame, and an exit",
            deed: "begin(); delivery(); raw(b'\\0\\0\\0\\x64{\"type\":\"ack\",\"id\":1'); sys.exit(0)",
            texts: ["the handler left an unfinished frame", "20 of 100 bytes"]),
        Abuse(
            name: "half a frame, and silence",
            deed: "begin(); delivery(); raw(b'\\0\\0\\0\\x64{\"type\":\"ack\",\"id\":1'); hang()",
            options: ["--frame-timeout", "400ms"],
            texts: ["rule=F7", "not completed within 4", "20 of 100 bytes", "flush"]),
        Abuse(
            name: "a length of 4 GB", deed: "begin(); delivery(); raw(b'\\xff\\xff\\xff\\xff'); hang()",
            texts: ["rule=F2", "4294967295", "above the limit"]),
        Abuse(
            name: "a length of 0", deed: "begin(); delivery(); raw(bytes(4)); hang()",
            texts: ["rule=F2", "a frame's length is 0"]),
        Abuse(
            name: "a little-endian length",
            deed: "begin(); delivery(); raw(b'\\x16\\0\\0\\0{\"type\":\"ack\",\"id\":1}'); hang()",
            texts: ["rule=F2", "must be big-endian"]),
        Abuse(
            name: "a length over --max-frame-bytes",
            deed: "begin(); delivery(); raw(b'\\0\\x01\\0\\0{'); hang()", options: ["--max-frame-bytes", "4KiB"],
            texts: ["rule=F2", "65536", "above the limit of 4096", "--max-frame-bytes"]),
        Abuse(
            name: "JSON that does not parse", deed: "begin(); delivery(); body(b'{\"type\":\"ack\",\"id\":}'); hang()",
            texts: ["rule=J1", "\\\"type\\\":\\\"ack\\\",\\\"id\\\":}"]),
        Abuse(
            name: "an array", deed: "begin(); delivery(); body(b'[1]'); hang()",
            texts: ["rule=J1", "an object is needed"]),
        Abuse(
            name: "a BOM", deed: "begin(); delivery(); raw(b'\\xef\\xbb\\xbf'); hang()",
            texts: ["rule=F2", "byte order mark"]),
        Abuse(
            name: "UTF-16",
            deed: "begin(); delivery(); body('{\"type\":\"ack\",\"id\":1}'.encode('utf-16-le')); hang()",
            texts: ["rule=J1"]),
        Abuse(
            name: "a frame nested 100,000 deep",
            deed: "begin(); delivery(); body(b'{\"type\":\"log\",\"x_\":' + b'[' * 100000); hang()",
            texts: ["rule=J3"]),
    ]

    static let verdicts: [Abuse] = [
        Abuse(
            name: "an unknown type", deed: "f = begin() and delivery(); send({'type': 'akc', 'id': f['id']}); hang()",
            texts: ["rule=J4", "unknown type \\\"akc\\\"", "\\\"ack\\\""]),
        Abuse(
            name: "an id that was never issued", deed: "begin(); delivery(); send({'type': 'ack', 'id': 4711}); hang()",
            texts: ["rule=V3", "4711 was never issued"]),
        Abuse(
            name: "a typing mistake in ack",
            deed: "begin(); f = delivery(); ack(f, porduce=[]); hang()",
            texts: ["rule=J6", "porduce", "produce"]),
        Abuse(
            name: "two selectors in ack", deed: "begin(); f = delivery(); ack(f, ids=[f['id']]); hang()",
            texts: ["rule=V4"]),
        Abuse(
            name: "an id that is a string", deed: "begin(); f = delivery(); send({'type': 'ack', 'id': '1'}); hang()",
            texts: ["rule=J9", "an integer is needed"]),
        Abuse(
            name: "a member twice",
            deed: "begin(); f = delivery(); body(b'{\"type\":\"ack\",\"id\":1,\"id\":1}'); hang()",
            texts: ["rule=J2", "id"]),
        Abuse(
            name: "result for a message",
            deed: "begin(); f = delivery(); send({'type': 'result', 'id': f['id'], 'failed': []}); hang()",
            texts: ["rule=V6", "answer with ack or nack"]),
        Abuse(
            name: "ready twice",
            deed: "begin(); delivery(); send({'type': 'ready', 'protocol': 1, 'name': 'n'}); hang()",
            texts: ["rule=H3", "second \\\"ready\\\""]),
        Abuse(
            name: "a verdict without the session that was chosen",
            deed: "h = receive(); send({'type': 'ready', 'protocol': 1, 'name': 'n', 'session': h['session']}); "
                + "ack(delivery()); hang()",
            texts: ["rule=H7", "session"]),
        Abuse(
            name: "an unknown action",
            deed: "begin(); f = delivery(); send({'type': 'nack', 'id': f['id'], 'action': 'drop'}); hang()",
            texts: ["rule=J14", "drop"]),
    ]

    static let ends: [Abuse] = [
        Abuse(
            name: "a closed stdout of a process that lives on",
            deed: "begin(); delivery(); target.close(); os.close(1); hang()",
            texts: ["worker is replaced", "cause=\"stdout closed\""]),
        Abuse(
            name: "a closed stdin of a process that lives on, before its first delivery",
            deed: "h = receive(); os.close(0); send({'type': 'ready', 'protocol': 1, 'name': 'n'}); hang()",
            texts: ["worker is replaced", "cause=\"stdin closed\""], redelivers: false),
        Abuse(
            name: "both pipes closed by a process that lives on",
            deed: "begin(); delivery(); os.close(0); target.close(); os.close(1); hang()",
            texts: ["worker is replaced"]),
        Abuse(
            name: "an exit with a delivery in hand", deed: "begin(); delivery(); sys.exit(1)",
            texts: ["worker is replaced", "exited with code 1"]),
    ]

    @Test("Before ready", .timeLimit(.minutes(30)), arguments: beforeReady)
    func survivesBeforeReady(_ abuse: Abuse) async throws { try await check(abuse) }

    @Test("Broken frames", .timeLimit(.minutes(30)), arguments: frames)
    func survivesFrames(_ abuse: Abuse) async throws { try await check(abuse) }

    @Test("Broken verdicts", .timeLimit(.minutes(30)), arguments: verdicts)
    func survivesVerdicts(_ abuse: Abuse) async throws { try await check(abuse) }

    @Test("Ends without a verdict", .timeLimit(.minutes(30)), arguments: ends)
    func survivesEnds(_ abuse: Abuse) async throws { try await check(abuse) }

    private func check(_ abuse: Abuse) async throws {
        try await Slots.shared.run {
            let run = try await TroubleRun(records: 3)
            let handler = "if life() == 1:\n    \(abuse.deed)\ngood()\n"
            let ackpipe = try run.start(["--exit-at-end"] + abuse.options, handler: handler)
            let code = try await ackpipe.waitForExit()
            #expect(code == 0, "\(ackpipe.logTail)")
            for text in abuse.texts {
                #expect(ackpipe.log.contains(text), "'\(text)' is not in: \(ackpipe.logTail)")
            }
            #expect(run.lives == 2, "the worker is replaced once: \(ackpipe.logTail)")
            let entries = run.journal.entries()
            #expect(entries.map(\.offset) == (abuse.redelivers ? [0] : []) + [0, 1, 2], "\(ackpipe.logTail)")
            if abuse.redelivers, entries.count > 1 {
                #expect(entries[1].attempt == 2 && entries[1].redelivered, "\(entries)")
            }
            #expect(try await run.committed() == 3)
        }
    }
}
