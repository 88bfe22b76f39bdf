import Configuration
import Handlers
import Kafka
import Logging
import Reactor
import Runtime

/// `ackpipe demo`: embedded broker, sample records and a handler, in one command.
enum DemoCommand {
    static let topic = "demo"
    static let partitions = 4

    /// Answers each record and tells on stderr what it saw: a handler in a dozen lines, without a file beside the binary.
    static let builtInHandler = """
        import json, os, struct, sys
        out = os.fdopen(os.dup(1), "wb"); os.dup2(2, 1)
        def send(frame):
            body = json.dumps(frame).encode()
            out.write(struct.pack(">I", len(body)) + body); out.flush()
        while header := sys.stdin.buffer.read(4):
            frame = json.loads(sys.stdin.buffer.read(struct.unpack(">I", header)[0]))
            if frame["type"] == "hello":
                send({"type": "ready", "protocol": 1, "name": "demo handler"})
            elif frame["type"] == "message":
                print("handled", frame["partition"], frame["offset"], frame["key"], frame["value"])
                send({"type": "ack", "id": frame["id"]})
        """

    static func perform(_ settings: DemoSettings, _ environment: [String]) -> ExitCode {
        let log = Ackpipe.logger(settings.logLevel, settings.logFormat)
        let command = settings.command.isEmpty ? ["python3", "-u", "-c", builtInHandler] : settings.command
        var broker: EmbeddedBroker?
        defer { broker?.stop() }
        do {
            _ = try ResolvedExecutable.resolve(
                command[0], searchPath: HandlerEnvironment.value(of: "PATH", in: environment))
        } catch {
            return Ackpipe.conclude(ServiceOutcome(error.exitCode, "\(error)"))
        }
        let outcome = Daemon.run(log: log, environment: environment) {
            let started = try EmbeddedBroker(topics: [(name: topic, partitions: partitions)])
            broker = started
            log.info(
                "demo: embedded broker started",
                metadata: [
                    "brokers": "\(started.bootstrapServers)", "topic": "\(topic)", "partitions": "\(partitions)",
                ])
            try SampleRecords.write(settings.messages, topic: topic, to: started.bootstrapServers)
            log.info("demo: sample records written", metadata: ["records": "\(settings.messages)"])
            return [try runSettings(started.bootstrapServers, command, settings)]
        }
        if outcome.code == .ok {
            StandardStream.output(
                "demo: \(settings.messages) records were handled and their offsets committed; nothing was left running.\n"
                    + "Next: write a handler (protocol.md, examples/) and run it with 'ackpipe run'.\n")
        }
        return Ackpipe.conclude(outcome)
    }

    private static func runSettings(
        _ brokers: String, _ command: [String], _ settings: DemoSettings
    ) throws -> RunSettings {
        let arguments =
            [
                "run", "-b", brokers, "-t", topic, "-g", "demo", "--workers", "2", "--exit-at-end",
                "--log-level", settings.logLevel.rawValue, "--log-format", settings.logFormat.rawValue, "--",
            ] + command
        switch Ackpipe.resolve(arguments, []) {
        case .success(.run(let services)) where services.count == 1: return services[0]
        case .success: throw DemoProblem(description: "the demo's own options were not those of a run")
        case .failure(let complaints): throw DemoProblem(description: "\(complaints)")
        }
    }
}

/// The demo could not set itself up; a defect of ours, as it chooses its options itself.
private struct DemoProblem: Error, CustomStringConvertible {
    let description: String
}
