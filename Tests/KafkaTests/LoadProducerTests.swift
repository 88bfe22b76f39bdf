import DeliveryCore
import Kafka
import KafkaTestSupport
import Testing

@Suite struct LoadProducerTests {
    @Test("A record that fails is told with its index, and the others are confirmed", .embeddedBroker("injects errors"))
    func failureHasIndex() throws {
        let topic = try TestTopic()
        let producer = try LoadProducer(
            bootstrapServers: topic.brokers, properties: [("linger.ms", "0"), ("retries", "0")])
        try producer.produce(LoadRecord(topic: topic.name, partition: 0, value: [1]))
        #expect(producer.flush(timeoutMilliseconds: 10_000))
        // ApiKey 0 is Produce, 10 is MESSAGE_TOO_LARGE, which is not retried.
        try topic.broker.pushErrors(api: 0, [10])
        let index = try producer.produce(LoadRecord(topic: topic.name, partition: 0, value: [2]))
        #expect(producer.flush(timeoutMilliseconds: 10_000))
        #expect(index == 1)
        #expect(producer.failures.map(\.index) == [1])
        #expect(producer.failures.first?.error.code == 10)
        #expect(producer.confirmedCount == 1)
        withExtendedLifetime(topic) {}
    }

    @Test("A record larger than message.max.bytes is refused at once")
    func tooLarge() throws {
        let producer = try LoadProducer(bootstrapServers: "127.0.0.1:1", properties: [("message.max.bytes", "2000")])
        let error = #expect(throws: KafkaError.self) {
            try producer.produce(
                LoadRecord(topic: "t", value: [UInt8](repeating: 0, count: 3000), headers: [("h", nil)]))
        }
        #expect(error?.name == "MSG_SIZE_TOO_LARGE")
    }

    @Test("A flush without a broker ends at its time-out and says so")
    func flushTimesOut() throws {
        let producer = try LoadProducer(bootstrapServers: "127.0.0.1:1")
        try producer.produce(LoadRecord(topic: "t", value: [1]))
        let start = ContinuousClock.now
        #expect(!producer.flush(timeoutMilliseconds: 300))
        #expect(ContinuousClock.now - start < .seconds(5))
        producer.close()
        #expect(throws: KafkaError.self) { try producer.produce(LoadRecord(topic: "t")) }
        #expect(throws: KafkaError.self) { try producer.watermarks(topic: "t", partition: 0) }
    }

    @Test("A timestamp given is the one that is read")
    func timestamp() throws {
        let topic = try TestTopic()
        try topic.producer.produce(LoadRecord(topic: topic.name, partition: 0, timestamp: 1_234_567_890_123))
        try topic.flush()
        let member = try TestMember(topic)
        member.holdsRecords = true
        try member.consumer.assignDirectly([(member.partition(0), offset: 0)])
        #expect(try member.turn(forUpTo: 10) { member.seen.count == 1 })
        let record = try #require(member.held.first)
        #expect(member.consumer.records.withFields(record.slot) { $0.timestamp } == 1_234_567_890_123)
        try member.close()
    }
}
