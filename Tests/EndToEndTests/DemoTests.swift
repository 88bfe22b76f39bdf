import Foundation
import Testing

/// The two commands that need no Kafka.
@Suite struct DemoTests {
    @Test("The demo ends well within a minute and leaves no process", .timeLimit(.minutes(30)))
    func demo() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let mark = "demo-\(UUID().uuidString)"
            let began = ContinuousClock.now
            let ackpipe = try AckpipeProcess(["demo"], in: scratch, environment: ["DEMO_MARK": mark])
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            print("demo: \(ContinuousClock.now - began)")
            #expect(ackpipe.output.contains("200 records were handled"), "\(ackpipe.output)")
            #expect(ackpipe.log.contains("records.settled=200"), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("handler: handled"), "\(ackpipe.logTail)")
            try await eventually(
                "no process is left", seen: { processes(with: mark).joined(separator: "; ") }
            ) {
                processes(with: mark).isEmpty ? () : nil
            }
        }
    }

    @Test("The demo runs the handler that it is given", .timeLimit(.minutes(30)))
    func demoWithHandler() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let journal = Journal(scratch)
            let ackpipe = try AckpipeProcess(
                ["demo", "--messages", "40", "--"] + Repository.handler("ack.py"), in: scratch,
                environment: ["JOURNAL": journal.path])
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(journal.distinctCount() == 40)
        }
    }

    @Test("The demo says which command it misses", .timeLimit(.minutes(30)))
    func demoWithoutHandler() async throws {
        let scratch = try Scratch()
        let ackpipe = try AckpipeProcess(["demo", "--", "no-such-handler"], in: scratch)
        #expect(try await ackpipe.waitForExit() == 127)
        #expect(ackpipe.log.contains("no-such-handler"), "\(ackpipe.logTail)")
    }

    @Test(
        "The broker command serves other clients on the port that it was given",
        .enabled(if: Tool("kcat").isThere, "kcat is not installed"), .timeLimit(.minutes(30)))
    func broker() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let broker = try AckpipeProcess(["broker", "--port", "0", "--topic", "t:2"], in: scratch)
            try await broker.waitForLog("embedded broker ready")
            let address = try address(of: broker)
            let kcat = Tool("kcat")
            let wrote = try await kcat.run(
                ["-P", "-b", address, "-t", "t", "-p", "1", "-K", ":"], input: "one:eins\ntwo:zwei\n")
            #expect(wrote.code == 0, "\(wrote.output)")
            let read = try await kcat.run(
                ["-C", "-q", "-b", address, "-t", "t", "-p", "1", "-o", "beginning", "-e", "-f", "%p %o %k %s\n"])
            #expect(read.code == 0, "\(read.output)")
            #expect(read.output == "1 0 one eins\n1 1 two zwei\n")

            // The port can be given too: here the one that was free a moment ago, and still is unless a test beside this one
            // was given it.
            broker.signal(SIGTERM)
            #expect(try await broker.waitForExit() == 0, "\(broker.logTail)")
            let port = try #require(address.split(separator: ":").last.map(String.init))
            let again = try await startBroker(on: port, in: scratch)
            #expect(try self.address(of: again) == address)

            let clash = try AckpipeProcess(["broker", "--port", port, "--topic", "t:2"], in: scratch)
            #expect(try await clash.waitForExit() == 71, "\(clash.logTail)")
            #expect(clash.log.contains(port), "\(clash.logTail)")
            #expect(clash.log.contains("in use"), "\(clash.logTail)")
            #expect(clash.log.contains("--port"), "\(clash.logTail)")
            again.signal(SIGINT)
            #expect(try await again.waitForExit() == 0, "\(again.logTail)")
        }
    }

    private func startBroker(on port: String, in scratch: Scratch) async throws -> AckpipeProcess {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let broker = try AckpipeProcess(["broker", "--port", port, "--topic", "t:2"], in: scratch)
            try await eventually("the broker is ready, or has ended", seen: { broker.logTail }) {
                broker.log.contains("embedded broker ready") || !broker.isRunning ? () : nil
            }
            if broker.isRunning { return broker }
            guard broker.log.contains("in use"), ContinuousClock.now < deadline else {
                throw Timeout(description: "the broker does not start on \(port): \(broker.logTail)")
            }
        }
    }

    private func address(of broker: AckpipeProcess) throws -> String {
        let log = broker.log
        let place = try #require(log.range(of: "brokers="), "\(broker.logTail)")
        return String(log[place.upperBound...].prefix { !$0.isWhitespace })
    }

    /// Command lines of the processes that have the mark in their environment: the demo's own, its guard, its handlers.
    private func processes(with mark: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { Int32($0) != nil }.compactMap { pid in
            guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ"),
                environment.range(of: Data("DEMO_MARK=\(mark)".utf8)) != nil
            else { return nil }
            return String(
                decoding: FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data(), as: UTF8.self)
        }
    }
}
