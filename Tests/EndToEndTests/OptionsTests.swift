import Foundation
import Testing

/// The same run by flags, by environment and by a YAML file; how the log and the protocol's channels may look.
@Suite struct OptionsTests {
    private let partitions = 2
    private let recordsEach = 50

    @Test("A service is described by environment variables as well as by flags", .timeLimit(.minutes(30)))
    func environment() async throws {
        try await Slots.shared.run {
            let stage = try await stage()
            let ackpipe = try AckpipeProcess(
                ["run", "--"] + Repository.handler("ack.py"), in: stage.scratch,
                environment: [
                    "JOURNAL": stage.journal.path, "ACKPIPE_BROKERS": stage.cluster.brokers,
                    "ACKPIPE_TOPIC": stage.cluster.topic,
                    "ACKPIPE_GROUP": stage.cluster.group, "ACKPIPE_EXIT_AT_END": "true", "ACKPIPE_MODE": "batch",
                    "ACKPIPE_BATCH_SIZE": "10", "ACKPIPE_PROPERTIES": "client.id=from-environment",
                ])
            try await requireWholeRun(ackpipe, stage)
            #expect(ackpipe.log.contains("mode=batch"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("client.id=from-environment"), "\(ackpipe.logTail)")
        }
    }

    @Test("A service is described by a YAML file, over which flags win", .timeLimit(.minutes(30)))
    func file() async throws {
        try await Slots.shared.run {
            let stage = try await stage()
            let handler = Repository.handler("ack.py")
            let file = try stage.scratch.write(
                "service.yaml",
                """
                brokers: \(stage.cluster.brokers)
                topics: [\(stage.cluster.topic)]
                group: overridden
                mode: batch
                batch-size: 10
                exit-at-end: true
                properties:
                  client.id: from-file
                command: ["\(handler[0])", "\(handler[1])"]

                """)
            let ackpipe = try AckpipeProcess(
                ["run", "--config", file, "-g", stage.cluster.group], in: stage.scratch,
                environment: ["JOURNAL": stage.journal.path])
            try await requireWholeRun(ackpipe, stage)
            #expect(ackpipe.log.contains("mode=batch"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("client.id=from-file"), "\(ackpipe.logTail)")
        }
    }

    @Test("With --log-format json each line of the log is an object", .timeLimit(.minutes(30)))
    func jsonLog() async throws {
        try await Slots.shared.run {
            let stage = try await stage()
            let handler = try stage.scratch.python(
                "talks.py", #"serve(lambda record: print('say "', record["offset"], "\\ \u0007", flush=True))"#)
            let ackpipe = try AckpipeProcess(
                ["run"] + stage.cluster.address
                    + [
                        "-t", stage.cluster.topic, "-g", stage.cluster.group, "--exit-at-end", "--log-format", "json",
                        "--log-level", "debug", "--",
                    ]
                    + handler, in: stage.scratch, environment: ["JOURNAL": stage.journal.path])
            try await requireWholeRun(ackpipe, stage)
            let lines = ackpipe.log.split(separator: "\n")
            for line in lines {
                let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                #expect(object?["message"] is String || object?["msg"] is String, "no object: \(line)")
            }
            #expect(lines.contains { $0.contains("handler: say") }, "\(ackpipe.logTail)")
            #expect(lines.contains { $0.contains("start: first verdict") }, "\(ackpipe.logTail)")
        }
    }

    @Test("With --framing lines a frame is a line", .timeLimit(.minutes(30)), arguments: ["message", "batch"])
    func lines(mode: String) async throws {
        try await Slots.shared.run {
            let stage = try await stage()
            let ackpipe = try AckpipeProcess(
                ["run"] + stage.cluster.address
                    + [
                        "-t", stage.cluster.topic, "-g", stage.cluster.group, "--exit-at-end", "--framing", "lines",
                        "--mode", mode, "--",
                    ]
                    + Repository.handler("ack.py"), in: stage.scratch, environment: ["JOURNAL": stage.journal.path])
            try await requireWholeRun(ackpipe, stage)
        }
    }

    @Test("With --protocol-fd 3 a print on stdout is a line of the log", .timeLimit(.minutes(30)))
    func protocolDescriptors() async throws {
        try await Slots.shared.run {
            let stage = try await stage()
            let handler = try stage.scratch.write(
                "fd3.py",
                """
                import json, os, struct, sys
                given = [int(fd) for fd in os.environ["ACKPIPE_PROTOCOL_FDS"].split(",")]
                assert given == [3, 4], given
                source, target = os.fdopen(3, "rb"), os.fdopen(4, "wb")
                def send(frame):
                    body = json.dumps(frame).encode()
                    target.write(struct.pack(">I", len(body)) + body)
                    target.flush()
                print("stdin has", len(sys.stdin.read()), "bytes", flush=True)
                while header := source.read(4):
                    frame = json.loads(source.read(struct.unpack(">I", header)[0]))
                    if frame["type"] == "hello":
                        send({"type": "ready", "protocol": 1, "name": "on descriptor 3"})
                    elif frame["type"] == "message":
                        print("printed", frame["partition"], frame["offset"], flush=True)
                        send({"type": "ack", "id": frame["id"]})
                """)
            let ackpipe = try AckpipeProcess(
                ["run"] + stage.cluster.address
                    + [
                        "-t", stage.cluster.topic, "-g", stage.cluster.group, "--exit-at-end", "--protocol-fd", "3",
                        "--", "python3", handler,
                    ],
                in: stage.scratch)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(try await stage.cluster.committed("g", "t") == [50, 50])
            #expect(ackpipe.log.contains("handler: stdin has 0 bytes"), "\(ackpipe.logTail)")
            for record in ["0 0", "0 49", "1 0", "1 49"] {
                #expect(ackpipe.log.contains("handler: printed \(record)"), "\(ackpipe.logTail)")
            }
        }
    }

    @Test(
        "The log tells how long each step to the first record took; with a C handler the group join is nearly all of it",
        .enabled(if: Tool("gcc").isThere, "gcc is not installed"), .timeLimit(.minutes(30)))
    func timeline() async throws {
        try await Slots.shared.run {
            let stage = try await stage()
            let handler = try await CompiledHandler.build(in: stage.scratch)
            let ackpipe = try AckpipeProcess(
                ["run"] + stage.cluster.address + [
                    "-t", stage.cluster.topic, "-g", stage.cluster.group, "--exit-at-end", "--",
                ] + handler,
                in: stage.scratch)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let log = ackpipe.log
            let steps = [
                "first worker ready", "partitions assigned by the group", "positions looked up", "first record taken",
                "first delivery written", "first verdict",
            ]
            let times = try steps.map { step in
                try #require(milliseconds(of: step, in: log), "'\(step)' is missing: \(ackpipe.logTail)")
            }
            print("start, C handler:", zip(steps, times).map { "\($0) \($1) ms" }.joined(separator: ", "))
            // The mock lets a first join wait for 3 s; what lies behind it is ours.
            let behindTheJoin = times[4] - times[1]
            #expect(behindTheJoin < 2_000, "\(ackpipe.logTail)")
            #expect(times[0] < times[1], "the handler was not started while the group was joined: \(ackpipe.logTail)")
        }
    }

    private func milliseconds(of step: String, in log: String) -> Int? {
        guard let line = log.split(separator: "\n").first(where: { $0.contains("start: \(step) ") }),
            let place = line.range(of: "since.start.ms=")
        else { return nil }
        return Int(line[place.upperBound...].prefix { $0.isNumber })
    }

    private struct OptionsStage {
        let scratch: Scratch
        let cluster: Cluster
        let journal: Journal
    }

    private func stage() async throws -> OptionsStage {
        let scratch = try Scratch()
        let cluster = try Cluster(("t", partitions))
        try await cluster.fill("t", partitions: partitions, each: recordsEach)
        return OptionsStage(scratch: scratch, cluster: cluster, journal: Journal(scratch))
    }

    private func requireWholeRun(_ ackpipe: AckpipeProcess, _ stage: OptionsStage) async throws {
        #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
        #expect(stage.journal.distinctCount() == partitions * recordsEach)
        #expect(stage.journal.entries().count == partitions * recordsEach)
        #expect(try await stage.cluster.committed("g", "t") == [50, 50])
    }
}
