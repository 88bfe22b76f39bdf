import Foundation
import Logging
import Testing

@testable import Observability

@Suite struct LogLineTests {
    private func line(_ format: LogFormat, _ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        LogLine.make(format, milliseconds: 1_795_266_000_123, level: .info, message: message, metadata: metadata)
    }

    @Test("a text line has time, level, message and sorted facts")
    func text() {
        #expect(
            line(
                .text, "worker started", ["worker.pid": "7", "name": "a b", "empty": "", "q": "say \"x\"", "eq": "a=b"])
                == "2026-11-21T13:00:00.123Z info  worker started  empty=\"\" eq=\"a=b\" name=\"a b\" q=\"say \\\"x\\\"\" worker.pid=7\n"
        )
        #expect(line(.text, "bare") == "2026-11-21T13:00:00.123Z info  bare\n")
    }

    @Test("foreign text cannot begin a line of its own", arguments: LogFormat.allCases)
    func oneLine(format: LogFormat) {
        let text = "x\n2026-11-21T13:00:00.123Z error forged\u{1b}[2J\u{2028}\r"
        let result = line(format, text, ["k\n": .string(text), "list": [.string(text), ["d\n": .string(text)]]])
        #expect(result.hasSuffix("\n"))
        #expect(!result.dropLast().unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x2028 }, "\(result)")
    }

    @Test("a JSON line is one object with the fixed members first")
    func json() throws {
        let result = line(
            .json, "a \"b\" \\ \u{1}",
            ["n": .stringConvertible(7), "flag": .stringConvertible(true), "list": ["x", "y"], "time": "mine"])
        #expect(
            result
                == #"{"time":"2026-11-21T13:00:00.123Z","level":"info","message":"a \"b\" \\ \u0001","flag":true,"list":["x","y"],"n":7,"time_":"mine"}"#
                + "\n")
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(result.utf8)) }
    }

    @Test("a long text is cut", arguments: LogFormat.allCases)
    func cut(format: LogFormat) {
        let result = line(format, String(repeating: "é", count: 100_000))
        #expect(result.utf8.count < LogLine.maximumBytes + 100)
        #expect(result.contains("..."))
    }
}
