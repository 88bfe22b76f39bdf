import DeliveryCore
import Kafka
import KafkaTestSupport
import Testing

@Suite(.embeddedBroker("injects errors, and has topics of given names")) struct DeadLetterWriterTests {
    @Test(
        "A letter has the record's key, value and headers, null, empty and repeated ones too, then those that say why")
    func sameRecord() throws {
        let office = try LetterOffice()
        let shapes = RecordStoreTests.shapes
        // Half of them from copies of our own: the bytes then lie elsewhere.
        for index in shapes.indices {
            if index % 2 == 0 { office.source.consumer.records.copyOut(office.source.held[index].slot) }
            try office.write(index, headers: [("ackpipe.cause", Array("\(index)".utf8)), ("ackpipe.error", [])])
        }
        // At once: the letters must not need the slots any more.
        office.source.giveBackHeld()
        #expect(office.awaitReports(shapes.count), "\(office.reports)")
        #expect(office.reports.allSatisfy { $0.error == nil }, "\(office.reports)")
        #expect(Set(office.reports.map(\.token)) == Set((0..<UInt64(shapes.count))))
        #expect(office.writer.pendingCount == 0)
        let letters = try office.letters(shapes.count)
        for (index, record) in shapes.enumerated() {
            let letter = try #require(letters.first { $0.header("ackpipe.cause") == Array("\(index)".utf8) })
            #expect(letter.key == record.key)
            #expect(letter.value == record.value)
            let own = record.headers.map { Seen.Header(name: $0.name, value: $0.value) }
            #expect(Array(letter.headers.prefix(own.count)) == own)
            #expect(
                letter.headers.dropFirst(own.count).map(\.name) == [
                    "ackpipe.cause", "ackpipe.error", "kafka_dlt-original-timestamp",
                    "kafka_dlt-original-timestamp-type",
                ])
            #expect(letter.header("kafka_dlt-original-timestamp-type") == Array("CreateTime".utf8))
        }
        try office.close()
    }

    @Test("Letters of one key go to one partition, that of Java's default partitioner")
    func partition() throws {
        // murmur2("21") = -973932308, ("foobar") = -790332482: org.apache.kafka.common.utils.UtilsTest.testMurmur2.
        let records = ["21", "foobar", "21", "foobar"].map {
            LoadRecord(topic: "t", partition: 0, key: Array($0.utf8), value: [1])
        }
        let office = try LetterOffice(records)
        for index in records.indices { try office.write(index) }
        #expect(office.awaitReports(4))
        for letter in try office.letters(4) {
            let hash: Int32 = letter.key == Array("21".utf8) ? -973_932_308 : -790_332_482
            #expect(letter.partition == (hash & Int32.max) % 4)
        }
        try office.close()
    }

    @Test("Explanations of an earlier dead letter are replaced; the count of replays stays")
    func explanationsAreReplaced() throws {
        let office = try LetterOffice([
            LoadRecord(
                topic: "t", partition: 0, value: [1],
                headers: [
                    ("kafka_dlt-original-topic", [9]), ("ackpipe.stderr", [9]), ("ackpipe.replays", [0x32]),
                    ("kafka_dlt-exception-stacktrace", [9]), ("own", [7]),
                ], timestamp: 1_700_000_000_123)
        ])
        try office.write(0, headers: [("kafka_dlt-original-topic", [0x74])])
        #expect(office.awaitReports(1))
        let letter = try #require(try office.letters(1).first)
        #expect(
            letter.headers.map(\.name) == [
                "ackpipe.replays", "own", "kafka_dlt-original-topic", "kafka_dlt-original-timestamp",
                "kafka_dlt-original-timestamp-type",
            ])
        #expect(letter.header("kafka_dlt-original-topic") == [0x74])
        #expect(letter.header("kafka_dlt-original-timestamp") == [0, 0, 0x01, 0x8B, 0xCF, 0xE5, 0x68, 0x7B])
        try office.close()
    }

    @Test("What is put back has lost the explanations and counts its replays")
    func putBack() throws {
        let office = try LetterOffice([
            LoadRecord(
                topic: "t", partition: 0, key: [5], value: nil,
                headers: [
                    ("own", nil), ("ackpipe.replays", [0x31]), ("kafka_dlt-original-topic", [9]), ("own", []),
                    ("ackpipe.error", [9]),
                ])
        ])
        try office.writer.putBack(
            office.source.held[0].slot, of: office.source.consumer.records, topic: "dlq", partition: 3,
            timestamp: 1_700_000_000_000, replays: 2, token: 0)
        #expect(office.awaitReports(1))
        let record = try #require(try office.letters(1).first)
        #expect(record.partition == 3)
        #expect(record.key == [5] && record.value == nil)
        #expect(
            record.headers == [
                Seen.Header(name: "own", value: nil), Seen.Header(name: "own", value: []),
                Seen.Header(name: "ackpipe.replays", value: [0x32]),
            ])
        try office.close()
    }

    @Test("A refusal that no retry heals is reported with its token, and the writer goes on")
    func refusal() throws {
        let office = try LetterOffice()
        // MESSAGE_TOO_LARGE.
        try office.topic.broker.pushErrors(api: 0, [10])
        try office.write(0)
        #expect(office.awaitReports(1), "no report after 10 s")
        #expect(office.reports.first?.token == 0)
        #expect(office.reports.first?.error?.isRecordTooLarge == true, "\(office.reports)")
        try office.write(2)
        #expect(office.awaitReports(2))
        #expect(office.reports.last?.token == 2)
        #expect(
            office.reports.last?.error == nil,
            "\(office.reports); fatal: \(String(describing: office.writer.fatalError))")
        try office.close()
    }

    @Test("Errors that pass are healed without a duplicate")
    func passingErrors() throws {
        let office = try LetterOffice()
        // NOT_LEADER_FOR_PARTITION, REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS. No closed connection: what the embedded broker
        // has appended when it closes comes again, since it does not know a producer's sequence numbers as a real one does.
        try office.topic.broker.pushErrors(api: 0, [6, 7, 19])
        for index in 0..<6 { try office.write(index) }
        #expect(office.awaitReports(6, forUpTo: 20), "\(office.reports)")
        #expect(office.reports.allSatisfy { $0.error == nil }, "\(office.reports)")
        #expect(try office.letters(6).count == 6)
        try office.close()
    }

    @Test("While the broker is down a letter fails within message.timeout.ms, and works when it is back")
    func brokerDown() throws {
        let office = try LetterOffice(RecordStoreTests.shapes, [("message.timeout.ms", "1000")])
        try office.topic.broker.setDown(broker: 1)
        try office.write(0)
        #expect(office.awaitReports(1, forUpTo: 8), "no report after 8 s")
        #expect(office.reports.first?.error?.name == "_MSG_TIMED_OUT", "\(office.reports)")
        try office.topic.broker.setUp(broker: 1)
        let start = ContinuousClock.now
        while office.reports.last?.error != nil, ContinuousClock.now - start < .seconds(20) {
            try office.write(0)
            _ = office.awaitReports(office.reports.count + 1, forUpTo: 5)
        }
        #expect(office.reports.last?.error == nil, "\(office.reports)")
        #expect(office.writer.fatalError == nil)
        try office.close()
    }

    @Test("A full queue is an error of write, and nothing was queued")
    func queueFull() throws {
        let office = try LetterOffice(
            RecordStoreTests.shapes, [("queue.buffering.max.messages", "2"), ("linger.ms", "20000")])
        try office.write(0)
        try office.write(1)
        let error = #expect(throws: KafkaError.self) { try office.write(2) }
        #expect(error?.name == "_QUEUE_FULL")
        #expect(office.writer.pendingCount == 2)
        office.writer.close(within: 10_000)
        office.pollReports()
        #expect(office.reports.map(\.token).sorted() == [0, 1])
        #expect(office.reports.allSatisfy { $0.error == nil })
        try office.close()
    }

    @Test("Closing sends what lingers; what is not confirmed in time is reported as failed, and nothing can be written")
    func close() throws {
        let office = try LetterOffice()
        try office.write(0)
        office.writer.close(within: 5_000)
        office.pollReports()
        #expect(office.reports.map { $0.error } == [nil])
        #expect(throws: KafkaError.self) { try office.write(1) }

        let stuck = try LetterOffice()
        try stuck.topic.broker.setDown(broker: 1)
        try stuck.write(0)
        let start = ContinuousClock.now
        stuck.writer.close(within: 300)
        #expect(ContinuousClock.now - start < .seconds(4))
        stuck.pollReports()
        #expect(stuck.reports.map(\.token) == [0])
        #expect(stuck.reports.first?.error != nil)
        try office.close()
        try stuck.close()
    }

    @Test("A fatal error is told, all that was queued is reported, and a new writer works")
    func fatal() throws {
        let office = try LetterOffice()
        // INVALID_PRODUCER_EPOCH and OUT_OF_ORDER_SEQUENCE_NUMBER: the latter, for a record that is not a resend, means
        // that the log is not what the producer believes.
        try office.topic.broker.pushErrors(api: 0, [45, 45, 45, 45])
        for index in 0..<3 { try office.write(index) }
        #expect(office.awaitReports(3, forUpTo: 20), "\(office.reports)")
        #expect(office.writer.fatalError != nil, "\(office.reports)")
        #expect(office.writer.fatalError?.kind == .fatal)
        #expect(office.reports.allSatisfy { $0.error != nil })
        let error = #expect(throws: KafkaError.self) { try office.write(0) }
        #expect(error?.kind == .fatal, "\(String(describing: error))")
        #expect(office.notices.contains { if case .failed(nil, let error) = $0 { error.isFatal } else { false } })
        try office.topic.broker.clearErrors(api: 0)
        office.writer.close(within: 0)
        let next = try DeadLetterWriter(
            properties: [("bootstrap.servers", office.topic.brokers)], wake: office.source.wakeWriting)
        try next.write(
            office.source.held[0].slot, of: office.source.consumer.records, topic: "dlq", headers: [], token: 9)
        next.close(within: 10_000)
        var reports: [DeadLetterWriter.Report] = []
        next.poll(into: &reports)
        #expect(reports.map(\.token) == [9] && reports.allSatisfy { $0.error == nil }, "\(reports)")
        try office.close()
    }

    @Test("An unknown property is refused by name, and acks cannot be weakened")
    func properties() throws {
        let error = #expect(throws: KafkaError.self) {
            try DeadLetterWriter(properties: [("no.such.property", "1")], wake: -1)
        }
        #expect(error?.message.contains("no.such.property") == true)
        let office = try LetterOffice(RecordStoreTests.shapes, [("acks", "0"), ("enable.idempotence", "false")])
        // With acks=0 this error would not even be seen.
        try office.topic.broker.pushErrors(api: 0, [10])
        try office.write(0)
        #expect(office.awaitReports(1))
        #expect(office.reports.first?.error != nil)
        try office.close()
    }
}
