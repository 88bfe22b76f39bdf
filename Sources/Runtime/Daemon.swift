package import Configuration
import Glibc
import Handlers
package import Logging
import Reactor

/// Runs services, each on a thread of its own, and turns signals into requests to them. The main thread stays here.
package enum Daemon {
    /// Runs until every service has ended. One that fails leaves the others running, and is logged as an error; the outcome
    /// is that of the first one, in time, that failed, else the last one's.
    ///
    /// The first of SIGTERM, SIGINT, SIGHUP and SIGQUIT drains all, a second one ends all at once. Nothing may have started a
    /// thread before: the guard process is forked here, and the signals are blocked for every thread that follows.
    /// `prepare` is called after that; what it starts may have threads.
    /// With `replay` there is one service, which reads its file in place of brokers.
    package static func run(
        log: Logger, environment: [String], replay: FileReplay? = nil, prepare: () throws -> [RunSettings]
    ) -> ServiceOutcome {
        do {
            let guardProcess = try Guard.start()
            defer { guardProcess.stop() }
            try SignalDisposition.keepDeadChildren()
            let signals = try SignalSource(signals: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
            let wake = try WakeUp()
            var services = RunningServices(wake: wake, log: log)
            for settings in try prepare() { services.start(settings, environment, guardProcess, replay: replay) }
            try supervise(&services, signals, wake)
            return services.outcome
        } catch {
            return ServiceOutcome(.operatingSystem, "cannot start: \(error)")
        }
    }

    /// After so long services have joined their groups as a rule, and what only a start needs is not needed any more.
    /// A group that has no other member is joined in three to four seconds.
    private static let startMilliseconds: Int32 = 5_000

    private static func supervise(
        _ services: inout RunningServices, _ signals: SignalSource, _ wake: WakeUp
    ) throws {
        let poller = try Poller()
        try poller.add(signals.descriptor, token: 1, reading: true, writing: false)
        try poller.add(wake.descriptor, token: 2, reading: true, writing: false)
        var ready: [Readiness] = []
        var isDraining = false
        services.takeEnds()
        var isStarting = true
        while services.isAnyRunning {
            try poller.wait(timeoutMilliseconds: isStarting ? startMilliseconds : -1, into: &ready)
            if isStarting, ready.isEmpty {
                isStarting = false
                OwnProcess.releaseStartCode()
            }
            wake.drain()
            services.takeEnds()
            for signal in try signals.take() {
                let name = SignalName.of(signal)
                services.send(isDraining ? .hurry(signal: name) : .drain(signal: name))
                isDraining = true
            }
        }
    }
}
