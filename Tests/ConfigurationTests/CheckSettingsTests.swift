import Testing

@testable import Configuration

@Suite struct CheckSettingsTests {
    private func resolve(_ arguments: [String], _ environment: [String: String] = [:]) -> Result<Invocation, Complaints>
    {
        CommandLine.resolve(
            arguments: ["check"] + arguments, environment: environment,
            readFile: { _ in .failure(FileProblem("no file is expected")) },
            readSecret: { _ in .failure(FileProblem("no file is expected")) })
    }

    private func settings(_ arguments: [String], _ environment: [String: String] = [:]) throws -> CheckSettings {
        guard case .check(let settings) = try resolve(arguments, environment).get() else {
            throw Complaints(list: [], advice: "not a check")
        }
        return settings
    }

    @Test("the defaults are both modes, framing by length and half a minute a session")
    func defaults() throws {
        let settings = try settings(["--", "python3", "handler.py"])
        #expect(settings.command == ["python3", "handler.py"])
        #expect(settings.modes == .both && settings.framing == .length && !settings.protocolDescriptors)
        #expect(settings.timeLimit == .seconds(30) && settings.frameTimeout == .seconds(10))
        #expect(settings.maxFrameBytes == 64 << 20 && settings.format == .text && settings.rules == [])
    }

    @Test("the options of the check, and those that it shares with run")
    func given() throws {
        let settings = try settings(
            [
                "--mode", "batch", "--framing", "lines", "--protocol-fd", "3", "--rule", "F5", "--rule", "L1",
                "--format",
                "junit", "--max-frame-bytes", "1MiB", "--value-format", "base64", "--", "h",
            ], ["ACKPIPE_CHECK_TIME_LIMIT": "2s", "ACKPIPE_MODE": "message"])
        #expect(settings.modes == .batch && settings.framing == .lines && settings.protocolDescriptors)
        #expect(settings.rules == ["F5", "L1"] && settings.format == .junit && settings.timeLimit == .seconds(2))
        #expect(settings.maxFrameBytes == 1 << 20 && settings.valueFormat == .base64 && settings.keyFormat == .auto)
    }

    @Test("a command is needed, but for the list")
    func command() throws {
        #expect(try settings(["--list"]).list)
        guard case .failure(let complaints) = resolve([]) else {
            Issue.record("a check without a command")
            return
        }
        #expect(
            complaints.list.map(\.message) == [
                "the handler's command is missing: it follows --, as in -- python3 handler.py"
            ])
        guard case .failure = resolve(["--brokers", "b", "--", "h"]) else {
            Issue.record("a check with brokers")
            return
        }
    }
}
