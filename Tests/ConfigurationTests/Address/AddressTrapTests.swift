import Testing

@testable import Configuration

/// The traps of tRPC-Go's consumer that a configuration can fall into; docs/trpc.md lists all of them by these numbers.
@Suite struct AddressTrapTests {
    private let address = AddressFixture()

    @Test("1: batchFlush is the linger of each batch, not a ticker, and none at all is allowed")
    func linger() throws {
        #expect(try address.run("batch=10&batchFlush=250").batchLinger == .milliseconds(250))
        #expect(try address.run("batch=10&batchFlush=0").batchLinger == .zero)
    }

    @Test("3: a limiter without a burst delivers, and a burst without a rate is refused instead of stopping for ever")
    func limiter() throws {
        #expect(try address.run("limiterRate=0.5").rate?.burst == 1)
        #expect(
            address.complaints("limiterBurst=10")
                == ["--address: limiterBurst: needs limiterRate; alone it would stop after the burst for ever"])
    }

    @Test("4: the time for verdicts at a rebalance is shorter than the rebalance")
    func rebalance() throws {
        #expect(try address.run("groupRebalanceTimeout=20000").revokeTimeout == .seconds(10))
    }

    @Test("6, 7: idempotence and acks of dead letters are ours")
    func producer() throws {
        for more in ["idempotent=true", "requiredAcks=1", "async=1"] {
            let settings = try address.run(more, flags: ["--dead-letter-topic", "{topic}.dlq"])
            #expect(settings.deadLetterProperties == [])
        }
    }

    @Test("8: hash spreads records without a key")
    func nullKeys() throws {
        let settings = try address.run("partitioner=hash", flags: ["--dead-letter-topic", "{topic}.dlq"])
        #expect(settings.deadLetterProperties == [Property(name: "partitioner", value: "fnv1a_random")])
    }

    @Test("11: fetch limits are soft, and the log says so")
    func oversize() throws {
        #expect(try address.notices("fetchMax=1048576").first?.contains("never skipped") == true)
    }

    @Test("12: newest is said to skip what a new partition holds before it is found")
    func newest() throws {
        #expect(try address.notices("initial=newest").first?.contains("new partition") == true)
        #expect(try address.property("topic.metadata.refresh.interval.ms") == "120000")
    }

    @Test("14: maxProcessingTime does not become a limit")
    func processingTime() throws {
        #expect(try address.run("maxProcessingTime=100").ackTimeout == .seconds(300))
    }

    @Test("16: headers are added to each message on demand")
    func meta() throws {
        #expect(try address.run("trpcMeta=1").trpcMeta)
        #expect(try !address.run("trpcMeta=0").trpcMeta)
    }

    @Test("17: records whose attempts are used up do not vanish into a log line")
    func exhausted() throws {
        for (retries, attempts) in [("5", 6), ("1", 2), ("-1", 1)] {
            let settings = try address.run("maxRetry=\(retries)")
            #expect(settings.maxAttempts == attempts)
            #expect(settings.onExhausted == .stop)
            let notice = try address.notices("maxRetry=\(retries)").first
            #expect(notice?.contains("tRPC-Go would mark it as done, which loses it") == true)
        }
        #expect(try address.run("maxRetry=0").maxAttempts == nil)
        #expect(try address.run("maxRetry=5", flags: ["--dead-letter-topic", "dlq"]).onExhausted == .deadLetter)
    }

    @Test("18: a new group begins at the earliest record unless newest is written down")
    func surprisingDefaults() throws {
        let settings = try address.run()
        #expect(settings.from == .earliest)
        #expect(settings.notices.contains { $0.weight == .warning && $0.message.contains("initial=newest") })
        #expect(
            try address.run("initial=newest").notices.contains { $0.message.contains("is not given: without") } == false
        )
    }
}
