import DeliveryCore
import Kafka
import Testing

@Suite struct DeadLetterRecordTests {
    private func letters(_ records: [[(name: String, value: [UInt8]?)]]) throws -> [DeadLetterRecord] {
        let office = try LetterOffice(
            records.map {
                LoadRecord(topic: "t", partition: 0, key: [0x6B], value: [1], headers: $0, timestamp: 1_795_266_000_000)
            })
        let letters = office.source.held.map { DeadLetterRecord($0.slot, of: office.source.consumer.records) }
        try office.close()
        return letters
    }

    @Test("A letter is read as it was written, by ackpipe or by Spring's recoverer")
    func read() throws {
        let own = DeadLetterHeaderTests.reason(error: "no \u{20AC}").headers().map { ($0.name, Optional($0.value)) }
        let spring: [(name: String, value: [UInt8]?)] = [
            ("kafka_dlt-original-topic", Array("orders".utf8)), ("kafka_dlt-original-partition", [0, 0, 0, 7]),
            ("kafka_dlt-original-timestamp", [0, 0, 0, 0, 0, 0, 1, 0]),
            ("kafka_dlt-exception-fqcn", Array("java.lang.IllegalStateException".utf8)),
            ("kafka_dlt-exception-message", Array("broken".utf8)),
            ("kafka_dlt-exception-stacktrace", Array("at ...".utf8)),
        ]
        let found = try letters([own + [("ackpipe.replays", Array("3".utf8))], spring])
        try #require(found.count == 2)
        #expect(found[0].originalTopic == "orders" && found[0].originalPartition == 258)
        #expect(found[0].error == "no \u{20AC}" && found[0].causes == ["exhausted", "ackpipe.exhausted"])
        #expect(found[0].replays == 3 && found[0].keyText == "k" && found[0].time == 1_795_266_000_000)
        #expect(found[1].originalTopic == "orders" && found[1].originalPartition == 7)
        #expect(found[1].originalTimestamp == 256 && found[1].error == "broken" && found[1].replays == 0)
        #expect(found[1].causes == ["java.lang.IllegalStateException"])
    }

    @Test("Rubbish in a letter's headers is as good as none, and the last of several counts")
    func rubbish() throws {
        let found = try letters([
            [
                ("kafka_dlt-original-topic", [0xFF]), ("kafka_dlt-original-partition", [1]),
                ("kafka_dlt-original-timestamp", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
                ("ackpipe.replays", Array("-5".utf8)), ("ackpipe.error", nil),
            ],
            [
                ("kafka_dlt-original-topic", Array("first".utf8)), ("kafka_dlt-original-topic", Array("last".utf8)),
                ("ackpipe.replays", Array("99999999999999999999".utf8)),
            ], [],
        ])
        try #require(found.count == 3)
        #expect(found[0].originalTopic == nil && found[0].originalPartition == nil)
        #expect(found[0].originalTimestamp == nil && found[0].replays == 0 && found[0].error.isEmpty)
        #expect(found[1].originalTopic == "last" && found[1].replays == 0)
        #expect(found[2].originalTopic == nil && found[2].error.isEmpty && !found[2].isDamaged)
    }
}
