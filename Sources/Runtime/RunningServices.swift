import Configuration
import Handlers
import Logging
import Reactor

/// The services of a daemon, as its main thread sees them.
struct RunningServices {
    /// How one of them ended.
    private struct End: Sendable {
        var index: Int
        var outcome: ServiceOutcome
    }

    private struct Running {
        var name: String
        /// Several services stand in one log: each then says who it is.
        var isNamed: Bool
        var mailbox: Mailbox<ServiceCommand>
        /// Nil when it has ended.
        var thread: ServiceThread?
    }

    private let log: Logger
    private let ends: Mailbox<End>
    private var services: [Running] = []
    private var firstFailure: ServiceOutcome?
    private var lastSuccess: ServiceOutcome?

    /// No service yet; `wake` is signalled whenever one has ended.
    init(wake: WakeUp, log: Logger) {
        ends = Mailbox(wake: wake)
        self.log = log
    }

    /// Whether a service has not ended yet.
    var isAnyRunning: Bool { services.contains { $0.thread != nil } }

    /// The first failure in time, else a success. When all have ended.
    var outcome: ServiceOutcome {
        firstFailure ?? lastSuccess ?? ServiceOutcome(.software, "there was no service to run")
    }

    /// Starts a service on a thread of its own; where that fails, it counts as one that failed.
    mutating func start(
        _ settings: RunSettings, _ environment: [String], _ guardProcess: Guard, replay: FileReplay? = nil
    ) {
        var generator = SystemRandomNumberGenerator()
        let plan = ServicePlan(settings, random: generator.next())
        var ownLog = log
        if let name = settings.service { ownLog[metadataKey: "service"] = "\(name)" }
        do {
            let wake = try WakeUp()
            let mailbox = Mailbox<ServiceCommand>(wake: wake)
            let (ends, index, log) = (ends, services.count, ownLog)
            let thread = try ServiceThread.start(name: settings.service ?? "service") {
                let outcome = Self.run(plan, log, environment, guardProcess, mailbox, wake, replay)
                ends.send(End(index: index, outcome: outcome))
            }
            services.append(
                Running(name: plan.name, isNamed: settings.service != nil, mailbox: mailbox, thread: thread))
        } catch {
            conclude(
                plan.name, isNamed: settings.service != nil,
                ServiceOutcome(.operatingSystem, "the service cannot be started: \(error)"))
        }
    }

    /// On the service's thread, until the service has ended.
    private static func run(
        _ plan: ServicePlan, _ log: Logger, _ environment: [String], _ guardProcess: Guard,
        _ mailbox: Mailbox<ServiceCommand>, _ wake: WakeUp, _ replay: FileReplay?
    ) -> ServiceOutcome {
        do {
            return try Service(
                plan: plan, log: log, guardProcess: guardProcess, environment: environment, mailbox: mailbox,
                wake: wake,
                replay: replay
            ).run()
        } catch {
            return ServiceOutcome(.configuration, "\(error)")
        }
    }

    /// Asks something of every service that runs.
    func send(_ command: ServiceCommand) {
        for service in services where service.thread != nil { service.mailbox.send(command) }
    }

    /// Takes note of the services that have ended since.
    mutating func takeEnds() {
        for end in ends.takeAll() {
            let service = services[end.index]
            service.thread?.join()
            services[end.index].thread = nil
            conclude(service.name, isNamed: service.isNamed, end.outcome)
        }
    }

    private mutating func conclude(_ name: String, isNamed: Bool, _ outcome: ServiceOutcome) {
        var told = outcome
        if isNamed {
            let isFailure = outcome.code != .ok
            log.log(
                level: isFailure ? .error : .info, isFailure ? "service failed" : "service ended",
                metadata: [
                    "service": "\(name)", "reason": "\(outcome.reason)", "exit.code": "\(outcome.code.rawValue)",
                    "services.running": "\(services.count { $0.thread != nil })",
                ])
            told.reason = "service '\(name)': \(outcome.reason)"
        }
        if outcome.code == .ok {
            lastSuccess = told
        } else if firstFailure == nil {
            firstFailure = told
        }
    }
}
