import Configuration
import Handlers
import Kafka
import Logging
import Reactor
import Runtime

/// `ackpipe run`: checks what can be checked before anything starts, then stays with the daemon.
enum RunCommand {
    /// `services` is never empty; the log is the daemon's, so all say the same of it.
    static func perform(_ services: [RunSettings], _ environment: [String]) -> ExitCode {
        let log = Ackpipe.logger(services[0].logLevel, services[0].logFormat)
        do {
            try OwnProcess.hideFromPeers()
            try ClientLibrary.check()
            // One of several that cannot start is no reason to keep the others from it.
            if services.count == 1 {
                _ = try ResolvedExecutable.resolve(
                    services[0].command.first ?? "", searchPath: HandlerEnvironment.value(of: "PATH", in: environment))
            }
        } catch let error as LaunchError {
            return Ackpipe.conclude(ServiceOutcome(error.exitCode, "\(error)"))
        } catch {
            return Ackpipe.conclude(ServiceOutcome(.operatingSystem, "\(error)"))
        }
        let version: Logger.Metadata = ["version": "\(ackpipeVersion)", "librdkafka": "\(ClientLibrary.version)"]
        if services.count == 1 {
            log.info("ackpipe starts", metadata: version.merging(facts(services[0])) { $1 })
        } else {
            log.info("ackpipe starts", metadata: version.merging(["services": "\(services.count)"]) { $1 })
            for service in services { log.info("service starts", metadata: facts(service)) }
        }
        tellNotices(of: services, log)
        return Ackpipe.conclude(Daemon.run(log: log, environment: environment) { services })
    }

    /// What holds for every service is told once; what does not is told with the services' names.
    private static func tellNotices(of services: [RunSettings], _ log: Logger) {
        var told: [StartNotice] = []
        for notice in services.flatMap(\.notices) where !told.contains(notice) {
            told.append(notice)
            var metadata: Logger.Metadata = [
                "config.place": "\(notice.place)", "config.notice": "\(notice.message)",
            ]
            let concerned = services.filter { $0.notices.contains(notice) }
            if concerned.count < services.count {
                metadata["service"] = "\(concerned.compactMap(\.service).joined(separator: ","))"
            }
            log.log(level: notice.weight == .warning ? .warning : .info, "configuration notice", metadata: metadata)
        }
    }

    private static func facts(_ settings: RunSettings) -> Logger.Metadata {
        var facts: Logger.Metadata = [
            "brokers": "\(settings.brokers)", "group": "\(settings.group ?? "none")",
            "workers": "\(settings.workers)", "mode": "\(settings.mode.rawValue)",
            "order": "\(settings.order.rawValue)",
            "properties": "\(settings.properties.map(\.description).joined(separator: " "))",
        ]
        if let service = settings.service { facts["service"] = "\(service)" }
        return facts
    }
}
