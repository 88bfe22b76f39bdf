import DeliveryCore
import Glibc
import Kafka
import KafkaTestSupport
import Testing

/// The default settings never run into the second that librdkafka sleeps when its queue is full (docs/decisions/0010).
@Suite struct FetchStallTests {
    /// A member that reads from all partitions with the properties that a plan has by default.
    func reading(_ topic: TestTopic, partitions: Int32, _ own: [(name: String, value: String)] = []) throws
        -> TestMember
    {
        let member = try TestMember(topic, FetchSettings.properties(own: own, budget: 32 << 20) + own)
        try member.consumer.assignDirectly((0..<partitions).map { (member.partition($0), offset: 0) })
        return member
    }

    /// Takes up to 500 records at a time, with a microsecond of work each, until `total` were taken; answers the times, in
    /// milliseconds, for which the queue was found empty, and how many it took.
    func drain(_ member: TestMember, _ total: Int) -> (gaps: [Int], taken: Int) {
        var (arrivals, gaps, taken): ([Arrival], [Int], Int) = ([], [], 0)
        var emptySince: Int?
        let deadline = now() + 60_000
        while taken < total, now() < deadline {
            arrivals.removeAll(keepingCapacity: true)
            member.consumer.takeRecords(upTo: 500, into: &arrivals)
            guard !arrivals.isEmpty else {
                if taken > 0, emptySince == nil { emptySince = now() }
                usleep(500)
                continue
            }
            if let since = emptySince { gaps.append(now() - since) }
            emptySince = nil
            for case .record(let record) in arrivals {
                member.consumer.records.giveBack(record.slot)
                taken += 1
            }
            usleep(UInt32(arrivals.count))
        }
        #expect(taken >= total)
        return (gaps, taken)
    }

    private func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
    }

    @Test(
        "A consumer that is slower than the fetching never finds its queue empty for long while the log has records",
        .timeLimit(.minutes(5)), arguments: [(100, 20_000), (1_024, 4_500)])
    func noStall(size: Int, each: Int) throws {
        let partitions: Int32 = 24
        let topic = try TestTopic(partitions: Int(partitions))
        try topic.fill(0...partitions - 1, count: each, size: size)
        for partition in 0..<partitions {
            try #require(topic.producer.watermarks(topic: topic.name, partition: partition).low == 0)
        }
        var seen: [[Int]] = []
        // There would be several stalls in every round, each close to a second; a busy machine's long gaps come now and
        // then.
        for _ in 1...3 {
            let member = try reading(topic, partitions: partitions)
            let gaps = drain(member, Int(partitions) * each).gaps
            let wakeUps = member.consumer.fetcherWakeUps
            print("fetch stall, \(size) B: longest gap \(gaps.max() ?? 0) ms, \(wakeUps) wake-ups")
            try member.close()
            seen.append(gaps.filter { $0 >= 300 })
            if seen.last?.count ?? 0 <= 1 { return }
        }
        Issue.record("the queue was empty for \(seen) ms, round by round")
    }

    @Test("The wake-up follows limits of the user's own")
    func ownLimits() throws {
        let topic = try TestTopic(partitions: 4)
        try topic.fill(0...3, count: 10_000, size: 100)
        var seen: [[Int]] = []
        for _ in 1...3 {
            let member = try reading(
                topic, partitions: 4, [("queued.min.messages", "1000"), ("fetch.max.bytes", "1000000")])
            seen.append(drain(member, 40_000).gaps.filter { $0 >= 300 })
            try member.close()
            if seen.last?.count ?? 0 <= 1 { return }
        }
        Issue.record("the queue was empty for \(seen) ms, round by round")
    }

    @Test("Brokers that are down are not woken again and again", .embeddedBroker("takes it down"))
    func noSpin() throws {
        let topic = try TestTopic(partitions: 4)
        try topic.fill(0...3, count: 20_000, size: 100)
        let member = try reading(topic, partitions: 4)
        let taken = drain(member, 50_000).taken
        try topic.broker.setDown(broker: 1)
        // What was fetched before is still there to be taken; then nothing is.
        _ = try member.turn(forUpTo: 1) { false }
        let before = (member.consumer.fetcherWakeUps, member.wakeUps)
        _ = try member.turn(forUpTo: 2) { false }
        #expect(member.consumer.fetcherWakeUps == before.0)
        #expect(member.wakeUps - before.1 < 200, "the loop turned \(member.wakeUps - before.1) times in two seconds")
        try topic.broker.setUp(broker: 1)
        let done = try member.turn(forUpTo: 20) { taken + member.seen.count >= 80_000 }
        #expect(done, "\(taken) and \(member.seen.count) of 80,000 after the broker is back")
        try member.close()
    }
}
