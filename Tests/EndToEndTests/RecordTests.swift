import Foundation
import Kafka
import Testing

/// `ackpipe run --record FILE`, and what `replay` makes of the file.
@Suite("Record") struct RecordTests {
    /// Writes the record members of each message down, byte for byte; what belongs to the delivery is left out.
    private static let witness = """
        while (frame := receive()) is not None:
            if frame["type"] == "hello":
                send({"type": "ready", "protocol": 1, "name": "witness"})
            elif frame["type"] == "message":
                identifier = frame.pop("id")
                for member in ("type", "attempt", "redelivered"): frame.pop(member, None)
                with open(os.environ["FOLDER"] + "/" + os.environ["NOTES"], "a") as notes:
                    notes.write(json.dumps(frame, ensure_ascii=True) + "\\n")
                send({"type": "ack", "id": identifier})
        """

    private static let binary: [UInt8] = [0x61, 0x00, 0xFF, 0x80, 0xC0, 0xAF, 0xED, 0xA0, 0x80]

    /// Keys, values and headers of every form.
    private func samples() -> [LoadRecord] {
        func record(
            _ key: [UInt8]?, _ value: [UInt8]?, _ headers: [(name: String, value: [UInt8]?)] = [],
            _ timestamp: Int64? = nil
        ) -> LoadRecord {
            LoadRecord(topic: "t", partition: 0, key: key, value: value, headers: headers, timestamp: timestamp)
        }
        return [
            record(nil, nil, [], 1_795_266_000_123), record([], []), record(Array("null".utf8), Array("null".utf8)),
            record(Self.binary, Self.binary),
            record(nil, Array("line\nfeed\r\u{0}\u{1F}\u{7F}\u{85}\u{2028}\u{2029}\"\\/ é 語 🎈".utf8), [], 1),
            record(Array("big".utf8), Array(String(repeating: "megabyte é\n", count: 87_000).utf8)),
            record(
                nil, Array("{\"a\" : [1.10, 1e400]}".utf8),
                [
                    (name: "same", value: [1]), (name: "same", value: nil), (name: "same", value: []),
                    (name: "", value: Array("nameless".utf8)), (name: "binary", value: Self.binary),
                ]),
        ]
    }

    private func stage() async throws -> Stage {
        let stage = try Stage(partitions: 1)
        try await stage.cluster.write { write in for record in samples() { try write(record) } }
        return stage
    }

    private func run(_ stage: Stage, _ options: [String], notes: String) throws -> AckpipeProcess {
        let handler = try stage.scratch.python("witness.py", "os.environ[\"NOTES\"] = \"\(notes)\"\n" + Self.witness)
        return try stage.run(["--exit-at-end"] + options, handler)
    }

    @Test("What is recorded and replayed shows a handler the same records, byte for byte", .timeLimit(.minutes(30)))
    func roundTrip() async throws {
        try await Slots.shared.run {
            let stage = try await stage()
            let file = stage.scratch.path("recorded.jsonl")
            let run = try run(stage, ["--record", file], notes: "original")
            #expect(try await run.waitForExit() == 0, "\(run.logTail)")
            #expect(run.log.contains("recording ends"), "\(run.logTail)")
            #expect(stage.notes("original").count == samples().count)
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            for framing in ["length", "lines"] {
                let handler = try stage.scratch.python(
                    "again-\(framing).py", "os.environ[\"NOTES\"] = \"\(framing)\"\n" + Self.witness)
                let replay = try AckpipeProcess(
                    ["replay", file, "--framing", framing, "--"] + handler, in: stage.scratch,
                    environment: ["FOLDER": stage.scratch.folder.path])
                #expect(try await replay.waitForExit() == 0, "\(replay.logTail)")
                #expect(stage.notes(framing) == stage.notes("original"), "\(framing)")
            }
        }
    }

    @Test(
        "What kcat -J prints of a topic is replayed, keys, headers and offsets included",
        .enabled(if: BrokerLoadTests.kcat != nil),
        .timeLimit(.minutes(30)))
    func kcat() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.write { write in
                for number in 0..<20 {
                    try write(
                        LoadRecord(
                            topic: "t", partition: 0, key: number % 3 == 0 ? nil : Array("k\(number)".utf8),
                            value: number == 7 ? nil : Array("größe \(number)\n".utf8),
                            headers: [("a", Array("1".utf8)), ("a", nil)], timestamp: 1_795_266_000_000 + Int64(number))
                    )
                }
            }
            let run = try run(stage, [], notes: "original")
            #expect(try await run.waitForExit() == 0, "\(run.logTail)")
            let address = stage.cluster.address
            let (printed, code) = try await Tool("kcat").run(
                address + ["-C", "-t", stage.topic, "-o", "beginning", "-e", "-q", "-J"])
            #expect(code == 0)
            let file = try stage.scratch.write("kcat.jsonl", printed)
            let handler = try stage.scratch.python("again.py", "os.environ[\"NOTES\"] = \"again\"\n" + Self.witness)
            let replay = try AckpipeProcess(
                ["replay", file, "--"] + handler, in: stage.scratch, environment: ["FOLDER": stage.scratch.folder.path])
            #expect(try await replay.waitForExit() == 0, "\(replay.logTail)")
            #expect(stage.notes("original").count == 20 && stage.notes("again") == stage.notes("original"))
        }
    }

    @Test(
        "Only what passes the filter is recorded, each record once, also where it is delivered again; a second run appends",
        .timeLimit(.minutes(30)))
    func once() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 40)
            let file = stage.scratch.path("recorded.jsonl")
            let handler = try stage.scratch.python(
                "retry.py",
                """
                def handle(record):
                    if record["offset"] % 5 == 0 and record.get("attempt", 1) == 1: return {"delay_ms": 1}
                serve(handle)
                """)
            for round in 1...2 {
                let run = try stage.run(
                    [
                        "--exit-at-end", "--filter", "offset not in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)", "--record", file,
                        "--retry-backoff", "1ms..2ms",
                        "--max-messages", "20",
                    ], handler)
                #expect(try await run.waitForExit() == 0, "\(run.logTail)")
                let offsets = try lines(file).map { $0["offset"] as? Int }
                #expect(offsets == (round == 1 ? Array(10..<30) : Array(10..<40)), "\(run.logTail)")
            }
        }
    }

    private func lines(_ file: String) throws -> [[String: Any]] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test("A sample is a part of the records, the same in each run", .timeLimit(.minutes(30)))
    func sample() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 1_000)
            var samples: [[Int?]] = []
            for number in 0..<2 {
                let file = stage.scratch.path("sample-\(number)")
                let run = try AckpipeProcess(
                    ["run"] + stage.cluster.address + [
                        "--assign", "\(stage.topic):0@0", "--exit-at-end", "--record", file, "--record-sample", "1/10",
                        "--",
                    ] + stage.scratch.python("ack.py", "serve(lambda record: None)"), in: stage.scratch)
                #expect(try await run.waitForExit() == 0, "\(run.logTail)")
                samples.append(try lines(file).map { $0["offset"] as? Int })
            }
            #expect(samples[0] == samples[1] && (40...170).contains(samples[0].count), "\(samples[0].count)")
        }
    }

    @Test(
        "At its bound, or on a full disk, the recording stops with a line of the log, and the delivery goes on",
        .timeLimit(.minutes(30)))
    func ends() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            try await stage.cluster.fill("t", partitions: 1, each: 500)
            let file = stage.scratch.path("bounded.jsonl")
            let handler = try stage.scratch.python("ack.py", "serve(lambda record: None)")
            let run = try stage.run(["--exit-at-end", "--record", file, "--record-max-bytes", "4KiB"], handler)
            #expect(try await run.waitForExit() == 0, "\(run.logTail)")
            #expect(run.log.contains("recording stops") && run.log.contains("--record-max-bytes"), "\(run.logTail)")
            #expect(stage.journal.distinctCount() == 500)
            let count = try lines(file).count
            #expect(count > 10 && count < 100)

            // RLIMIT_FSIZE is a disk that is full: a write beyond it fails with EFBIG, where SIGXFSZ is ignored.
            let small = stage.scratch.path("full.jsonl")
            let shell = try AckpipeShell.limited(
                ["run"] + stage.cluster.address + [
                    "--assign", "\(stage.topic):0@0", "--exit-at-end", "--record", small, "--",
                ] + handler, in: stage.scratch)
            #expect(shell.code == 0, "\(shell.output)")
            #expect(
                shell.output.contains("recording stops") && shell.output.contains("cannot be written"),
                "\(shell.output)")
            #expect(shell.output.contains("records.settled=500"), "\(shell.output)")
            #expect(try lines(small).count > 0)
        }
    }

    @Test("A file that cannot be recorded into is refused at the start", .timeLimit(.minutes(30)))
    func refused() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1)
            for path in ["/dev/null", stage.scratch.path("no/such/folder")] {
                let run = try stage.run(
                    ["--record", path], stage.scratch.python("ack.py", "serve(lambda record: None)"))
                #expect(try await run.waitForExit() == 78, "\(run.logTail)")
                #expect(run.log.contains("--record \(path)"), "\(run.logTail)")
            }
        }
    }
}

/// The program under a shell that limits the size of files.
enum AckpipeShell {
    static func limited(_ arguments: [String], in scratch: Scratch) throws -> (output: String, code: Int32) {
        let script = try scratch.write(
            "limited.sh", "trap '' XFSZ\nulimit -f 8\nexec \"$@\" 2>&1 | cat > /dev/stdout\nexit ${PIPESTATUS[0]}\n")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [script, AckpipeProcess.binary] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ACKPIPE_") }
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (text, process.terminationStatus)
    }
}
