package import Configuration
import Glibc
import Kafka
package import Logging
import Reactor

/// `ackpipe broker`: the embedded broker alone, until a signal.
package enum BrokerProcess {
    /// Serves the topics on a port of the loopback interface; answers how it ended. The main thread stays here.
    package static func run(_ settings: BrokerSettings, log: Logger) -> ServiceOutcome {
        do {
            let signals = try SignalSource(signals: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
            let load = try settings.load.map { (path) throws(LoadFault) in
                try LoadFile(
                    path: path, topics: settings.topics, report: { tell($0, path, log) },
                    stopSignal: { () throws(LoadFault) in try nextSignal(signals, log) })
            }
            // All of it before anything is started: a bad line in the last place is told at once.
            let checked = try load?.check()
            let broker = try EmbeddedBroker(topics: settings.topics.map { ($0.name, Int($0.partitions)) })
            defer { broker.stop() }
            // Before the port is open: whoever finds the broker finds all of the records.
            if let load, let checked { try write(load, checked, to: broker, log) }
            let relay = try BootstrapRelay(port: UInt16(settings.port), bootstrapServers: broker.bootstrapServers)
            defer { relay.stop() }
            log.info(
                "embedded broker ready",
                metadata: [
                    "brokers": "127.0.0.1:\(relay.port)",
                    "topics": "\(settings.topics.map { "\($0.name):\($0.partitions)" }.joined(separator: " "))",
                ])
            try waitForSignal(signals, log)
            return ServiceOutcome(.ok, "stopped by a signal")
        } catch let fault as LoadFault {
            return ServiceOutcome(fault.code, fault.description)
        } catch let error as KafkaError {
            return ServiceOutcome(.software, "the embedded broker failed: \(error)")
        } catch {
            return ServiceOutcome(.operatingSystem, "\(error)")
        }
    }

    private static func write(
        _ load: LoadFile, _ checked: LoadFile.Summary, to broker: EmbeddedBroker, _ log: Logger
    ) throws(LoadFault) {
        let start = MonotonicClock.nanoseconds()
        try load.write(checked, to: broker.bootstrapServers)
        log.info(
            "records loaded",
            metadata: [
                "file": "\(load.path)", "records": "\(checked.records)", "bytes": "\(checked.bytes)",
                "partitions": "\(checked.partitions.count)",
                "ms": "\((MonotonicClock.nanoseconds() - start) / 1_000_000)",
            ])
    }

    private static func tell(_ report: LoadReport, _ file: String, _ log: Logger) {
        log.info(
            "\(report.phase.rawValue)",
            metadata: ["file": "\(file)", "records": "\(report.records)", "bytes": "\(report.bytes)"])
    }

    private static func nextSignal(_ signals: SignalSource, _ log: Logger) throws(LoadFault) -> Int32? {
        do throws(SystemError) {
            let signal = try signals.take().first
            if let signal { log.info("stopping", metadata: ["signal": "\(SignalName.of(signal))"]) }
            return signal
        } catch {
            throw LoadFault(.operatingSystem, "\(error)")
        }
    }

    private static func waitForSignal(_ signals: SignalSource, _ log: Logger) throws {
        let poller = try Poller()
        try poller.add(signals.descriptor, token: 1, reading: true, writing: false)
        var ready: [Readiness] = []
        while true {
            try poller.wait(timeoutMilliseconds: -1, into: &ready)
            if let signal = try signals.take().first {
                log.info("stopping", metadata: ["signal": "\(SignalName.of(signal))"])
                return
            }
        }
    }
}
