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

    /// The earliest instant at which this kind is told again; `now` where it was not told yet.
    func nextTelling(_ kind: String, now: Instant) -> Instant { lastTold[kind].map { $0 + .seconds(10) } ?? now }
}

extension Service {
    /// An error of the client: what it means for the service depends on its kind, and on whether all went well before.
    ///
    /// `about` are the partitions of the question that it answers, where it names none itself.
    func consumerFailed(_ error: KafkaError, at partition: PartitionIndex?, about partitions: [PartitionIndex] = []) {
        var facts: Logger.Metadata = ["error": "\(error)"]
        let subject = partitions.isEmpty ? "" : partitions.map(place).joined(separator: " ") + ": "
        if !subject.isEmpty { facts["kafka.partitions"] = "\(subject.dropLast(2))" }
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
                tellTrouble("authorization failed: trying again", facts.merging(["hint": "\(neededRights)"]) { $1 })
            } else {
                stop(.noPermission, "not authorized: \(subject)\(error); \(neededRights)")
            }
        case .unknownTopic:
            if hasConnected {
                tellTrouble("topic unknown: waiting for it", facts)
            } else {
                stop(
                    .configuration,
                    "topic unknown: \(subject)\(error); create it, let the principal DESCRIBE it, or use --topic-pattern to "
                        + "wait for topics to come")
            }
        case .outOfRange:
            if let partition { positionLost(partition) } else { tellTrouble("position out of range", facts) }
        case .unreadable:
            // What follows in the log would arrive as if nothing were missing, and be committed past the hole.
            if let partition {
                let position = machine.position(of: partition).map { " from offset \($0) on" } ?? ""
                stop(
                    .data,
                    "\(place(partition))\(position): records cannot be read and would be skipped: \(error); repair the log, "
                        + "or move the group's offset past them")
            } else {
                tellTrouble("Kafka client error", facts)
            }
        case .maxPollExceeded:
            tellTrouble(
                "the group membership was lost: the loop was held up for longer than max.poll.interval.ms", facts)
        case .fatal: stop(.software, "the Kafka client cannot go on: \(error)")
        case .other: tellTrouble("Kafka client error", facts)
        }
    }

    var neededRights: String { "the principal needs READ on the topic and on group '\(plan.name)'" }

    private func tellTrouble(_ message: String, _ facts: Logger.Metadata) {
        if brokerTrouble.shouldTell(message, now: now) { log.warning("\(message)", metadata: facts) }
    }

    /// `--connect-timeout` counts until the first answer from a broker about our partitions.
    var connectDeadline: Instant? {
        guard !hasConnected, !hasJoined, !hasReachedBroker, ending == nil, let timeout = plan.settings.connectTimeout
        else {
            return nil
        }
        return startedAt + Interval(timeout)
    }

    func checkConnectTimeout() {
        guard let deadline = connectDeadline, deadline <= now else { return }
        // A broker was reached, and the group is being joined, which may take a session: that is no lack of brokers.
        if source.hasReachedBroker {
            hasReachedBroker = true
            return
        }
        stop(
            .unavailable,
            "no answer from \(plan.settings.brokers) within --connect-timeout; look at -b, at the listener's advertised "
                + "address and at the network")
    }

    /// When a start that brings no partition and no error is worth a line: some refusals are retried by librdkafka without a
    /// word, and nothing may stop silently.
    var patienceDeadline: Instant? {
        guard !hasConnected, !hasJoined, ending == nil, !machine.isDraining else { return nil }
        return max(startedAt + .seconds(10), brokerTrouble.nextTelling(Self.longWait, now: now))
    }

    private static let longWait = "still waiting for the brokers to assign partitions"

    func tellLongWait() {
        guard let deadline = patienceDeadline, deadline <= now else { return }
        tellTrouble(
            Self.longWait,
            [
                "brokers": "\(plan.settings.brokers)", "group": "\(plan.name)",
                "waited.ms": "\(milliseconds(now - startedAt))",
                "hint":
                    "a group that is rebalancing, a coordinator that is not available, or a leader that is not elected",
            ])
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
