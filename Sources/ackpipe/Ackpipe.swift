import CMimalloc
import Configuration
import Glibc
import Kafka
import Logging
import Observability
import Reactor
import Runtime
import YAML

/// The program: reads what it is to do, does it, and answers with an exit code of sysexits.h.
@main
struct Ackpipe {
    static func main() {
        let environment = OwnProcess.environment()
        switch resolve(Array(Swift.CommandLine.arguments.dropFirst()), environment) {
        case .failure(let complaints):
            StandardStream.error("\(complaints)\n")
            exit(ExitCode.usage.rawValue)
        case .success(let invocation):
            exit(perform(invocation, environment).rawValue)
        }
    }

    static func resolve(_ arguments: [String], _ environment: [String]) -> Result<Invocation, Complaints> {
        var variables: [String: String] = [:]
        for entry in environment {
            guard let equals = entry.firstIndex(of: "=") else { continue }
            variables[String(entry[..<equals])] = String(entry[entry.index(after: equals)...])
        }
        return Configuration.CommandLine.resolve(
            arguments: arguments, environment: variables, readFile: { YAMLReader.read(path: $0) },
            readSecret: { FileContents.readSecret(path: $0) }, matches: { TopicPattern.matches($0, $1) })
    }

    private static func perform(_ invocation: Invocation, _ environment: [String]) -> ExitCode {
        switch invocation {
        case .help(let text):
            StandardStream.output(text)
            return .ok
        case .version:
            StandardStream.output(
                "ackpipe \(ackpipeVersion) (librdkafka \(ClientLibrary.version), mimalloc \(allocatorVersion))\n")
            return .ok
        case .run(let services): return RunCommand.perform(services, environment)
        case .replay(let settings): return ReplayCommand.perform(settings, environment)
        case .broker(let settings):
            return conclude(BrokerProcess.run(settings, log: logger(settings.logLevel, settings.logFormat)))
        case .demo(let settings): return DemoCommand.perform(settings, environment)
        case .frames(let settings): return FramesCommand.perform(settings)
        case .check(let settings): return CheckCommand.perform(settings, environment)
        case .deadLetterReplay(let settings): return DeadLetterCommand.replay(settings)
        }
    }

    /// The allocator's version. Asking it is also what makes the linker take the library into the program, before libc: its
    /// malloc and free are then everybody's, librdkafka's too (docs/decisions/0011).
    private static var allocatorVersion: String {
        String(mi_version()).map(String.init).joined(separator: ".")
    }

    /// The daemon's log: one line an event, on stderr.
    static func logger(_ level: LogLevelOption, _ format: LogFormatOption) -> Logger {
        let minimum: Logger.Level =
            switch level {
            case .debug: .debug
            case .info: .info
            case .warn: .warning
            case .error: .error
            }
        return Logger(label: "ackpipe") { _ in LineLogHandler(format: format == .json ? .json : .text, level: minimum) }
    }

    /// Tells why it ended, where that is not plain, and answers the code.
    static func conclude(_ outcome: ServiceOutcome) -> ExitCode {
        if outcome.code != .ok { StandardStream.error("ackpipe: \(outcome.reason)\n") }
        return outcome.code
    }
}
