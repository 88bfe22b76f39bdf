/// How much librdkafka fetches ahead, and what keeps it fetching (docs/decisions/0010).
///
/// When the local queue is over `queued.min.messages` or `queued.max.messages.kbytes`, librdkafka's broker threads stop
/// fetching and sleep, a second by default; nothing wakes them when the queue drains. From 2.2.0 on
/// `fetch.queue.backoff.ms` says how long they sleep; before, the consumer wakes them (`WakeUpSchedule`).
package enum FetchSettings {
    /// librdkafka 2.2.0, in its own form `0xMMmmrrxx`: the first that has `fetch.queue.backoff.ms`.
    private static let firstWithBackoff: Int32 = 0x0202_0000

    /// Records that wait in the local queue before librdkafka stops fetching: 40 ms of work at a million a second, and
    /// 25 MB with librdkafka's structures for each.
    private static let queuedRecords = 40_000
    /// The bytes that such a structure and a small record take.
    private static let bytesEach = 800
    /// The sleep of a full queue, in milliseconds: short enough for half of the queue not to drain in it, long enough
    /// to cost nothing where a slow handler keeps the queue full for hours.
    private static let backoff = 5

    /// The properties that a consumer gets where the user does not say otherwise (`own`, whose names are left out).
    ///
    /// `budget` is what the queue and one response of a broker may take, in bytes; `version` is librdkafka's, as
    /// `rd_kafka_version` tells it.
    package static func properties(
        own: [(name: String, value: String)], budget: Int, version: Int32 = ClientLibrary.versionNumber
    ) -> [(name: String, value: String)] {
        let half = budget / 2
        // Bounded by librdkafka's own range, 1 to 2,097,151.
        var queuedKilobytes = min(max(1_024, half / 1_024), 2_097_151)
        var records = min(queuedRecords, max(2_000, budget / bytesEach))
        var chosen: [(name: String, value: String)] = [
            // A record that is held pins the whole response it came in.
            ("fetch.message.max.bytes", "262144")
        ]
        if version >= firstWithBackoff {
            chosen.append(("fetch.queue.backoff.ms", String(backoff)))
        } else if Credentials(own) == nil {
            // Nothing can wake the fetchers: then the queue should rarely be full.
            records = 1_000_000
            queuedKilobytes *= 2
        }
        chosen.append(("queued.min.messages", String(records)))
        chosen.append(("queued.max.messages.kbytes", String(queuedKilobytes)))
        let names = Set(own.map(\.name))
        // librdkafka refuses a fetch.max.bytes below message.max.bytes or over receive.message.max.bytes, and finds one
        // by itself where none is given.
        if names.isDisjoint(with: ["message.max.bytes", "receive.message.max.bytes"]) {
            chosen.append(("fetch.max.bytes", String(min(max(1_048_576, half), 4_194_304))))
        }
        if names.contains("max.partition.fetch.bytes") { chosen.removeAll { $0.name == "fetch.message.max.bytes" } }
        return chosen.filter { !names.contains($0.name) }
    }

    /// When to wake the fetchers of a client that is configured with `properties`; nil where it needs no waking, or
    /// cannot be woken.
    static func wakeUps(
        _ properties: [(name: String, value: String)], version: Int32 = ClientLibrary.versionNumber
    ) -> (schedule: WakeUpSchedule, credentials: Credentials)? {
        guard version < firstWithBackoff, let credentials = Credentials(properties) else { return nil }
        // librdkafka's defaults, where a property is not set.
        let records = value("queued.min.messages", properties).flatMap { Int($0) } ?? 100_000
        let kilobytes = value("queued.max.messages.kbytes", properties).flatMap { Int($0) } ?? 65_536
        return (WakeUpSchedule(queuedRecords: records, queuedBytes: kilobytes << 10), credentials)
    }

    fileprivate static func value(_ name: String, _ properties: [(name: String, value: String)]) -> String? {
        properties.last { $0.name == name }?.value
    }

    /// What `rd_kafka_sasl_set_credentials` may be given so that it changes nothing.
    struct Credentials: Equatable {
        let user: String
        let password: String

        /// Nil where there is no such pair: SASL without a name and a password, by a mechanism that may look at the name
        /// (Kerberos).
        init?(_ properties: [(name: String, value: String)]) {
            let security = FetchSettings.value("security.protocol", properties)?.lowercased() ?? "plaintext"
            let mechanism = properties.last { $0.name == "sasl.mechanisms" || $0.name == "sasl.mechanism" }?.value
            user = FetchSettings.value("sasl.username", properties) ?? ""
            password = FetchSettings.value("sasl.password", properties) ?? ""
            let isPair = !user.isEmpty && !password.isEmpty
            guard isPair || !security.hasPrefix("sasl") || mechanism?.uppercased() == "OAUTHBEARER" else { return nil }
        }
    }
}
