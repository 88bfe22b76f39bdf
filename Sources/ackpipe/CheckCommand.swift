import Configuration
import Conformance
import Glibc
import Handlers
import Runtime

/// `ackpipe check`: conformance of a handler, without Kafka.
enum CheckCommand {
    static func perform(_ settings: CheckSettings, _ environment: [String]) -> ExitCode {
        for number in settings.rules {
            guard let complaint = complaint(about: number) else { continue }
            StandardStream.error("--rule: \(complaint)\nTry 'ackpipe check --list'.\n")
            return .usage
        }
        do throws(CheckRun.Failure) {
            if settings.list {
                StandardStream.output(Report.list(try CheckRun.sessions(settings)))
                return .ok
            }
            let showsProgress = isatty(STDERR_FILENO) == 1
            let run = CheckRun(settings, environment: environment) { done, all in
                if showsProgress { StandardStream.error("\rackpipe check: \(done) of \(all) sessions") }
            }
            let report = try run.run()
            if showsProgress { StandardStream.error("\r\u{1B}[K") }
            switch settings.format {
            case .text: StandardStream.output(report.text(isVerbose: settings.isVerbose))
            case .json: StandardStream.output(report.json)
            case .junit: StandardStream.output(report.junit)
            }
            return report.isGood ? .ok : .failures
        } catch {
            StandardStream.error("ackpipe: \(error.reason)\n")
            return error.code
        }
    }

    private static func complaint(about number: String) -> String? {
        guard let rule = Rule.named(number) else {
            return "there is no rule '\(number.filter { $0.isLetter || $0.isNumber }.prefix(16))' in protocol.md"
        }
        return rule.keeper == .bridge ? "\(number) is for the bridge to keep: no handler can break it" : nil
    }
}
