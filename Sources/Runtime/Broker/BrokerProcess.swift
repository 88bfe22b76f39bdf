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
            let broker = try EmbeddedBroker(topics: settings.topics.map { ($0.name, Int($0.partitions)) })
            defer { broker.stop() }
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
        } catch let error as KafkaError {
            return ServiceOutcome(.software, "the embedded broker failed: \(error)")
        } catch {
            return ServiceOutcome(.operatingSystem, "\(error)")
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
