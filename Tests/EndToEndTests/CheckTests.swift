import Foundation
import Testing

/// `ackpipe check` with the built program: handlers that break one rule each, and one that breaks none.
@Suite struct CheckTests {
    /// Planted faults of `faulty.py`, and the options that they need to show themselves soon. The rule is what stands before "-".
    static let faults: [(fault: String, options: [String])] = [
        ("F1-characters", []), ("F1-too-long", ["--frame-timeout", "1s"]), ("F2-little-endian", []), ("F2-zero", []),
        ("F2-reader", []), ("F4", []), ("F5-banner", []), ("F5-print", []), ("F5-banner", lines),
        ("F6-unflushed", hasty),
        ("F6-mixed", []), ("F6-nonblocking", ["--time-limit", "8s"]), ("F7", ["--frame-timeout", "1s"]),
        ("F7", lines + ["--frame-timeout", "1s"]), ("F8", []), ("F8", lines), ("F9-pretty", lines), ("F9-raw", lines),
        ("F10", lines + ["--max-frame-bytes", "64KiB"]), ("J1-array", []), ("J1-latin", []), ("J1-reader", []),
        ("J2", []), ("J3", []), ("J4", []), ("J5-crash", []), ("J5-nack", []), ("J6", []), ("J7-crash", []),
        ("J7-nack", []), ("J8", []), ("J9", []), ("J10-crash", []), ("J10-word", []), ("J11", []), ("J12", []),
        ("J13", []), ("J14", []), ("H2", []), ("H3", []), ("H4-other", []), ("H4-echo", []), ("H5-unoffered", []),
        ("H5-echo", []), ("H6-never", hasty), ("H6-exit", []), ("H7-other", []), ("H7-forgets", []), ("H9", []),
        ("V1-twice", []), ("V1-never", hasty), ("V3", []), ("V4", []), ("V5", []), ("V6", []), ("V10", hasty),
        ("V11", ["--time-limit", "6s"]), ("B1", batches), ("B2-beyond", batches), ("B2-twice", batches),
        ("B3", batches),
        ("B5", batches), ("B7", batches), ("L1-code", []), ("L1-stays", hasty), ("L2", []), ("L4-never", hasty),
        ("L4-nonce", hasty), ("L8", []), ("L9", []), ("S1", []), ("S1", lines),
    ]
    private static let lines = ["--framing", "lines"]
    private static let batches = ["--mode", "batch"]
    private static let hasty = ["--time-limit", "4s"]
    private static let handler = Repository.root.appendingPathComponent("Tests/EndToEndTests/Handlers/faulty.py").path

    /// What the program printed on stdout, and its exit code.
    private func check(_ options: [String], _ command: [String]) async throws -> (output: String, code: Int32) {
        let scratch = try Scratch()
        return try await Slots.shared.run {
            let process = try AckpipeProcess(["check"] + options + ["--"] + command, in: scratch)
            let code = try await process.waitForExit(within: 300)
            #expect(code != 0 || process.log.isEmpty, "\(process.logTail)")
            return (process.output + process.log, code)
        }
    }

    private func json(_ options: [String], _ fault: String) async throws -> (report: [String: Any], code: Int32) {
        let ended = try await check(["--format", "json"] + options, ["python3", "-S", CheckTests.handler, fault])
        let object = try? JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
        return (try #require(object, "\(fault): \(ended.output.prefix(2_000))"), ended.code)
    }

    private func rules(_ report: [String: Any], _ status: String) -> [String] {
        let rules = report["rules"] as? [[String: Any]] ?? []
        return rules.filter { $0["status"] as? String == status }.compactMap { $0["rule"] as? String }
    }

    @Test("a planted fault is found under the number of its rule", .timeLimit(.minutes(30)), arguments: faults)
    func plantedFault(fault: String, options: [String]) async throws {
        let rule = String(fault.prefix { $0 != "-" })
        let mode = options.contains("--mode") ? [] : ["--mode", "message"]
        let isAdvice = rule == "B5"
        var (report, code) = try await json(options + mode + ["--rule", rule], fault)
        // Faults of time (a pipe that is full, an answer that is late) may not show on a machine that is busy with other tests.
        for _ in 0..<2 where code == 0 && !isAdvice {
            (report, code) = try await json(options + mode + ["--rule", rule], fault)
        }
        #expect(rules(report, isAdvice ? "advice" : "fail") == [rule], "\(fault): \(report)")
        #expect(code == (isAdvice ? 0 : 1))
    }

    @Test("every rule that a handler can break has a planted fault")
    func faultsAreComplete() async throws {
        let list = try await check(["--list"], ["true"]).output
        let numbers = list.split(separator: "\n").compactMap { line in
            line.wholeMatch(of: #/  ([A-Z]\d+) +.*/#).map { String($0.1) }
        }
        #expect(numbers.count > 40)
        let planted = Set(CheckTests.faults.map { String($0.fault.prefix { $0 != "-" }) })
        #expect(Set(numbers) == planted)
    }

    static let harmless: [(fault: String, options: [String])] = [
        ("none", []), ("none", lines), ("none", ["--protocol-fd", "3"]), ("none", ["--max-frame-bytes", "4KiB"]),
        ("none", ["--value-format", "json"]), ("none-program", []), ("none-features", []),
        ("none-features", lines + ["--protocol-fd", "3"]),
    ]

    @Test(
        "a handler without a fault breaks nothing, in every framing and on every descriptor", .timeLimit(.minutes(30)),
        arguments: harmless)
    func conforming(fault: String, options: [String]) async throws {
        let (report, code) = try await json(options, fault)
        #expect(
            code == 0 && rules(report, "fail") == [] && rules(report, "advice") == [], "\(fault) \(options): \(report)")
        var missing = options.contains("lines") ? ["F1", "F2"] : ["F9", "F10"]
        missing += ["H9", "V5"]
        if fault == "none-features" { missing.append("L9") } else { missing += ["H7", "V10", "L4", "L8"] }
        if fault == "none" { missing.append("L9") }
        #expect(
            Set(rules(report, "not exercised")).symmetricDifference(missing).isSubset(of: ["L8", "B2", "B5", "J14"]))
    }

    @Test("a handler that cannot start is not called conforming")
    func refusing() async throws {
        let (report, code) = try await json([], "none-init-error")
        #expect(code == 1 && report["good"] as? Bool == false && rules(report, "fail") == [])
        #expect("\(report)".contains("no database"))
    }

    @Test("a broken rule is told with the frames, the remedy and the handler's last words")
    func report() async throws {
        let ended = try await check(["--mode", "message"], ["python3", "-S", CheckTests.handler, "J12"])
        #expect(ended.code == 1)
        for text in [
            "FAIL    J12", "in session base64", "exited with code 1", "> {\"type\":\"message\"", "  no value\n",
            "1 failed",
        ] {
            #expect(ended.output.contains(text), "no '\(text)' in \(ended.output)")
        }
        let suite = try await check(
            ["--format", "junit", "--rule", "J4"], ["python3", "-S", CheckTests.handler, "J4"])
        #expect(suite.code == 1 && suite.output.contains("<failure message=\"unknown type"), "\(suite.output)")
    }

    @Test("records of the user's are handed over")
    func records() async throws {
        let scratch = try Scratch()
        let file = try scratch.write(
            "records", "{\"topic\":\"orders\",\"value\":\"one\"}\n\n{\"value\":null,\"key\":\"k\"}\n")
        let handler = ["python3", "-S", CheckTests.handler, "none"]
        let ended = try await check(["--records", file, "--verbose"], handler)
        #expect(
            ended.code == 0 && ended.output.contains("\"topic\":\"orders\"") && ended.output.contains("session records")
        )
        let broken = try scratch.write("broken", "{\"value\":1}\n")
        let refused = try await check(["--records", broken], handler)
        #expect(refused.code == 65 && refused.output.contains(":1:10: "), "\(refused.output)")
        #expect(try await check(["--records", "/does/not/exist"], handler).code == 64)
    }

    @Test("a command that cannot be run, and a line that cannot be understood, are told by their exit codes")
    func commands() async throws {
        #expect(try await check([], ["/does/not/exist"]).code == 127)
        #expect(try await check([], [Repository.root.appendingPathComponent("README.md").path]).code == 126)
        #expect(try await check(["--rule", "F99"], ["true"]).code == 64)
        #expect(try await check(["--rule", "F3"], ["true"]).output.contains("for the bridge to keep"))
        let process = try AckpipeProcess(["check"], in: try Scratch())
        #expect(try await process.waitForExit() == 64)
        #expect(process.log.contains("the handler's command is missing"))
    }
}
