import Foundation
import Testing

/// `ackpipe replay FILE -- COMMAND`, seen from outside.
@Suite("Replay") struct ReplayTests {
    /// A handler whose verdicts the records' values name.
    static let handler = """
        def handle(record):
            value = record.get("value") or ""
            if value == "bad": return {"error": "no price"}
            if value == "reject": return {"action": "reject", "error": "never"}
            if value == "skip": return {"action": "skip"}
            if value == "once" and record.get("attempt", 1) == 1: return {"error": "try again", "delay_ms": 1}
            if value == "crash":
                print("Traceback: boom", file=sys.stderr)
                os._exit(3)
            if value == "125": os._exit(125)
            if value == "hang": time.sleep(600)
        serve(handle)
        """

    /// A line for each value, over two partitions of the topic `t`.
    private func lines(_ values: [String]) -> String {
        values.enumerated().map { index, value in
            "{\"topic\":\"t\",\"partition\":\(index % 2),\"key\":\"k\(index % 3)\",\"value\":\"\(value)\"}\n"
        }.joined()
    }

    private func replay(
        _ text: String, _ options: [String] = [], handler: String = ReplayTests.handler, in scratch: Scratch
    ) async throws -> (process: AckpipeProcess, code: Int32, summary: [String: Any]) {
        let file = try scratch.write("records.jsonl", text)
        let process = try AckpipeProcess(
            ["replay", file, "--format", "json"] + options + ["--"] + scratch.python("handler.py", handler),
            in: scratch,
            environment: ["JOURNAL": Journal(scratch).path])
        let code = try await process.waitForExit()
        let object = try? JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [String: Any]
        return (process, code, object ?? [:])
    }

    private func records(_ summary: [String: Any]) -> [String: Int] { summary["records"] as? [String: Int] ?? [:] }

    @Test(
        "Every record is handed over once, in order, in each mode and order; the exit code is 0",
        .timeLimit(.minutes(30)),
        arguments: [
            [], ["--mode", "batch"], ["--order", "key", "--workers", "2"], ["--order", "none", "--mode", "batch"],
            ["--framing", "lines", "--lane-window", "4"],
        ])
    func everyRecord(options: [String]) async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let (process, code, summary) = try await replay(
                lines((0..<200).map { "v\($0)" }), options, in: scratch)
            #expect(code == 0, "\(process.logTail)")
            #expect(records(summary)["read"] == 200 && records(summary)["acked"] == 200, "\(process.output)")
            let entries = Journal(scratch).entries()
            #expect(entries.count == 200 && !entries.contains(where: \.redelivered))
            for partition in 0..<2 {
                let offsets = entries.filter { $0.partition == partition }.map(\.offset)
                if options.contains("--order") {
                    #expect(offsets.sorted() == (0..<100).map { Int64($0) })
                } else {
                    #expect(offsets == (0..<100).map { Int64($0) })
                }
            }
        }
    }

    @Test(
        "Failures of each kind are listed with line, attempts and reason; the others are handled; the exit code is 1",
        .timeLimit(.minutes(30)), arguments: ["message", "batch"])
    func failures(mode: String) async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let text = lines(["ok", "bad", "ok", "reject", "skip", "ok", "crash", "ok"])
            let (process, code, summary) = try await replay(text, ["--mode", mode], in: scratch)
            #expect(code == 1, "\(process.logTail)")
            let records = records(summary)
            #expect(records["acked"] == 4 && records["skipped"] == 1 && records["failed"] == 3, "\(process.output)")
            let failures = (summary["failures"] as? [[String: Any]] ?? [])
                .sorted { ($0["line"] as? Int ?? 0) < ($1["line"] as? Int ?? 0) }
            try #require(failures.count == 3, "\(process.output)")
            #expect(failures.map { $0["line"] as? Int } == [2, 4, 7])
            #expect(
                failures.map { $0["offset"] as? Int } == [0, 1, 3]
                    && failures.map { $0["partition"] as? Int } == [1, 1, 0])
            #expect(failures.map { $0["attempts"] as? Int } == [1, 1, 1])
            let reasons = failures.map { $0["reason"] as? String ?? "" }
            #expect(reasons[0] == "no price" && reasons[1] == "rejected: never")
            #expect(reasons[2].contains("exited with code 3") && reasons[2].contains("Traceback: boom"))
            let ends = summary["worker_failures"] as? [String: Int]
            #expect((ends?["exited"] ?? 0) >= 1, "\(process.output)")
        }
    }

    @Test(
        "With more attempts a record that fails once is handled; one that always fails is tried so often",
        .timeLimit(.minutes(30)))
    func attempts() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let (process, code, summary) = try await replay(
                lines(["once", "bad"]), ["--max-attempts", "3", "--retry-backoff", "1ms..2ms"], in: scratch)
            #expect(code == 1, "\(process.logTail)")
            #expect(records(summary)["acked"] == 1 && records(summary)["redelivered"] == 3, "\(process.output)")
            let verdicts = summary["verdicts"] as? [String: Int]
            #expect(verdicts?["retry"] == 4 && verdicts?["ack"] == 1, "\(process.output)")
            let failures = summary["failures"] as? [[String: Any]]
            #expect(failures?.first?["attempts"] as? Int == 3)
        }
    }

    @Test(
        "With --on-exhausted stop the first failure ends the replay with 65, and stands in the summary",
        .timeLimit(.minutes(30)))
    func stop() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let (process, code, summary) = try await replay(
                lines(["ok", "ok", "ok", "bad"] + (0..<40).map { "v\($0)" }),
                ["--on-exhausted", "stop", "--max-in-flight", "1"], in: scratch)
            #expect(code == 65, "\(process.logTail)")
            let failures = summary["failures"] as? [[String: Any]]
            #expect(failures?.count == 1 && failures?.first?["line"] as? Int == 4, "\(process.output)")
            #expect((records(summary)["not_done"] ?? 0) > 0)
        }
    }

    @Test("A delivery without a verdict in time is told, and the worker replaced", .timeLimit(.minutes(30)))
    func timeOut() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let (process, code, summary) = try await replay(
                lines(["hang", "ok", "ok"]), ["--ack-timeout", "2s", "--cancel-grace", "100ms"], in: scratch)
            #expect(code == 1, "\(process.logTail)")
            #expect(summary["timeouts"] as? Int ?? 0 >= 1, "\(process.output)")
            #expect(records(summary)["failed"] == 1 && records(summary)["acked"] == 2, "\(process.output)")
        }
    }

    @Test(
        "A bad line ends the replay with 65, its place and the summary of what came before it", .timeLimit(.minutes(30))
    )
    func badLine() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let text = lines(["ok", "ok"]) + "{\"topic\":\"t\",\"vlue\":\"x\"}\n" + lines(["ok"])
            let (process, code, summary) = try await replay(text, in: scratch)
            #expect(code == 65, "\(process.logTail)")
            #expect(records(summary)["acked"] == 2 && summary["complete"] as? Bool == false, "\(process.output)")
            #expect((summary["fault"] as? String)?.contains("records.jsonl:3:") == true)
            #expect(process.log.contains("records.jsonl:3:") && process.log.contains("\"value\""), "\(process.logTail)")
        }
    }

    @Test(
        "An empty file is done at once, with 0; files, commands and options that are wrong have their codes",
        .timeLimit(.minutes(30)))
    func edges() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let (process, code, summary) = try await replay("", in: scratch)
            #expect(code == 0 && records(summary)["read"] == 0, "\(process.logTail)")
            let file = try scratch.write("one", lines(["ok"]))
            for (arguments, expected, text) in [
                (["replay", "/nowhere", "--", "cat"], Int32(65), "/nowhere: cannot be opened"),
                (["replay", file, "--", "no-such-command-here"], 127, "no-such-command-here"),
                (["replay", file, "-b", "x", "--", "cat"], 64, "-b: unknown option"),
                (["replay", "--", "cat"], 64, "no file is named"),
            ] {
                let process = try AckpipeProcess(arguments, in: scratch)
                #expect(try await process.waitForExit() == expected, "\(process.logTail)")
                #expect(process.log.contains(text), "\(process.logTail)")
            }
            let (permanent, last, _) = try await replay(lines(["125", "ok"]), in: scratch)
            #expect(last == 125, "\(permanent.logTail)")
        }
    }

    @Test("A filter, a limit and the table for people", .timeLimit(.minutes(30)))
    func table() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let file = try scratch.write("records.jsonl", lines(["ok", "bad", "ok", "ok", "ok"]))
            let process = try AckpipeProcess(
                ["replay", file, "--filter", "partition == 1", "--limit", "4", "--"]
                    + scratch.python("handler.py", ReplayTests.handler), in: scratch)
            #expect(try await process.waitForExit() == 1, "\(process.logTail)")
            #expect(
                process.output.contains("records      acked 1   skipped 0   failed 1   filtered 2\n"),
                "\(process.output)")
            #expect(
                process.output.contains("  t              1       0     2         1  no price\n"), "\(process.output)")
            #expect(process.output.contains("latency      p50 "))
        }
    }

    @Test("A signal ends it with what is done in the summary, and with 1", .timeLimit(.minutes(30)))
    func interrupted() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            // Opened for both, the FIFO never ends.
            let path = scratch.path("fifo")
            try #require(mkfifo(path, 0o600) == 0)
            let descriptor = open(path, O_RDWR)
            defer { close(descriptor) }
            let text = lines(["ok", "ok", "ok"])
            #expect(write(descriptor, text, text.utf8.count) == text.utf8.count)
            let journal = Journal(scratch)
            let process = try AckpipeProcess(
                ["replay", path, "--"] + scratch.python("handler.py", ReplayTests.handler), in: scratch,
                environment: ["JOURNAL": journal.path])
            try await eventually("three records are handled", seen: { process.logTail }) {
                journal.entries().count == 3 ? () : nil
            }
            // Nothing is there any more: it waits without turning.
            let more = lines(["ok"])
            #expect(write(descriptor, more, more.utf8.count) == more.utf8.count)
            try await eventually("the fourth is handled", seen: { process.logTail }) {
                journal.entries().count == 4 ? () : nil
            }
            process.signal(SIGTERM)
            #expect(try await process.waitForExit() == 1, "\(process.logTail)")
            #expect(process.output.contains("stopped before the end of the file"), "\(process.output)")
            #expect(process.output.contains("acked 4"), "\(process.output)")
        }
    }

    @Test("A file of 100,000 records takes no more memory than a small one", .timeLimit(.minutes(30)))
    func memory() async throws {
        try await Slots.shared.run(weight: 2) {
            let scratch = try Scratch()
            let value = String(repeating: "x", count: 900)
            var text = ""
            for number in 0..<1_000 { text += "{\"topic\":\"t\",\"partition\":\(number % 8),\"value\":\"\(value)\"}\n" }
            let path = try scratch.write("large.jsonl", "")
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            for _ in 0..<100 { try file.write(contentsOf: Data(text.utf8)) }
            try file.close()
            let process = try AckpipeProcess(
                ["replay", path, "--mode", "batch", "--format", "json", "--"]
                    + scratch.python("handler.py", "serve(lambda record: None)"), in: scratch)
            let probe = MemoryProbe(process)
            try await eventually("the replay ends", within: 900, seen: { process.logTail + probe.report }) {
                probe.look()
                return process.isRunning ? nil : ()
            }
            #expect(try await process.waitForExit() == 0, "\(process.logTail)")
            #expect(process.output.contains("\"acked\":100000"), "\(process.output)")
            #expect(probe.peak > 0 && probe.peak < 60 << 20, "\(probe.report)")
        }
    }

    @Test("The settings of a service's file hold for its replay", .timeLimit(.minutes(30)))
    func configuration() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let handler = try scratch.python("handler.py", ReplayTests.handler)
            let words = handler.map { "\"\($0)\"" }.joined(separator: ", ")
            let config = try scratch.write(
                "c.yaml",
                """
                brokers: nowhere:9092
                topics: [orders]
                group: billing
                mode: batch
                dead-letter-topic: orders.dlq
                properties: {sasl.password: "@/run/secrets/nowhere"}
                command: [\(words)]
                """)
            let file = try scratch.write("records.jsonl", lines(["ok", "reject", "ok"]))
            let process = try AckpipeProcess(["replay", file, "--config", config, "--format", "json"], in: scratch)
            #expect(try await process.waitForExit() == 1, "\(process.logTail)")
            #expect(
                process.output.contains("\"acked\":2") && process.output.contains("rejected: never"),
                "\(process.output)")
            #expect(process.output.contains("\"deliveries\":2") || process.output.contains("\"deliveries\":3"))
        }
    }
}
