package import Configuration
import Glibc
import Handlers
package import Logging
import Reactor
import Synchronization

/// Runs one service on a thread of its own, and turns signals into requests to it. The main thread stays here.
package enum Daemon {
    /// Runs until the service has ended.
    ///
    /// The first of SIGTERM, SIGINT, SIGHUP and SIGQUIT drains, a second one ends at once. Nothing may have started a
    /// thread before: the guard process is forked here, and the signals are blocked for every thread that follows.
    /// `prepare` is called after that; what it starts may have threads.
    package static func run(
        log: Logger, environment: [String], prepare: () throws -> RunSettings
    ) -> ServiceOutcome {
        do {
            let guardProcess = try Guard.start()
            defer { guardProcess.stop() }
            try SignalDisposition.keepDeadChildren()
            let signals = try SignalSource(signals: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
            return try supervise(prepare(), log, environment, guardProcess, signals)
        } catch {
            return ServiceOutcome(.operatingSystem, "cannot start: \(error)")
        }
    }

    private static func supervise(
        _ settings: RunSettings, _ log: Logger, _ environment: [String], _ guardProcess: Guard, _ signals: SignalSource
    ) throws -> ServiceOutcome {
        var generator = SystemRandomNumberGenerator()
        let plan = ServicePlan(settings, random: generator.next())
        let serviceWake = try WakeUp()
        let mailbox = Mailbox<ServiceCommand>(wake: serviceWake)
        let endWake = try WakeUp()
        let result = Mutex<ServiceOutcome?>(nil)
        let thread = try ServiceThread.start(name: "service") {
            let outcome: ServiceOutcome
            do {
                let service = try Service(
                    plan: plan, log: log, guardProcess: guardProcess, environment: environment, mailbox: mailbox,
                    wake: serviceWake)
                outcome = service.run()
            } catch {
                outcome = ServiceOutcome(.configuration, "\(error)")
            }
            result.withLock { $0 = outcome }
            endWake.signal()
        }
        try forward(signals, to: mailbox, until: endWake)
        thread.join()
        return result.withLock { $0 } ?? ServiceOutcome(.software, "the service ended without an answer")
    }

    private static func forward(
        _ signals: SignalSource, to mailbox: Mailbox<ServiceCommand>, until end: WakeUp
    ) throws {
        let poller = try Poller()
        try poller.add(signals.descriptor, token: 1, reading: true, writing: false)
        try poller.add(end.descriptor, token: 2, reading: true, writing: false)
        var ready: [Readiness] = []
        var isDraining = false
        while true {
            try poller.wait(timeoutMilliseconds: -1, into: &ready)
            if ready.contains(where: { $0.token == 2 }) { return }
            for signal in try signals.take() {
                let name = SignalName.of(signal)
                mailbox.send(isDraining ? .hurry(signal: name) : .drain(signal: name))
                isDraining = true
            }
        }
    }
}
