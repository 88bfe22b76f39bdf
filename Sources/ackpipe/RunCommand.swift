import Configuration
import Handlers
import Kafka
import Logging
import Reactor
import Runtime

/// `ackpipe run`: checks what can be checked before anything starts, then stays with the daemon.
enum RunCommand {
    static func perform(_ settings: RunSettings, _ environment: [String]) -> ExitCode {
        let log = Ackpipe.logger(settings.logLevel, settings.logFormat)
        do {
            try OwnProcess.hideFromPeers()
            try ClientLibrary.check()
            _ = try ResolvedExecutable.resolve(
                settings.command.first ?? "", searchPath: HandlerEnvironment.value(of: "PATH", in: environment))
        } catch let error as LaunchError {
            return Ackpipe.conclude(ServiceOutcome(error.exitCode, "\(error)"))
        } catch {
            return Ackpipe.conclude(ServiceOutcome(.operatingSystem, "\(error)"))
        }
        log.info(
            "ackpipe starts",
            metadata: [
                "version": "\(ackpipeVersion)", "librdkafka": "\(ClientLibrary.version)",
                "brokers": "\(settings.brokers)", "group": "\(settings.group ?? "none")",
                "workers": "\(settings.workers)", "mode": "\(settings.mode.rawValue)",
                "order": "\(settings.order.rawValue)",
                "properties": "\(settings.properties.map(\.description).joined(separator: " "))",
            ])
        return Ackpipe.conclude(Daemon.run(log: log, environment: environment) { settings })
    }
}
