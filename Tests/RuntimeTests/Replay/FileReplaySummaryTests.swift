import Configuration
import Foundation
import Observability
import Testing

@testable import Runtime

@Suite struct FileReplaySummaryTests {
    private func summary() -> FileReplaySummary {
        var summary = FileReplaySummary()
        summary.file = "orders.jsonl"
        summary.isComplete = true
        (summary.read, summary.acked, summary.skipped, summary.failed, summary.filtered) = (10, 6, 1, 2, 1)
        summary.skippedFailures = 2
        (summary.deliveries, summary.delivered, summary.redelivered) = (11, 11, 1)
        summary.verdicts = [.ack: 6, .retry: 2, .reject: 1, .skip: 1]
        summary.timeouts = 1
        summary.workerFailures = ["exited": 1]
        summary.nanoseconds = 2_000_000_000
        for value in 1...100 { summary.latency.record(nanoseconds: Int64(value) * 1_000_000) }
        summary.failures = [
            .init(topic: "orders", partition: 0, offset: 17, line: 18, attempts: 3, reason: "no \"price\"\nat all"),
            .init(topic: "p", partition: 12, offset: 4, line: nil, attempts: 1, reason: "rejected: never"),
        ]
        return summary
    }

    @Test("the table tells counts, verdicts, latencies and failures, each failure on one line")
    func text() {
        let expected = """
            orders.jsonl: 10 records read, 5 a second (2000.000 ms)

            records      acked 6   skipped 1   failed 2   filtered 1
            handed over  records 11   again 1   deliveries 11
            verdicts     ack 6   retry 2   reject 1   skip 1   release 0   none in time 1
            workers      ended: exited 1
            latency      p50 50.331 ms   p90 90.177 ms   p99 100.000 ms   p99.9 100.000 ms   max 100.000 ms

            failed
              topic   partition  offset  line  attempts  reason
              orders          0      17    18         3  no "price"\\nat all
              p              12       4     ?         1  rejected: never

            """
        #expect(summary().rendered(.text) == expected)
    }

    @Test("what is left out is counted, and what was not done or not read is said")
    func exceptions() {
        var summary = summary()
        summary.failed = 7
        summary.read = 17
        summary.isComplete = false
        summary.fault = "orders.jsonl:12:3: not a record"
        let text = summary.rendered(.text)
        #expect(text.contains("stopped at orders.jsonl:12:3: not a record\n"))
        #expect(text.contains("filtered 1   not done 2\n"))
        #expect(text.hasSuffix("  and 5 more (--max-failures)\n"))
        summary.fault = nil
        #expect(summary.rendered(.text).contains("stopped before the end of the file\n"))
        #expect(FileReplaySummary().rendered(.text).hasPrefix(": 0 records read\n"))
    }

    @Test("as JSON it says the same")
    func json() throws {
        let data = Data(summary().rendered(.json).utf8)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let records = try #require(object["records"] as? [String: Int])
        #expect(
            records == [
                "read": 10, "acked": 6, "skipped": 1, "failed": 2, "filtered": 1, "not_done": 0, "handed_over": 11,
                "redelivered": 1,
            ])
        #expect(object["seconds"] as? Double == 2 && object["records_per_second"] as? Int == 5)
        #expect((object["latency_ms"] as? [String: Double])?["max"] == 100)
        let failures = try #require(object["failures"] as? [[String: Any]])
        #expect(failures[0]["reason"] as? String == "no \"price\"\nat all" && failures[0]["line"] as? Int == 18)
        #expect(failures[1]["line"] is NSNull && object["failures_left_out"] as? Int == 0)
        #expect(object["fault"] is NSNull && object["complete"] as? Bool == true)
        let empty = try JSONSerialization.jsonObject(with: Data(FileReplaySummary().rendered(.json).utf8))
        #expect((empty as? [String: Any])?["latency_ms"] is NSNull)
    }

    @Test("the exit code is the service's where that is a failure, then the file's, then that of records")
    func exitCodes() {
        var summary = FileReplaySummary()
        #expect(summary.exitCode(.ok) == .failures)
        summary.isComplete = true
        #expect(summary.exitCode(.ok) == .ok)
        (summary.read, summary.acked, summary.skipped, summary.filtered) = (3, 1, 1, 1)
        #expect(summary.exitCode(.ok) == .ok)
        summary.read = 4
        #expect(summary.exitCode(.ok) == .failures)
        summary.failed = 1
        #expect(summary.exitCode(.ok) == .failures)
        summary.fault = "F:1:1: no record"
        #expect(summary.exitCode(.ok) == .data)
        #expect(summary.exitCode(.handlerPermanent) == .handlerPermanent)
    }
}
