import Testing

@testable import Kafka

@Suite struct FetchSettingsTests {
    typealias Properties = [(name: String, value: String)]
    static let old: Int32 = 0x0200_02ff
    static let lastWithout: Int32 = 0x0201_01ff
    static let firstWith: Int32 = 0x0202_00ff

    func chosen(_ own: Properties = [], budget: Int = 32 << 20, _ version: Int32 = old) -> [String: String] {
        let chosen = FetchSettings.properties(own: own, budget: budget, version: version)
        return Dictionary(uniqueKeysWithValues: chosen.map { ($0.name, $0.value) })
    }

    @Test func theSleepOfAFullQueueIsShortWhereLibrdkafkaHasAPropertyForIt() {
        #expect(chosen([], FetchSettingsTests.firstWith)["fetch.queue.backoff.ms"] == "5")
        #expect(chosen([], FetchSettingsTests.lastWithout)["fetch.queue.backoff.ms"] == nil)
        #expect(FetchSettings.wakeUps([], version: FetchSettingsTests.firstWith) == nil)
        #expect(FetchSettings.wakeUps([], version: FetchSettingsTests.lastWithout) != nil)
    }

    func chosen(_ own: Properties, _ version: Int32) -> [String: String] { chosen(own, budget: 32 << 20, version) }

    @Test func whatTheUserSaysIsNotSaidOnceMore() {
        let names = chosen([], FetchSettingsTests.firstWith).keys
        for name in names {
            let rest = chosen([(name, "1")], FetchSettingsTests.firstWith)
            #expect(rest[name] == nil)
            #expect(Set(rest.keys) == Set(names).subtracting([name]))
        }
        #expect(chosen([("max.partition.fetch.bytes", "1")])["fetch.message.max.bytes"] == nil, "another name for it")
    }

    @Test(arguments: [1 << 22, 32 << 20, 1 << 30, 1 << 40], [old, firstWith])
    func theBudgetBoundsQueueAndResponseAndLibrdkafkaTakesTheValues(budget: Int, version: Int32) throws {
        let chosen = chosen([], budget: budget, version)
        let queued = try #require(chosen["queued.max.messages.kbytes"].flatMap { Int($0) }) << 10
        let response = try #require(chosen["fetch.max.bytes"].flatMap { Int($0) })
        #expect(queued + response <= budget)
        #expect(response >= 1_000_000, "message.max.bytes is a million by default")
        var properties: Properties = chosen.map { ($0.key, $0.value) }
        if ClientLibrary.versionNumber < 0x0202_0000 { properties.removeAll { $0.name == "fetch.queue.backoff.ms" } }
        let consumer = try Consumer(
            properties: [("bootstrap.servers", "localhost:1"), ("group.id", "g")] + properties, wake: 2)
        consumer.finish()
    }

    @Test(arguments: [("message.max.bytes", "10000000"), ("receive.message.max.bytes", "2000000")])
    func aUsersMessageSizeDoesNotContradictTheResponses(name: String, value: String) throws {
        let own = [(name: name, value: value)]
        #expect(chosen(own)["fetch.max.bytes"] == nil)
        let consumer = try Consumer(
            properties: [("bootstrap.servers", "localhost:1"), ("group.id", "g"), ("fetch.max.bytes", "1500000")].filter
            { name != "message.max.bytes" || $0.0 != "fetch.max.bytes" }
                + FetchSettings.properties(own: own + [("fetch.max.bytes", "")], budget: 32 << 20) + own, wake: 2)
        consumer.finish()
    }

    @Test func theWakeUpAdaptsToTheUsersLimits() {
        let found = FetchSettings.wakeUps(
            [("queued.min.messages", "10"), ("queued.min.messages", "200"), ("queued.max.messages.kbytes", "4")],
            version: FetchSettingsTests.old)
        #expect(found?.schedule == WakeUpSchedule(queuedRecords: 200, queuedBytes: 4_096))
        let unsaid = FetchSettings.wakeUps([], version: FetchSettingsTests.old)
        #expect(unsaid?.schedule == WakeUpSchedule(queuedRecords: 100_000, queuedBytes: 65_536 << 10))
    }

    @Test func theCredentialsOfTheWakeUpAreThoseThatAreSet() {
        let pair: Properties = [("sasl.username", "u"), ("sasl.password", "p")]
        let sasl: Properties = [("security.protocol", "SASL_SSL")]
        func credentials(_ properties: Properties) -> FetchSettings.Credentials? {
            FetchSettings.wakeUps(properties, version: FetchSettingsTests.old)?.credentials
        }
        #expect(credentials(sasl + pair + [("sasl.mechanism", "PLAIN")])?.user == "u")
        #expect(credentials(sasl + pair + [("sasl.mechanism", "PLAIN")])?.password == "p")
        #expect(credentials(pair)?.user == "u")
        #expect(credentials([])?.user == "")
        #expect(credentials([("security.protocol", "ssl")])?.password == "")
        #expect(credentials(sasl + [("sasl.mechanisms", "OAUTHBEARER")])?.user == "")
    }

    @Test func withKerberosNothingIsWokenAndTheQueueIsLargerInstead() {
        let kerberos: Properties = [("security.protocol", "sasl_plaintext"), ("sasl.mechanisms", "GSSAPI")]
        #expect(FetchSettings.wakeUps(kerberos, version: FetchSettingsTests.old) == nil)
        #expect(chosen(kerberos)["queued.min.messages"] == "1000000")
        #expect(chosen(kerberos, FetchSettingsTests.firstWith)["queued.min.messages"] == "40000")
    }
}
