import Foundation
import Testing

/// Several services in one daemon: each does its work whatever becomes of the others.
@Suite("Several services") struct ServicesTests {
    private static let rejecting = "serve(lambda record: {'action': 'reject', 'error': 'no such customer'})"

    @Test("Two services of one file both handle every record, and each says who it is", .timeLimit(.minutes(30)))
    func bothHandleAll() async throws {
        try await Slots.shared.run {
            let stage = try await ServicesStage(each: 50)
            let handler = try stage.scratch.python(
                "named.py",
                """
                hello = receive()
                open(os.environ["JOURNAL"] + ".hello", "w").write(hello["service"] + " " + hello["group"])
                send({"type": "ready", "protocol": 1, "name": "test handler"})
                serve(lambda record: None)
                """)
            let ackpipe = try stage.run(
                [
                    .init(name: "billing", keys: "workers: 1,", handler: handler),
                    .init(name: "audit", keys: "mode: batch,", handler: handler),
                ], shared: "exit-at-end: true\nlog-format: json\n")
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            for name in ["billing", "audit"] {
                #expect(stage.journal(name).entries().count == 100, "\(name): \(ackpipe.logTail)")
                #expect(try await stage.cluster.committed(name, "t") == [50, 50])
                let hello = try String(contentsOfFile: stage.journal(name).path + ".hello", encoding: .utf8)
                #expect(hello == "\(name) \(name)")
            }
            try checkNames(in: ackpipe)
            try await stage.marked.requireNone()
        }
    }

    /// Every line but the daemon's own names its service.
    private func checkNames(in ackpipe: AckpipeProcess) throws {
        var services: Set<String> = []
        for line in ackpipe.log.split(separator: "\n") where line.hasPrefix("{") && !line.contains("ackpipe starts") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let service = try #require(object?["service"] as? String, "no service in: \(line)")
            services.insert(service)
        }
        #expect(services == ["billing", "audit"], "\(ackpipe.logTail)")
    }

    @Test(
        "A service whose handler rejects a record stops; the other goes on, and the daemon answers 65 in the end",
        .timeLimit(.minutes(30)))
    func oneStops() async throws {
        try await Slots.shared.run {
            let stage = try await ServicesStage(each: 20)
            let ackpipe = try stage.run([
                .init(name: "strict", handler: stage.scratch.python("reject.py", Self.rejecting)),
                .init(name: "steady", handler: Repository.handler("ack.py")),
            ])
            try await ackpipe.waitForLog("service failed")
            // What arrives after the failure is handled.
            try await stage.cluster.fill("t", partitions: 2, each: 10)
            try await stage.waitForHandled(60, by: "steady", ackpipe)
            #expect(ackpipe.isRunning)
            let line = try #require(ackpipe.log.split(separator: "\n").first { $0.contains("service failed") })
            #expect(line.contains("service=strict") && line.contains("exit.code=65"), "\(line)")
            ackpipe.signal(SIGTERM)
            #expect(try await ackpipe.waitForExit() == 65, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("ackpipe: service 'strict': "), "\(ackpipe.logTail)")
            #expect(try await stage.cluster.committed("steady", "t") == [30, 30])
            try await stage.marked.requireNone()
        }
    }

    @Test("A service that cannot start does not keep the others from it", .timeLimit(.minutes(30)))
    func oneCannotStart() async throws {
        try await Slots.shared.run {
            let stage = try await ServicesStage(each: 20)
            let ackpipe = try stage.run(
                [
                    .init(name: "wrong", keys: "properties: {fetch.wait.maxx.ms: 5},", handler: ["cat"]),
                    .init(name: "steady", handler: Repository.handler("ack.py")),
                ], shared: "exit-at-end: true\n")
            #expect(try await ackpipe.waitForExit() == 78, "\(ackpipe.logTail)")
            #expect(stage.journal("steady").entries().count == 40)
            #expect(try await stage.cluster.committed("steady", "t") == [20, 20])
            #expect(ackpipe.log.contains("fetch.wait.maxx.ms"), "\(ackpipe.logTail)")
        }
    }

    @Test("The exit code is that of the service that failed first", .timeLimit(.minutes(30)))
    func firstFailureWins() async throws {
        try await Slots.shared.run {
            let stage = try await ServicesStage(each: 20)
            // `late` waits for a file, which is written when `early` has failed.
            let waiting = """
                def handle(record):
                    while not os.path.exists(os.environ["FOLDER"] + "/go"):
                        time.sleep(0.01)
                    return {"action": "reject", "error": "late"}
                serve(handle)
                """
            let ackpipe = try stage.run([
                .init(name: "late", handler: stage.scratch.python("late.py", waiting)),
                .init(name: "early", handler: ["sh", "-c", "exit 125"]),
            ])
            try await ackpipe.waitForLog("service failed")
            try stage.scratch.write("go", "")
            #expect(try await ackpipe.waitForExit() == 125, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("ackpipe: service 'early': "), "\(ackpipe.logTail)")
            #expect(ackpipe.log.components(separatedBy: "service failed").count == 3, "\(ackpipe.logTail)")
        }
    }

    @Test("--service runs only the one that it names", .timeLimit(.minutes(30)))
    func chosen() async throws {
        try await Slots.shared.run {
            let stage = try await ServicesStage(each: 20)
            let handler = Repository.handler("ack.py")
            let ackpipe = try stage.run(
                [.init(name: "billing", handler: handler), .init(name: "audit", handler: handler)],
                shared: "exit-at-end: true\n", ["--service", "audit"])
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.journal("audit").entries().count == 40)
            #expect(stage.journal("billing").entries().isEmpty)
            #expect(try await stage.cluster.committed("billing", "t") == [nil, nil])
            #expect(ackpipe.log.contains("service=audit"), "\(ackpipe.logTail)")
        }
    }

    @Test("The example of docs/services.md runs", .timeLimit(.minutes(30)))
    func documentedExample() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("orders", 2))
            try await cluster.fill("orders", partitions: 2, each: 20)
            let page = try String(
                contentsOf: Repository.root.appendingPathComponent("docs/services.md"), encoding: .utf8)
            let block = try #require(page.components(separatedBy: "```").first { $0.hasPrefix("yaml\n") })
            // The page's handlers are the reader's own; the journals tell them apart.
            let program = Repository.handler("ack.py").joined(separator: ", ")
            let text = block.dropFirst(5)
                .replacingOccurrences(
                    of: "[python3, billing.py]", with: "[env, \"JOURNAL=\(scratch.path("b"))\", \(program)]"
                )
                .replacingOccurrences(of: "[./audit]", with: "[env, \"JOURNAL=\(scratch.path("a"))\", \(program)]")
            let file = try scratch.write("services.yaml", text)
            let ackpipe = try AckpipeProcess(
                ["run", "--config", file, "-b", cluster.brokers, "--exit-at-end"], in: scratch)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(Journal(scratch, "a").distinctCount() == 40, "\(ackpipe.logTail)")
            #expect(Journal(scratch, "b").distinctCount() == 40, "\(ackpipe.logTail)")
            #expect(try await cluster.committed("billing", "orders") == [20, 20])
            #expect(try await cluster.committed("audit", "orders") == [20, 20])
        }
    }
}
