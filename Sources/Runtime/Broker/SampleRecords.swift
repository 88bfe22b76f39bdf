package import Kafka

/// Records for a first look: orders as JSON, keyed by customer.
package enum SampleRecords {
    /// Writes `count` of them and waits until the broker has confirmed each.
    package static func write(_ count: Int, topic: String, to brokers: String) throws(KafkaError) {
        let producer = try LoadProducer(bootstrapServers: brokers)
        defer { producer.close() }
        let goods = ["tea", "bread", "salt", "paper", "ink"]
        for number in 0..<count {
            let value = "{\"order\":\(number),\"item\":\"\(goods[number % goods.count])\",\"pieces\":\(1 + number % 7)}"
            try producer.produce(
                LoadRecord(
                    topic: topic, key: Array("customer-\(number % 10)".utf8), value: Array(value.utf8),
                    headers: [("type", Array("order".utf8))]))
        }
        guard producer.flush(timeoutMilliseconds: 10_000), let failure = producer.failures.first else { return }
        throw failure.error
    }
}
