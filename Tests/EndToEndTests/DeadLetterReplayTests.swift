import Foundation
import Kafka
import KafkaTestSupport
import Testing

/// `ackpipe dead-letter replay`, seen from outside.
@Suite(.embeddedBroker("injects errors, and has topics of given names")) struct DeadLetterReplayTests {
    private func cluster() throws -> Cluster { try Cluster(("orders", 4), ("refunds", 2), ("dlq", 2)) }

    /// A letter about a record of `topic`, as ackpipe writes it.
    private static func letter(
        _ value: String?, topic: String = "orders", partition: Int32 = 0, error: String = "no",
        headers: [(name: String, value: [UInt8]?)] = [], into dlqPartition: Int32 = 0, timestamp: Int64? = nil
    ) -> LoadRecord {
        let reason = DeadLetterReason(
            service: "billing", group: "g", topic: topic, partition: partition, offset: 17, attempts: 3,
            cause: "exhausted", error: error, stderr: "Traceback", time: 1_795_266_000_000)
        let original: (name: String, value: [UInt8]?) = (
            "kafka_dlt-original-timestamp", [0, 0, 0x01, 0x8B, 0xCF, 0xE5, 0x68, 0x7B]
        )
        return LoadRecord(
            topic: "dlq", partition: dlqPartition, key: value.map { Array("k-\($0)".utf8) },
            value: value.map { Array($0.utf8) },
            headers: headers + reason.headers().map { ($0.name, Optional($0.value)) } + [original],
            timestamp: timestamp)
    }

    /// Runs a replay to its end; answers its exit code, stdout and log.
    @discardableResult
    private func replay(
        _ cluster: Cluster, _ options: String..., expecting code: Int32 = 0
    ) async throws -> (output: String, log: String) {
        let process = try AckpipeProcess(
            ["dead-letter", "replay"] + cluster.address + ["--from-topic", "dlq"] + options, in: Scratch())
        #expect(try await process.waitForExit() == code, "\(process.output)\(process.logTail)")
        return (process.output, process.log)
    }

    private func values(_ cluster: Cluster, _ topic: String) async throws -> [String] {
        try await cluster.records(topic).compactMap(\.value).sorted()
    }

    @Test("Letters go back as the records that they were, into their partition, and a second run finds nothing to do")
    func putBack() async throws {
        try await Slots.shared.run {
            let cluster = try cluster()
            try await cluster.write { write in
                try write(Self.letter("a", partition: 3, headers: [("trace", Array("1".utf8)), ("trace", nil)]))
                try write(Self.letter(nil, partition: 1, into: 1))
                try write(
                    Self.letter("c", topic: "refunds", partition: 9, headers: [("ackpipe.replays", Array("4".utf8))]))
            }
            let before = Int64(Date().timeIntervalSince1970 * 1_000)
            let first = try await replay(cluster)
            #expect(first.output.hasPrefix("dead letters: 3 read, 3 matched, 3 put back\n"), "\(first.output)")
            #expect(first.output.contains("  put back into orders: 2\n  put back into refunds: 1\n"))
            let orders = try await cluster.records("orders")
            #expect(orders.map(\.partition) == [1, 3])
            #expect(orders.map(\.value) == [nil, "a"])
            #expect(orders.map(\.key) == [nil, "k-a"])
            #expect(orders.map(\.headers) == [["ackpipe.replays=1"], ["trace=1", "trace", "ackpipe.replays=1"]])
            #expect(orders.allSatisfy { $0.timestamp ?? 0 >= before })
            // The topic has no partition 9: the key chooses.
            #expect(try await cluster.records("refunds").map(\.headers) == [["ackpipe.replays=5"]])
            let second = try await replay(cluster)
            #expect(second.output == "dead letters: 0 read, 0 matched, 0 put back\n")
            #expect(try await cluster.records("orders").count == 2)
        }
    }

    @Test("What the options leave out is there for a later run, and nothing is put back twice")
    func filtered() async throws {
        try await Slots.shared.run {
            let cluster = try cluster()
            try await cluster.write { write in
                for number in 0..<40 {
                    try write(
                        Self.letter(
                            "\(number)", topic: number % 2 == 0 ? "orders" : "refunds",
                            error: number % 4 < 2 ? "database is away" : "bad record",
                            into: Int32(number % 3 == 0 ? 1 : 0))
                    )
                }
            }
            let orders = try await replay(cluster, "-t", "orders", "--error", "database")
            #expect(orders.output.contains("40 read, 10 matched, 10 put back"), "\(orders.output)")
            #expect(orders.output.contains("left not chosen by the options: 30"), "\(orders.output)")
            try await replay(cluster, "-t", "refunds", "--limit", "7")
            #expect(try await cluster.records("refunds").count == 7)
            let rest = try await replay(cluster)
            #expect(rest.output.contains("23 matched, 23 put back"), "\(rest.output)")
            let all = try await values(cluster, "orders") + values(cluster, "refunds")
            #expect(all.sorted() == (0..<40).map(String.init).sorted())
            try await replay(cluster, "--again", "-t", "orders", "--limit", "3")
            #expect(try await cluster.records("orders").count == 23)
        }
    }

    @Test("A dry run tells a line a letter, and changes nothing")
    func dryRun() async throws {
        try await Slots.shared.run {
            let cluster = try cluster()
            try await cluster.write { write in
                try write(Self.letter("a", partition: 2, error: "line one\nline two"))
                try write(Self.letter("b", topic: "refunds"))
            }
            let dry = try await replay(cluster, "--dry-run", "-t", "orders")
            #expect(
                dry.output.hasPrefix("dlq [0] 0 -> orders [2] key=k-a replays=0 error=line one line two\n"),
                "\(dry.output)")
            #expect(dry.output.contains("2 read, 1 matched, 1 to be put back"))
            #expect(try await cluster.records("orders").isEmpty)
            #expect(try await cluster.committed("ackpipe-dead-letter-replay", "dlq") == [nil, nil])
            try await replay(cluster)
            #expect(try await values(cluster, "orders") == ["a"])
        }
    }

    @Test("Times, counts of replays and another topic choose as they say; the old timestamp comes back if asked for")
    func choices() async throws {
        try await Slots.shared.run {
            let cluster = try cluster()
            let time: Int64 = 1_795_266_000_000
            try await cluster.write { write in
                for number in 0..<4 {
                    try write(
                        Self.letter(
                            "\(number)", headers: [("ackpipe.replays", Array("\(number)".utf8))],
                            timestamp: time + Int64(number)))
                }
            }
            let output = try await replay(
                cluster, "--since", "\(time + 1)", "--until", "2026-11-21T13:00:00.003Z", "--max-replays", "2",
                "--to-topic",
                "refunds", "--original-timestamp"
            ).output
            #expect(output.contains("4 read, 1 matched, 1 put back"), "\(output)")
            #expect(output.contains("left put back too often already (--max-replays): 1"), "\(output)")
            let found = try await cluster.records("refunds")
            #expect(found.map(\.value) == ["1"])
            #expect(found.map(\.timestamp) == [1_700_000_000_123])
        }
    }

    @Test("A letter that cannot go anywhere stays, is told with exit code 65, and does not hold up the others")
    func unknownTopic() async throws {
        try await Slots.shared.run {
            let cluster = try cluster()
            // UNKNOWN_TOPIC_OR_PART: the mock cluster would create a topic that is asked for.
            try cluster.broker.setTopicError("refunds", code: 3)
            try await cluster.write { write in
                try write(Self.letter("lost", topic: "refunds"))
                try write(LoadRecord(topic: "dlq", partition: 0, value: Array("foreign".utf8)))
                try write(Self.letter("a"))
            }
            let first = try await replay(cluster, expecting: 65)
            #expect(first.output.contains("left that could not be written: 1"), "\(first.output)")
            #expect(first.output.contains("left without a topic to go to (kafka_dlt-original-topic): 1"))
            #expect(first.log.contains("topic \"refunds\""), "\(first.log)")
            #expect(try await values(cluster, "orders") == ["a"])
            try cluster.broker.setTopicError("refunds", code: 0)
            let second = try await replay(cluster)
            #expect(second.output.contains("1 matched, 1 put back"), "\(second.output)")
            #expect(try await values(cluster, "refunds") == ["lost"])
            try await replay(cluster, "--to-topic", "orders")
            #expect(try await values(cluster, "orders") == ["a", "foreign"])
        }
    }

    @Test("A write that the broker refuses leaves the letter for the next run")
    func refusedWrite() async throws {
        try await Slots.shared.run {
            let cluster = try cluster()
            try await cluster.write { write in
                for number in 0..<5 { try write(Self.letter("\(number)")) }
            }
            // MESSAGE_TOO_LARGE.
            try cluster.broker.pushErrors(api: 0, [10])
            let first = try await replay(cluster, expecting: 65)
            #expect(first.output.contains("left that could not be written"), "\(first.output)")
            #expect(first.log.contains("could not be put back"), "\(first.log)")
            try cluster.broker.clearErrors(api: 0)
            try await replay(cluster)
            #expect(try await values(cluster, "orders") == ["0", "1", "2", "3", "4"])
        }
    }

    @Test("Where progress cannot be recorded, nothing is put back at all")
    func refusedCommit() async throws {
        try await Slots.shared.run {
            let cluster = try cluster()
            try await cluster.write { try $0(Self.letter("a")) }
            // GROUP_AUTHORIZATION_FAILED.
            try cluster.broker.pushErrors(api: 8, [30])
            let refused = try await replay(cluster, expecting: 77)
            #expect(refused.log.contains("ackpipe-dead-letter-replay"), "\(refused.log)")
            #expect(try await cluster.records("orders").isEmpty)
        }
    }

    @Test("Errors that pass, and a broker that is away for a while, lose and repeat nothing")
    func passingErrors() async throws {
        try await Slots.shared.run {
            let cluster = try cluster()
            try await cluster.write { write in
                for number in 0..<200 { try write(Self.letter("\(number)", partition: Int32(number % 4))) }
            }
            // No connection closed under a produce request: the embedded broker would append what is sent again.
            try cluster.broker.pushErrors(api: 0, [6, 7, 19])
            try cluster.broker.pushErrors(api: 1, [6, -195])
            try await replay(cluster)
            #expect(try await values(cluster, "orders") == (0..<200).map(String.init).sorted())
        }
    }

    @Test("A replay that is killed has lost nothing when the next one is done")
    func killed() async throws {
        try await Slots.shared.run {
            let cluster = try cluster()
            let count = 8_000
            try await cluster.write { write in
                for number in 0..<count { try write(Self.letter("\(number)", into: Int32(number % 2))) }
            }
            try await cluster.requireWholeLog("dlq")
            // A slow broker, so that the kill comes in the middle.
            try cluster.broker.setRoundTripTime(broker: 1, milliseconds: 100)
            let scratch = try Scratch()
            let process = try AckpipeProcess(
                ["dead-letter", "replay"] + cluster.address + ["--from-topic", "dlq", "-X", "batch.num.messages=100"],
                in: scratch)
            let deadline = ContinuousClock.now + .seconds(60)
            while try await cluster.watermarks("orders")[0].high < 500, ContinuousClock.now < deadline {}
            process.killNow()
            _ = try await process.waitForExit()
            let written = try await cluster.watermarks("orders")[0].high
            #expect(written >= 500 && written < count, "\(written) of \(count) were put back before the kill")
            try cluster.broker.setRoundTripTime(broker: 1, milliseconds: 0)
            try await replay(cluster)
            let found = try await values(cluster, "orders")
            #expect(Set(found).count == count, "\(count - Set(found).count) letters are lost")
            print("DeadLetterReplayTests.killed: \(found.count - count) records twice, killed after \(written)")
            #expect(try await replay(cluster).output.contains("0 matched"))
        }
    }

    @Test("SIGTERM ends it with what is under way recorded; the next run does the rest, once")
    func interrupted() async throws {
        try await Slots.shared.run {
            let cluster = try cluster()
            let count = 4_000
            try await cluster.write { write in
                for number in 0..<count { try write(Self.letter("\(number)")) }
            }
            try cluster.broker.setRoundTripTime(broker: 1, milliseconds: 50)
            let process = try AckpipeProcess(
                ["dead-letter", "replay"] + cluster.address + ["--from-topic", "dlq", "-X", "batch.num.messages=100"],
                in: Scratch())
            let deadline = ContinuousClock.now + .seconds(60)
            while try await cluster.watermarks("orders")[0].high < 200, ContinuousClock.now < deadline {}
            process.signal(SIGTERM)
            #expect(try await process.waitForExit() == 0, "\(process.logTail)")
            try cluster.broker.setRoundTripTime(broker: 1, milliseconds: 0)
            try await replay(cluster)
            #expect(try await values(cluster, "orders") == (0..<count).map(String.init).sorted())
        }
    }

    @Test(
        "Without brokers, or with a topic that does not exist, it says so soon",
        arguments: [(false, Int32(69)), (true, 78)])
    func refused(hasBroker: Bool, code: Int32) async throws {
        try await Slots.shared.run {
            let cluster = try cluster()
            if hasBroker { try cluster.broker.setTopicError("dlq", code: 3) }
            let address = hasBroker ? cluster.brokers : "127.0.0.1:1"
            let process = try AckpipeProcess(
                ["dead-letter", "replay", "-b", address, "--from-topic", "dlq"], in: Scratch())
            #expect(try await process.waitForExit() == code, "\(process.logTail)")
            #expect(process.log.contains("cannot read --from-topic: topic \"dlq\""), "\(process.log)")
        }
    }
}
