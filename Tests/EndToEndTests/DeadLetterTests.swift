import Foundation
import Kafka
import KafkaTestSupport
import Testing

@Suite("What a dead letter holds")
struct DeadLetterTests {
    private static let rejecting = """
        serve(lambda record: {"action": "reject", "error": "no such order"})
        """

    /// Records that are easily damaged on the way.
    private static let shapes: [LoadRecord] = [
        LoadRecord(
            topic: "t", partition: 0, key: Array("k1".utf8), value: [0xFF, 0x00, 0x01, 0xFE],
            headers: [
                ("trace", Array("a".utf8)), ("bytes", [0xC3, 0x28, 0x00]), ("trace", Array("b".utf8)), ("empty", []),
                ("null", nil),
            ], timestamp: 1_700_000_000_123),
        LoadRecord(topic: "t", partition: 0, key: Array("gone".utf8), value: nil),
        LoadRecord(topic: "t", partition: 0, key: nil, value: []),
        LoadRecord(topic: "t", partition: 0, key: [0x80], value: Array("{\"a\": 1}".utf8), headers: [("h", [0x31])]),
    ]

    @Test(
        "It has the record's key, value and headers as they were, null, empty and binary ones too, and says where the record was",
        .timeLimit(.minutes(30)))
    func theRecordIsUnchanged() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1, on: Cluster(("t", 1), ("d", 1)))
            try await stage.cluster.write { write in for record in Self.shapes { try write(record) } }
            let before = Int64(Date().timeIntervalSince1970 * 1_000)
            let ackpipe = try stage.run(
                ["--dead-letter-topic", stage.cluster.topic("d"), "--exit-at-end"],
                stage.scratch.python("rejecting.py", Self.rejecting))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let letters = try await stage.cluster.read("d")
            try #require(letters.count == Self.shapes.count, "\(ackpipe.logTail)")
            for (offset, (letter, record)) in zip(letters, Self.shapes).enumerated() {
                #expect(letter.key == record.key)
                #expect(letter.value == record.value)
                let own = record.headers.map { ReadRecord.Header(name: $0.name, value: $0.value) }
                #expect(Array(letter.headers.prefix(own.count)) == own)
                #expect(
                    letter.headers.dropFirst(own.count).map(\.name) == [
                        "kafka_dlt-original-topic", "kafka_dlt-original-partition", "kafka_dlt-original-offset",
                        "kafka_dlt-original-consumer-group", "kafka_dlt-exception-fqcn",
                        "kafka_dlt-exception-message", "ackpipe.service", "ackpipe.attempts", "ackpipe.cause",
                        "ackpipe.error", "ackpipe.time", "kafka_dlt-original-timestamp",
                        "kafka_dlt-original-timestamp-type",
                    ])
                #expect(letter.text("kafka_dlt-original-topic") == stage.topic)
                #expect(letter.original == [0, Int64(offset)])
                #expect(letter.header("kafka_dlt-original-partition")?.count == 4)
                #expect(letter.header("kafka_dlt-original-offset")?.count == 8)
                #expect(letter.text("kafka_dlt-original-consumer-group") == stage.cluster.group)
                #expect(letter.text("kafka_dlt-exception-fqcn") == "ackpipe.rejected")
                #expect(letter.text("kafka_dlt-exception-message") == "no such order")
                #expect(letter.text("ackpipe.error") == "no such order")
                #expect(letter.text("ackpipe.service") == stage.cluster.group)
                #expect(letter.text("ackpipe.attempts") == "1", "it was handed over once, in vain")
                #expect(letter.text("ackpipe.cause") == "rejected")
                let time = letter.text("ackpipe.time").flatMap { Int64($0) } ?? 0
                #expect((before...before + 60_000).contains(time))
                #expect(letter.text("kafka_dlt-original-timestamp-type") == "CreateTime")
            }
            #expect(letters[0].header("kafka_dlt-original-timestamp") == [0, 0, 0x01, 0x8B, 0xCF, 0xE5, 0x68, 0x7B])
            #expect(letters[0].timestamp != 1_700_000_000_123, "retention would delete it at once")
            #expect(try await stage.committed() == [4])
            #expect(ackpipe.log.contains("records.dead_lettered=4"), "\(ackpipe.logTail)")
        }
    }

    @Test("It tells how often the handler failed, and the last lines of its stderr", .timeLimit(.minutes(30)))
    func itTellsWhatTheWorkerSaidLast() async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1, on: Cluster(("t", 1), ("d", 1)))
            try await stage.cluster.fill("t", partitions: 1, each: 3)
            let ackpipe = try stage.run(
                [
                    "--dead-letter-topic", stage.cluster.topic("d"), "--max-attempts", "2", "--retry-backoff",
                    "10ms..20ms", "--exit-at-end",
                ],
                stage.scratch.python(
                    "dying.py",
                    """
                    def handle(record):
                        if record["offset"] == 1:
                            sys.stderr.write("Traceback: attempt %d\\nKeyError: größe\\n" % record["attempt"])
                            sys.stderr.flush()
                            sys.exit(7)
                    serve(handle)
                    """))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            let letters = try await stage.cluster.read("d")
            #expect(letters.map(\.original) == [[0, 1]])
            let letter = try #require(letters.first)
            #expect(letter.text("ackpipe.attempts") == "2")
            #expect(letter.text("ackpipe.cause") == "exhausted")
            #expect(letter.text("ackpipe.stderr") == "Traceback: attempt 2\nKeyError: größe")
            #expect(letter.text("ackpipe.error")?.contains("7") == true, "\(letter.text("ackpipe.error") ?? "")")
            #expect(stage.journal.entries().map(\.attempt) == [1, 1, 2, 1])
            #expect(try await stage.committed() == [3])
        }
    }

    @Test(
        "{topic}.dlq makes a topic for each source, and the letters of two sources do not mix",
        .embeddedBroker("topics with names of the test's choice"), .timeLimit(.minutes(30)))
    func aTemplateMakesATopicForEachSource() async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let cluster = try Cluster(("t", 1), ("u", 1), ("t.dlq", 1), ("u.dlq", 1))
            try await cluster.fill("t", partitions: 1, each: 3)
            try await cluster.fill("u", partitions: 1, each: 2)
            let ackpipe = try AckpipeProcess(
                ["run"] + cluster.address + ["--assign", "t:0", "--assign", "u:0", "-g", "g", "--exit-at-end"]
                    + ["--dead-letter-topic", "{topic}.dlq", "--"] + scratch.python("rejecting.py", Self.rejecting),
                in: scratch)
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            for (topic, count) in [("t", 3), ("u", 2)] {
                let letters = try await cluster.read("\(topic).dlq")
                #expect(letters.map { $0.text("kafka_dlt-original-topic") } == Array(repeating: topic, count: count))
                #expect(try await cluster.committed("g", topic) == [Int64(count)])
            }
        }
    }

    @Test(
        "A record that cannot be handed over becomes a dead letter too: no JSON where JSON was asked for, larger than a frame",
        .timeLimit(.minutes(30)), arguments: ["message", "batch"])
    func whatCannotBeHandedOver(mode: String) async throws {
        try await Slots.shared.run {
            let stage = try Stage(partitions: 1, on: Cluster(("t", 1), ("d", 1)))
            try await stage.cluster.write { write in
                let large = "\"" + String(repeating: "x", count: 4_000) + "\""
                for value in ["1", "{\"a\": tru}", "2", large, "[]"] {
                    try write(LoadRecord(topic: "t", partition: 0, value: Array(value.utf8)))
                }
            }
            let ackpipe = try stage.run(
                [
                    "--mode", mode, "--dead-letter-topic", stage.cluster.topic("d"), "--value-format", "json",
                    "--max-frame-bytes", "2KiB",
                    "--exit-at-end",
                ], stage.scratch.python("ack.py", "serve(lambda record: None)"))
            #expect(try await ackpipe.waitForExit() == 0, "\(ackpipe.logTail)")
            #expect(stage.journal.entries().map(\.offset) == [0, 2, 4])
            #expect(stage.journal.entries().allSatisfy { $0.attempt == 1 && !$0.redelivered })
            let letters = try await stage.cluster.read("d")
            #expect(letters.map(\.original) == [[0, 1], [0, 3]])
            #expect(letters.allSatisfy { $0.text("ackpipe.cause") == "not-encodable" })
            #expect(letters.allSatisfy { $0.text("ackpipe.attempts") == "0" }, "none was handed over")
            let errors = letters.map { $0.text("ackpipe.error") ?? "" }
            #expect(errors.first?.contains("JSON") == true && errors.last?.contains("frame") == true, "\(errors)")
            #expect(try await stage.committed() == [5])
        }
    }
}
