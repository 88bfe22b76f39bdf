import Configuration
import DeliveryCore
import Kafka
import Logging

/// Keeps one kind of trouble from filling the log: told when it begins and at most every ten seconds while it lasts.
struct TroubleReport {
    private var lastTold: [String: Instant] = [:]

    mutating func shouldTell(_ kind: String, now: Instant) -> Bool {
        if let last = lastTold[kind], now - last < .seconds(10) { return false }
        lastTold[kind] = now
        return true
    }
}

extension Service {
    /// An error of the client: what it means for the service depends on its kind, and on whether all went well before.
    func consumerFailed(_ error: KafkaError, at partition: PartitionIndex?) {
        var facts: Logger.Metadata = ["error": "\(error)"]
        if let partition { facts["kafka.partition"] = "\(place(partition))" }
        switch error.kind {
        case .brokerUnreachable:
            tellTrouble(
                "broker not reachable: waiting for it", facts.merging(["brokers": "\(plan.settings.brokers)"]) { $1 })
        case .authentication:
            if hasConnected {
                tellTrouble("authentication failed: trying again", facts)
            } else {
                stop(.noPermission, "authentication failed: \(error); look at -X sasl.* and -X ssl.*")
            }
        case .authorization:
            if hasConnected {
                tellTrouble("authorization failed: trying again", facts)
            } else {
                stop(
                    .noPermission,
                    "not authorized: \(error); the principal needs READ on the topic and on group '\(plan.name)'")
            }
        case .unknownTopic:
            if hasConnected {
                tellTrouble("topic unknown: waiting for it", facts)
            } else {
                stop(
                    .configuration,
                    "topic unknown: \(error); create it, or use --topic-pattern to wait for topics to come")
            }
        case .outOfRange:
            if let partition { positionLost(partition) } else { tellTrouble("position out of range", facts) }
        case .maxPollExceeded:
            tellTrouble(
                "the group membership was lost: the loop was held up for longer than max.poll.interval.ms", facts)
        case .fatal: stop(.software, "the Kafka client cannot go on: \(error)")
        case .other: tellTrouble("Kafka client error", facts)
        }
    }

    private func tellTrouble(_ message: String, _ facts: Logger.Metadata) {
        if brokerTrouble.shouldTell(message, now: now) { log.warning("\(message)", metadata: facts) }
    }

    /// `--connect-timeout` counts until the first answer from a broker about our partitions.
    var connectDeadline: Instant? {
        guard !hasConnected, ending == nil, let timeout = plan.settings.connectTimeout else { return nil }
        return startedAt + Interval(timeout)
    }

    func checkConnectTimeout() {
        guard let deadline = connectDeadline, deadline <= now else { return }
        stop(
            .unavailable,
            "no answer from \(plan.settings.brokers) within --connect-timeout; look at -b, at the listener's advertised "
                + "address and at the network")
    }

    /// librdkafka's own log; syslog(3) levels.
    func clientLogged(_ level: Int32, _ facility: String, _ text: String) {
        let facts: Logger.Metadata = ["facility": "\(facility)", "text": "\(text)"]
        switch level {
        case ...3: tellTrouble("librdkafka reports an error", facts)
        case 4: log.debug("librdkafka warns", metadata: facts)
        default: log.debug("librdkafka", metadata: facts)
        }
    }
}
