import Foundation
import Testing

/// What is wrong before anything starts: one run, a clear text, an exit code of sysexits.h.
@Suite("Bad input") struct BadInputTests {
    /// One wrong command line (or environment, or file): what it answers with.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var arguments: [String]
        var environment: [String: String] = [:]
        /// Written to `service.yaml`, which `FILE` in the arguments stands for.
        var file: String?
        var code: Int32
        /// All of these are in the text; `FILE` stands for the file's path.
        var texts: [String]
        var testDescription: String { name }
    }

    private static let source = ["-b", "127.0.0.1:1", "-t", "orders", "-g", "billing"]

    static let commandLines: [Case] = [
        Case(
            name: "an unknown flag is named, with the nearest one",
            arguments: ["run"] + source + ["--worker", "2", "--", "cat"], code: 64,
            texts: ["--worker: unknown option", "did you mean --workers?", "ackpipe run --help"]),
        Case(
            name: "a duration without a unit is refused with an example",
            arguments: ["run"] + source + ["--ack-timeout", "5", "--", "cat"], code: 64,
            texts: ["--ack-timeout: '5' needs a unit", "30s"]),
        Case(
            name: "a duration that is none is refused with an example",
            arguments: ["run"] + source + ["--ack-timeout", "soon", "--", "cat"], code: 64,
            texts: ["--ack-timeout: 'soon' is not a duration", "500ms"]),
        Case(
            name: "a missing command is told with how to write one", arguments: ["run"] + source, code: 64,
            texts: ["no handler is named", "-- python3 handler.py"]),
        Case(
            name: "nothing after the two dashes is a missing command too", arguments: ["run"] + source + ["--"],
            code: 64, texts: ["no handler is named"]),
        Case(
            name: "a command that PATH does not have is named, with the PATH",
            arguments: ["run"] + source + ["--", "no-such-handler"], environment: ["PATH": "/usr/bin:/bin"],
            code: 127, texts: ["'no-such-handler'", "PATH (/usr/bin:/bin)", "give its full path"]),
        Case(
            name: "a path that does not exist is named", arguments: ["run"] + source + ["--", "./missing/handler"],
            code: 127, texts: ["'./missing/handler' does not exist", "relative to the directory"]),
        Case(
            name: "a file that is not executable is named, with chmod",
            arguments: ["run"] + source + ["--", "FILE"], file: "echo\n", code: 126,
            texts: ["'FILE' cannot be executed", "chmod +x"]),
        Case(
            name: "a directory is no handler", arguments: ["run"] + source + ["--", "/tmp"], code: 126,
            texts: ["'/tmp' cannot be executed", "it is a directory"]),
        Case(
            name: "a property that would break a promise is refused, with the flag to use",
            arguments: ["run"] + source + ["-X", "enable.auto.commit=true", "--", "cat"], code: 64,
            texts: ["enable.auto.commit cannot be set", "--commit-interval"]),
        Case(
            name: "an unknown command is named, with the nearest one", arguments: ["rnu"], code: 64,
            texts: ["'rnu': unknown command", "did you mean run?"]),
        Case(
            name: "mistakes are reported all at once",
            arguments: ["run", "--worker", "2", "--ack-timeout", "x", "--order", "zigzag", "-b", "h:1", "--", "cat"],
            code: 64,
            texts: ["--worker: unknown option", "--ack-timeout: 'x'", "--order: 'zigzag'", "no topic is named"]),
        Case(
            name: "time-outs that contradict each other are refused",
            arguments: ["run"] + source + ["--revoke-timeout", "5m", "--", "cat"], code: 64,
            texts: ["--revoke-timeout", "max.poll.interval.ms"]),
    ]

    static let elsewhere: [Case] = [
        Case(
            name: "a typing mistake in an environment variable is named, with the nearest one",
            arguments: ["run", "-b", "h:1", "-t", "t", "--", "cat"], environment: ["ACKPIPE_GRUOP": "billing"],
            code: 64, texts: ["ACKPIPE_GRUOP: unknown variable", "did you mean ACKPIPE_GROUP?"]),
        Case(
            name: "a bad value in the environment names its variable",
            arguments: ["run"] + source + ["--", "cat"], environment: ["ACKPIPE_ACK_TIMEOUT": "soon"], code: 64,
            texts: ["ACKPIPE_ACK_TIMEOUT: 'soon' is not a duration"]),
        Case(
            name: "an unknown key of the file has its line and the nearest one",
            arguments: ["run", "--config", "FILE"],
            file: "brokers: h:1\ntopics: [t]\ngroup: g\nworker: 3\nack-timeout: soon\ncommand: [cat]\n", code: 64,
            texts: ["FILE:4:1: unknown key 'worker'", "did you mean workers?", "FILE:5:14: ack-timeout: 'soon'"]),
        Case(
            name: "a file that is not YAML has its line", arguments: ["run", "--config", "FILE"],
            file: "brokers: h:1\n  topics: [t\n", code: 64, texts: ["FILE:2:", "not valid YAML"]),
        Case(
            name: "a file that is not there is named", arguments: ["run", "--config", "/nowhere/service.yaml"],
            code: 64, texts: ["/nowhere/service.yaml", "No such file"]),
        Case(
            name: "a secret's file that is not there is named",
            arguments: ["run"] + source + ["-X", "sasl.password=@/nowhere/secret", "--", "cat"], code: 64,
            texts: ["/nowhere/secret", "No such file"]),
        Case(
            name: "a property that librdkafka does not know is named",
            arguments: ["run"] + source + ["-X", "fetch.wait.maxx.ms=5", "--", "cat"], code: 78,
            texts: ["fetch.wait.maxx.ms"]),
        Case(
            name: "a property value that librdkafka refuses is named",
            arguments: ["run"] + source + ["-X", "fetch.wait.max.ms=often", "--", "cat"], code: 78,
            texts: ["fetch.wait.max.ms"]),
    ]

    @Test("A wrong command line is refused", .timeLimit(.minutes(30)), arguments: commandLines)
    func commandLine(_ wrong: Case) async throws { try await check(wrong) }

    @Test("A wrong environment, file or property is refused", .timeLimit(.minutes(30)), arguments: elsewhere)
    func environmentOrFile(_ wrong: Case) async throws { try await check(wrong) }

    private func check(_ wrong: Case) async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let path = try scratch.write("service.yaml", wrong.file ?? "")
            let arguments = wrong.arguments.map { $0 == "FILE" ? path : $0 }
            let ackpipe = try AckpipeProcess(arguments, in: scratch, environment: wrong.environment)
            let code = try await ackpipe.waitForExit()
            #expect(code == wrong.code, "\(ackpipe.logTail)")
            for text in wrong.texts {
                let wanted = text.replacingOccurrences(of: "FILE", with: path)
                #expect(ackpipe.log.contains(wanted), "'\(wanted)' is not in: \(ackpipe.logTail)")
            }
            #expect(ackpipe.output.isEmpty, "stdout is for results: \(ackpipe.output)")
        }
    }

    @Test("A handler that the system cannot run, for want of its interpreter, is told and not tried in a fast loop")
    func missingInterpreter() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let path = try scratch.write("handler", "#!/nowhere/interpreter\n", executable: true)
            let ackpipe = try AckpipeProcess(
                ["run", "-b", "127.0.0.1:1", "--assign", "t:0", "--", path], in: scratch)
            let code = try await ackpipe.waitForExit()
            #expect(code == 126 || code == 127, "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains(path), "\(ackpipe.logTail)")
            #expect(ackpipe.log.contains("interpreter"), "\(ackpipe.logTail)")
        }
    }
}
