import Configuration
import Handlers
import Logging
import Reactor
import Runtime

/// `ackpipe replay`: opens the file, stays with the daemon, and prints what became of the records.
enum ReplayCommand {
    static func perform(_ settings: ReplaySettings, _ environment: [String]) -> ExitCode {
        let log = Ackpipe.logger(settings.run.logLevel, settings.run.logFormat)
        let results: Mailbox<FileReplaySummary>
        let replay: FileReplay
        do {
            try OwnProcess.hideFromPeers()
            _ = try ResolvedExecutable.resolve(
                settings.run.command.first ?? "", searchPath: HandlerEnvironment.value(of: "PATH", in: environment))
            results = Mailbox(wake: try WakeUp())
            // Before the signals are blocked: a FIFO that nobody writes to is waited for, and Ctrl-C ends that.
            replay = FileReplay(
                try ReplayFile(settings.file), topic: settings.topic, limit: settings.limit,
                maxFailures: settings.maxFailures, results: results)
        } catch let error as LaunchError {
            return Ackpipe.conclude(ServiceOutcome(error.exitCode, "\(error)"))
        } catch let error as LoadFault {
            return Ackpipe.conclude(ServiceOutcome(error.code, "\(error)"))
        } catch {
            return Ackpipe.conclude(ServiceOutcome(.operatingSystem, "\(error)"))
        }
        let outcome = Daemon.run(log: log, environment: environment, replay: replay) { [settings.run] }
        guard let summary = results.takeAll().first else { return Ackpipe.conclude(outcome) }
        StandardStream.output(summary.rendered(settings.format))
        let code = summary.exitCode(outcome.code)
        if outcome.code == .ok, let fault = summary.fault {
            return Ackpipe.conclude(ServiceOutcome(code, fault))
        }
        _ = Ackpipe.conclude(outcome)
        return code
    }
}
