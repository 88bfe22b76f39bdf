import Foundation
import Testing

@testable import Configuration

/// What each key becomes. The names of the tests' arguments are addresses' keys.
@Suite struct AddressKeyTests {
    private let address = AddressFixture()

    @Test("a whole address makes a whole run")
    func whole() throws {
        let settings = try address.run(
            "batch=100&maxRetry=5&batchFlush=500&retryInterval=1000&initial=newest&trpcMeta=true")
        #expect(settings.brokers == "h1:9092,h2:9092")
        #expect(settings.topics == ["t1", "t2"])
        #expect(settings.group == "g")
        #expect(settings.mode == .batch)
        #expect(settings.batchSize == 100)
        #expect(settings.batchLinger == .milliseconds(500))
        #expect(settings.maxAttempts == 6)
        #expect(settings.onExhausted == .stop)
        #expect(settings.retryBackoffInitial == .seconds(1))
        #expect(settings.retryBackoffMaximum == .seconds(1))
        #expect(settings.retryJitterPercent == 0)
        #expect(settings.from == .latest)
        #expect(settings.trpcMeta)
    }

    @Test("an address without more has tRPC-Go's defaults where they lose no record, and says where ours hold")
    func defaults() throws {
        let settings = try address.run()
        #expect(settings.mode == .message)
        #expect(settings.maxAttempts == nil)
        #expect(settings.retryBackoffInitial == .seconds(3))
        #expect(settings.retryBackoffMaximum == .seconds(3))
        #expect(settings.retryJitterPercent == 0)
        #expect(settings.from == .earliest)
        #expect(!settings.trpcMeta)
        #expect(
            settings.properties == [
                Property(name: "client.id", value: "g"),
                Property(name: "topic.metadata.refresh.interval.ms", value: "120000"),
            ])
        let notices = settings.notices.map(\.message)
        #expect(notices.count == 3, "\(notices)")
        for part in ["initial is not given", "isolationLevel is not given", "strategy sticky is cooperative-sticky"] {
            #expect(notices.contains { $0.hasPrefix(part) }, "\(part): \(notices)")
        }
        #expect(try address.run("batch=7").batchLinger == .seconds(2))
    }

    @Test(
        "a key becomes a librdkafka property",
        arguments: [
            ("clientid=me", "client.id", "me"), ("clientid=trpcgo", "client.id", "g"),
            ("strategy=sticky", "partition.assignment.strategy", "cooperative-sticky"),
            ("strategy=range", "partition.assignment.strategy", "range"),
            ("strategy=roundrobin", "partition.assignment.strategy", "roundrobin"),
            ("isolationLevel=ReadUncommitted", "isolation.level", "read_uncommitted"),
            ("isolationLevel=ReadCommitted", "isolation.level", "read_committed"),
            ("fetchDefault=524288", "fetch.message.max.bytes", "524288"),
            ("fetchMax=2000000", "fetch.max.bytes", "2000000"), ("fetchMax=1", "fetch.max.bytes", "1000000"),
            ("maxWaitTime=1000", "fetch.wait.max.ms", "1000"),
            ("metadataRefreshFrequency=60", "topic.metadata.refresh.interval.ms", "60000"),
            ("metadataRefreshFrequency=0", "topic.metadata.refresh.interval.ms", "-1"),
            ("metadataFull=T", "topic.metadata.refresh.sparse", "false"),
            ("metadataAllowAutoTopicCreation=1", "allow.auto.create.topics", "true"),
            ("groupSessionTimeout=10000", "session.timeout.ms", "10000"),
            ("netMaxOpenRequests=5", "max.in.flight", "5"),
            ("netDailTimeout=30000", "socket.connection.setup.timeout.ms", "30000"),
            ("netDailTimeout=1", "socket.connection.setup.timeout.ms", "1000"),
            ("netReadTimeout=20000&netWriteTimeout=30000", "socket.timeout.ms", "30000"),
            ("netReadTimeout=30000&netWriteTimeout=20000", "socket.timeout.ms", "30000"),
            ("netReadTimeout=30000&netWriteTimeout=30000", "socket.timeout.ms", "30000"),
            ("netWriteTimeout=20000", "socket.timeout.ms", "20000"),
            ("user=u&password=p&mechanism=PLAIN", "sasl.username", "u"),
            ("user=u&password=@p%2B&mechanism=PLAIN", "sasl.password", "@p+"),
            ("user=u&password=@@p&mechanism=PLAIN", "sasl.password", "@@p"),
            ("user=u&password=p&mechanism=scram-sha-512", "sasl.mechanism", "SCRAM-SHA-512"),
            ("user=u&password=p&mechanism=PLAIN", "security.protocol", "sasl_plaintext"),
            ("user=u&password=p&mechanism=PLAIN&protocol=SASL_SSL", "security.protocol", "sasl_ssl"),
            ("user=u&password=p&mechanism=PLAIN&protocol=sasl_Plaintext", "security.protocol", "sasl_plaintext"),
            ("protocol=SSL", "security.protocol", "ssl"), ("protocol=plaintext", "security.protocol", "plaintext"),
        ])
    func properties(more: String, name: String, value: String) throws {
        #expect(try address.property(name, more) == value)
    }

    @Test(
        "a key without an effect is accepted, and the log says why",
        arguments: [
            ("version=2.8.0", "librdkafka asks the brokers"), ("version=1.1.1.0", "librdkafka asks the brokers"),
            ("maxProcessingTime=100", "never costs the partition"), ("batchFlush=100", "no effect without batch"),
            ("metadataRetryMax=3", "has no effect"), ("metadataRetryBackoff=3", "has no effect"),
            ("groupRebalanceRetryMax=4", "has no effect"), ("topic=dlq", "producer's key"),
            ("async=1", "has no effect"),
            ("requiredAcks=1", "acks=all"), ("requiredAcks=0", "acks=all"), ("idempotent=false", "idempotently"),
            ("compression=zstd", "without --dead-letter-topic"), ("flushBytes=1", "without --dead-letter-topic"),
        ])
    func withoutEffect(more: String, part: String) throws {
        let notices = try address.notices(more)
        #expect(notices.count == 1 && notices[0].contains(part), "\(notices)")
    }

    @Test(
        "a value that does not fit is refused with the key's name",
        arguments: [
            ("topics", "a,,b"), ("topics", "a,"), ("topics", "^a"), ("topics", "a,a"), ("strategy", "Sticky"),
            ("initial", "latest"), ("isolationLevel", "read_committed"), ("discover", "polaris"),
            ("namespace", "Production"), ("batch", "many"), ("batch", "100001"), ("batchFlush", "-1"),
            ("batchFlush", "60001"), ("maxRetry", "1.5"), ("retryInterval", "-1"), ("limiterRate", "0"),
            ("limiterRate", "-1"), ("limiterRate", "NaN"), ("limiterRate", "inf"), ("limiterRate", "1e-9"),
            ("limiterBurst", "5"), ("trpcMeta", "yes"), ("maxProcessingTime", "1s"), ("fetchDefault", "0"),
            ("fetchMax", "-1"), ("maxWaitTime", "0"), ("metadataRefreshFrequency", "-1"), ("metadataFull", "on"),
            ("metadataRetryMax", "-1"), ("version", "2"), ("version", "v2.8.0"), ("groupSessionTimeout", "0"),
            ("groupRebalanceTimeout", "0"), ("netMaxOpenRequests", "0"), ("netDailTimeout", "0"),
            ("netReadTimeout", "0"), ("mechanism", "OAUTHBEARER"), ("protocol", "SASL-SSL"), ("topic", "a b"),
            ("requiredAcks", "2"), ("idempotent", "maybe"), ("compression", "brotli"), ("partitioner", "murmur2"),
            ("maxMessageBytes", "12"), ("flushMessages", "-1"), ("flushMaxMessages", "x"), ("flushBytes", "-1"),
            ("flushFrequency", "-1"), ("metadataAllowAutoTopicCreation", "x"), ("metadataRetryBackoff", "x"),
            ("groupRebalanceRetryMax", "x"), ("netWriteTimeout", "x"),
        ])
    func refused(key: String, value: String) {
        let text = key == "topics" ? "h:1?group=g&topics=\(value)" : AddressFixture.address("\(key)=\(value)")
        let found = address.fixture.complaintsExactly(["run", "--address", text] + Fixture.handler)
        #expect(!found.isEmpty)
        #expect(found.first?.hasPrefix("--address: \(key): ") == true, "\(found)")
    }

    @Test("a rate takes its burst, or one second's records")
    func rate() throws {
        #expect(try address.run("limiterRate=0.5&limiterBurst=20").rate == RateSetting(perSecond: 0.5, burst: 20))
        #expect(try address.run("limiterRate=100").rate == RateSetting(perSecond: 100, burst: 100))
        #expect(try address.run("limiterRate=1e2&limiterBurst=0").rate == RateSetting(perSecond: 100, burst: 100))
        #expect(try address.notices("limiterRate=100").first?.contains("one second's records") == true)
    }

    @Test("groupRebalanceTimeout is halved into the time for verdicts of a revoked partition")
    func rebalance() throws {
        #expect(try address.run("groupRebalanceTimeout=60000").revokeTimeout == .seconds(30))
        #expect(try address.run("groupRebalanceTimeout=9999999").revokeTimeout == .seconds(150))
    }

    @Test("names are trimmed, and the log says so")
    func trimming() throws {
        let settings = try address.fixture.runExactly(
            ["run", "--address", "a:1, b:2?topics=t1,+t2&group=g"] + Fixture.handler)
        #expect(settings.topics == ["t1", "t2"])
        #expect(settings.brokers == "a:1,b:2")
        #expect(settings.notices.filter { $0.message.contains("spaces around") }.count == 2)
    }

    @Test("keys of producers hold for dead letters where there are any")
    func producer() throws {
        let more =
            "compression=gzip&partitioner=hash&maxMessageBytes=131072&flushMessages=10&flushMaxMessages=5&flushBytes=7&flushFrequency=3"
        let settings = try address.run(more, flags: ["--dead-letter-topic", "{topic}.dlq"])
        #expect(
            settings.deadLetterProperties == [
                Property(name: "compression.codec", value: "gzip"),
                Property(name: "partitioner", value: "fnv1a_random"),
                Property(name: "message.max.bytes", value: "131072"), Property(name: "batch.num.messages", value: "5"),
                Property(name: "batch.size", value: "7"), Property(name: "linger.ms", value: "3"),
            ])
        let own = try address.run(
            "compression=gzip&flushFrequency=0",
            flags: ["--dead-letter-topic", "{topic}.dlq", "--dead-letter-producer", "compression.type=zstd"])
        #expect(own.deadLetterProperties == [Property(name: "compression.type", value: "zstd")])
        for spread in ["random", "roundrobin"] {
            let settings = try address.run("partitioner=\(spread)", flags: ["--dead-letter-topic", "{topic}.dlq"])
            #expect(settings.deadLetterProperties == [Property(name: "partitioner", value: "random")])
        }
    }

    @Test("docs/trpc.md has a row for every key, which says what it becomes")
    func documentation() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/trpc.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").map(String.init)
        for key in AddressKey.all {
            let row = "| `\(key.name)` | \(key.side.rawValue) | \(key.becomes) |"
            #expect(rows.contains(row), "missing: \(row)")
        }
        #expect(Set(AddressKey.all.map(\.name)).count == AddressKey.all.count)
        #expect(AddressKey.all.count == 47)
    }
}
