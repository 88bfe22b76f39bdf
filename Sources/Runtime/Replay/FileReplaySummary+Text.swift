package import Configuration
import Observability

extension FileReplaySummary {
    private static let fractions: [(name: String, fraction: Double)] = [
        ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999),
    ]

    /// The summary as --format wants it, with a line break at the end.
    package func rendered(_ format: SummaryFormat) -> String {
        switch format {
        case .text: text
        case .json: json
        }
    }

    // MARK: For people

    private var text: String {
        var lines = ["\(file): \(read) records read\(speed)"]
        if let fault { lines.append("stopped at \(Escaping.text(fault))") }
        if !isComplete, fault == nil { lines.append("stopped before the end of the file") }
        lines.append("")
        lines.append(
            row("records", [("acked", acked), ("skipped", skipped), ("failed", failed), ("filtered", filtered)])
                + (unsettled > 0 ? "   not done \(unsettled)" : ""))
        lines.append(row("handed over", [("records", delivered), ("again", redelivered), ("deliveries", deliveries)]))
        lines.append(
            row("verdicts", Verdict.allCases.map { ($0.rawValue, verdicts[$0] ?? 0) } + [("none in time", timeouts)]))
        if !workerFailures.isEmpty {
            lines.append(
                row("workers", workerFailures.sorted { $0.key < $1.key }.map { ("ended: \($0.key)", $0.value) }))
        }
        if let latencies {
            let texts = latencies.map { "\($0.name) \(FileReplaySummary.milliseconds($0.nanoseconds)) ms" }
            lines.append(label("latency") + texts.joined(separator: "   "))
        }
        return (lines + failureLines).joined(separator: "\n") + "\n"
    }

    private var speed: String {
        guard let recordsPerSecond else { return "" }
        return ", \(Int(recordsPerSecond.rounded())) a second (\(FileReplaySummary.milliseconds(nanoseconds)) ms)"
    }

    private func label(_ name: String) -> String { name + String(repeating: " ", count: max(1, 13 - name.count)) }

    private func row(_ name: String, _ numbers: [(String, Int)]) -> String {
        label(name) + numbers.map { "\($0.0) \($0.1)" }.joined(separator: "   ")
    }

    private var failureLines: [String] {
        guard failed > 0 else { return [] }
        var rows = [["topic", "partition", "offset", "line", "attempts", "reason"]]
        for failure in failures {
            rows.append([
                Escaping.text(failure.topic), String(failure.partition), String(failure.offset),
                failure.line.map { String($0) } ?? "?", String(failure.attempts),
                Escaping.text(failure.reason, limit: 400),
            ])
        }
        var lines = ["", "failed"]
        if !failures.isEmpty {
            let widths = (0..<5).map { column in rows.map { $0[column].count }.max() ?? 0 }
            for row in rows {
                let cells = widths.indices.map { column in
                    let space = String(repeating: " ", count: widths[column] - row[column].count)
                    // Names to the left, numbers to the right.
                    return column == 0 ? row[column] + space : space + row[column]
                }
                lines.append("  " + (cells + [row[5]]).joined(separator: "  "))
            }
        }
        if failed > failures.count { lines.append("  and \(failed - failures.count) more (--max-failures)") }
        return lines
    }

    // MARK: For machines

    private var json: String {
        var parts = ["\"file\":\(quoted(file))", "\"complete\":\(isComplete)"]
        parts.append("\"fault\":\(fault.map(quoted) ?? "null")")
        parts.append("\"seconds\":\(FileReplaySummary.thousandths(nanoseconds / 1_000_000))")
        parts.append("\"records_per_second\":\(recordsPerSecond.map { String(Int($0.rounded())) } ?? "null")")
        parts.append(
            object(
                "records",
                [
                    ("read", read), ("acked", acked), ("skipped", skipped), ("failed", failed), ("filtered", filtered),
                    ("not_done", unsettled), ("handed_over", delivered), ("redelivered", redelivered),
                ]))
        parts.append("\"deliveries\":\(deliveries)")
        parts.append(object("verdicts", Verdict.allCases.map { ($0.rawValue, verdicts[$0] ?? 0) }))
        parts.append("\"timeouts\":\(timeouts)")
        parts.append(object("worker_failures", workerFailures.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
        let times = latencies?.map { "\(quoted($0.name)):\(FileReplaySummary.milliseconds($0.nanoseconds))" }
        parts.append("\"latency_ms\":\(times.map { "{\($0.joined(separator: ","))}" } ?? "null")")
        parts.append("\"failures\":[\(failures.map(jsonFailure).joined(separator: ","))]")
        parts.append("\"failures_left_out\":\(failed - failures.count)")
        return "{\(parts.joined(separator: ","))}\n"
    }

    private func jsonFailure(_ failure: Failure) -> String {
        "{\"topic\":\(quoted(failure.topic)),\"partition\":\(failure.partition),\"offset\":\(failure.offset),"
            + "\"line\":\(failure.line.map { String($0) } ?? "null"),\"attempts\":\(failure.attempts),"
            + "\"reason\":\(quoted(failure.reason))}"
    }

    private func object(_ name: String, _ numbers: [(String, Int)]) -> String {
        "\"\(name)\":{\(numbers.map { "\(quoted($0.0)):\($0.1)" }.joined(separator: ","))}"
    }

    private func quoted(_ text: String) -> String {
        var line = ""
        JSONText.append(text, to: &line)
        return line
    }

    // MARK: Numbers

    private var latencies: [(name: String, nanoseconds: Int64)]? {
        guard latency.count > 0 else { return nil }
        return FileReplaySummary.fractions.map { ($0.name, latency.nanoseconds(atFraction: $0.fraction) ?? 0) }
            + [("max", latency.maximum)]
    }

    /// Nanoseconds as milliseconds with three digits behind the point.
    private static func milliseconds(_ nanoseconds: Int64) -> String { thousandths(nanoseconds / 1_000) }

    private static func thousandths(_ number: Int64) -> String {
        let rest = String(number % 1_000)
        return "\(number / 1_000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}
