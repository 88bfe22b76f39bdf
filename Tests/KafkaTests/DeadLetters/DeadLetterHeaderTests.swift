import Kafka
import Testing

@Suite struct DeadLetterHeaderTests {
    static func reason(error: String = "no", stderr: String = "") -> DeadLetterReason {
        DeadLetterReason(
            service: "billing", group: "g", topic: "orders", partition: 258, offset: 0x01_02_03_04_05, attempts: 3,
            cause: "exhausted", error: error, stderr: stderr, time: 1_795_266_000_000)
    }

    private func value(_ name: String, _ headers: [(name: String, value: [UInt8])]) -> [UInt8]? {
        headers.last { $0.name == name }?.value
    }

    @Test("The headers are those that Spring's recoverer writes, in its encoding, and ackpipe's own as text")
    func names() {
        let headers = DeadLetterHeaderTests.reason(stderr: "Traceback").headers()
        #expect(value("kafka_dlt-original-topic", headers) == Array("orders".utf8))
        #expect(value("kafka_dlt-original-partition", headers) == [0, 0, 1, 2])
        #expect(value("kafka_dlt-original-offset", headers) == [0, 0, 0, 1, 2, 3, 4, 5])
        #expect(value("kafka_dlt-original-consumer-group", headers) == Array("g".utf8))
        #expect(value("kafka_dlt-exception-fqcn", headers) == Array("ackpipe.exhausted".utf8))
        #expect(value("kafka_dlt-exception-message", headers) == Array("no".utf8))
        #expect(value("ackpipe.service", headers) == Array("billing".utf8))
        #expect(value("ackpipe.attempts", headers) == Array("3".utf8))
        #expect(value("ackpipe.cause", headers) == Array("exhausted".utf8))
        #expect(value("ackpipe.error", headers) == Array("no".utf8))
        #expect(value("ackpipe.stderr", headers) == Array("Traceback".utf8))
        #expect(value("ackpipe.time", headers) == Array("1795266000000".utf8))
        #expect(headers.allSatisfy { DeadLetterHeader.isExplanation($0.name) })
        #expect(headers.count == Set(headers.map(\.name)).count)
    }

    @Test(
        "Error and stderr are cut to 4 KiB at a character's boundary: of the error the beginning stays, of stderr the end",
        arguments: ["x", "\u{FC}", "\u{20AC}", "\u{1F600}"], [0, 1, 2, 3])
    func cut(character: String, shift: Int) throws {
        let text = String(repeating: ".", count: shift) + String(repeating: character, count: 5_000)
        let headers = DeadLetterHeaderTests.reason(error: text, stderr: text).headers()
        let error = try #require(value("ackpipe.error", headers))
        let stderr = try #require(value("ackpipe.stderr", headers))
        for bytes in [error, stderr] {
            #expect((4_093...4_096).contains(bytes.count))
            #expect(String(validating: bytes, as: UTF8.self) != nil)
        }
        #expect(text.utf8.starts(with: error))
        #expect(text.utf8.reversed().starts(with: stderr.reversed()))
    }

    @Test("Brief headers have no stderr and a short error")
    func brief() {
        let reason = DeadLetterHeaderTests.reason(
            error: String(repeating: "e", count: 5_000), stderr: String(repeating: "s", count: 5_000))
        let size = reason.headers(brief: true).reduce(0) { $0 + $1.name.utf8.count + $1.value.count }
        #expect(size < 1_200, "\(size) bytes")
    }

    @Test("The count of replays and foreign headers are no explanations")
    func explanations() {
        #expect(DeadLetterHeader.isExplanation("kafka_dlt-exception-stacktrace"))
        #expect(DeadLetterHeader.isExplanation("ackpipe.stderr"))
        for name in ["ackpipe.replays", "ackpipe.other", "kafka_correlationId", "traceparent", ""] {
            #expect(!DeadLetterHeader.isExplanation(name), "\(name)")
        }
    }
}
