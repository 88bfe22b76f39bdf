import Kafka
import KafkaTestSupport
import Testing

@Suite struct LoadBudgetTests {
    @Test(
        "A load up to the budget is kept whole by the broker, whatever the size of its records",
        .embeddedBroker("measures the log that it keeps"),
        arguments: [
            1, 100, 1000, 100_000,
        ])
    func fits(size: Int) throws {
        let topic = try TestTopic()
        var budget = LoadBudget(topics: [("t", 1)])
        var count: Int64 = 0
        while true {
            var record = LoadRecord(
                topic: "t", key: [1], value: [UInt8](repeating: 1, count: size), headers: [("h", [2])])
            do { try budget.add(&record) } catch { break }
            try topic.producer.produce(record)
            count += 1
        }
        try topic.flush()
        let marks = try topic.producer.watermarks(topic: "t", partition: 0)
        #expect(marks.low == 0, "the broker dropped \(marks.low) of \(count) records")
        #expect(marks.high == count)
        #expect(budget.used(topic: "t", partition: 0) > 4_900_000)
    }

    @Test(
        "Without the budget the broker would drop the oldest records: the limit is real",
        .embeddedBroker("measures the log that it keeps"))
    func limitIsReal() throws {
        let topic = try TestTopic()
        for _ in 0..<(LoadBudget.limit / 100_000 + 2) {
            try topic.producer.produce(
                LoadRecord(topic: "t", partition: 0, value: [UInt8](repeating: 1, count: 100_000)))
        }
        try topic.flush()
        #expect(try topic.producer.watermarks(topic: "t", partition: 0).low > 0)
    }

    @Test("What does not fit is refused with size and limit, and counts nothing")
    func refusal() throws {
        var budget = LoadBudget(topics: [("t", 1)])
        var record = LoadRecord(topic: "t", value: [UInt8](repeating: 1, count: LoadBudget.limit))
        let refusal = #expect(throws: LoadBudget.Refusal.self) { try budget.add(&record) }
        #expect(refusal?.description.contains("t [0]: \(record.encodedSize) bytes do not fit") == true)
        #expect(budget.used(topic: "t", partition: 0) == 0)
        #expect(record.partition == nil)
    }

    @Test("A topic and a partition that do not exist are refused by name")
    func unknown() throws {
        var budget = LoadBudget(topics: [("t", 2)])
        var elsewhere = LoadRecord(topic: "other")
        let topic = #expect(throws: LoadBudget.Refusal.self) { try budget.add(&elsewhere) }
        #expect(topic?.description.contains("\"other\"") == true)
        var outside = LoadRecord(topic: "t", partition: 2)
        let partition = #expect(throws: LoadBudget.Refusal.self) { try budget.add(&outside) }
        #expect(partition?.description.contains("2 partitions (0 to 1), not 2") == true)
    }

    @Test("Records without a key go where the least is; a key always goes to the same partition")
    func placing() throws {
        var budget = LoadBudget(topics: [("t", 4)])
        var places: Set<Int32> = []
        for _ in 0..<4 {
            var record = LoadRecord(topic: "t", value: [1])
            try budget.add(&record)
            places.insert(try #require(record.partition))
        }
        #expect(places == [0, 1, 2, 3])
        var sameKey: Set<Int32> = []
        for _ in 0..<10 {
            var record = LoadRecord(topic: "t", key: Array("k".utf8))
            try budget.add(&record)
            sameKey.insert(try #require(record.partition))
        }
        #expect(sameKey.count == 1)
    }
}
