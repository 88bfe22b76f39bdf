import Foundation
import HandlerProtocol
import Testing

@testable import Conformance

@Suite struct ReportTests {
    private let session = Session("plain", "single records", rules: ["V1"], [])
    private let subject = CheckSubject(
        command: ["python3", "my handler.py"], framing: .length, onDescriptors: false, modes: [.message])

    private func report(_ outcomes: [SessionOutcome], rules: [String] = []) -> Report {
        Report(subject, outcomes, skipped: [], rules: rules)
    }

    private func finding(_ rule: String, isAdvice: Bool = false) -> Finding {
        Finding(
            rule: rule, found: "found <this> & \u{1}", expected: "that",
            frames: [.frame(.handler, Array("{\"type\":\"Ack\"}\n".utf8))], isAdvice: isAdvice)
    }

    @Test("a rule passes if it was exercised and nowhere broken")
    func statuses() throws {
        let report = report([
            SessionOutcome(session: session, exercised: ["F1", "J4"], log: ["a \u{1B}[31mline"]),
            SessionOutcome(
                session: session, exercised: ["J4"], findings: [finding("J4"), finding("B5", isAdvice: true)]),
        ])
        func status(_ rule: String) -> String? { report.entries.first { $0.rule.number == rule }?.status.word }
        #expect(status("F1") == "pass" && status("J4") == "fail" && status("B5") == "advice")
        #expect(status("F9") == "not exercised" && status("F3") == nil)
        #expect(report.failures == 1 && report.passes == 1 && report.advices == 1 && !report.isGood)
        let text = report.text(isVerbose: false)
        #expect(
            text.contains("FAIL    J4") && text.contains("expected: that")
                && text.contains("not exercised: the handler was run with framing by length"))
        #expect(text.contains("< {\"type\":\"Ack\"}\\n (15 bytes)"))
        #expect(text.contains("'my handler.py'") && !text.contains("\u{1B}"))
        #expect(text.hasSuffix("1 rule passed, 1 failed, 1 to be thought about, 45 not exercised, in 2 sessions\n"))
    }

    @Test("advice fails nothing; a session that did not come to its end does")
    func goodness() {
        #expect(report([SessionOutcome(session: session, findings: [finding("B5", isAdvice: true)])]).isGood)
        let cut = report([SessionOutcome(session: session, obstacle: "too slow")])
        #expect(!cut.isGood && cut.text(isVerbose: false).contains("session plain: too slow"))
    }

    @Test("only the rules that are asked for are reported")
    func chosen() {
        let report = report([SessionOutcome(session: session, findings: [finding("J4")])], rules: ["F1", "L9"])
        #expect(report.entries.map(\.rule.number) == ["F1", "L9"] && report.isGood)
    }

    @Test("every frame is shown with --verbose alone")
    func verbose() {
        let outcome = SessionOutcome(session: session, transcript: [.note("end of file")], log: ["log line"])
        #expect(!report([outcome]).text(isVerbose: false).contains("end of file"))
        #expect(report([outcome]).text(isVerbose: true).contains("  - end of file\n  ! log line\n"))
    }

    @Test("the report in JSON is JSON")
    func json() throws {
        let json = report([SessionOutcome(session: session, findings: [finding("J4")], log: ["x"])]).json
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(object["good"] as? Bool == false && object["failed"] as? Int == 1)
        let rules = try #require(object["rules"] as? [[String: Any]])
        let broken = try #require(rules.first { $0["status"] as? String == "fail" })
        #expect(broken["rule"] as? String == "J4")
        #expect((broken["findings"] as? [[String: Any]])?.first?["found"] as? String == "found <this> & \u{1}")
    }

    @Test("the report for CI is well-formed XML with a case for each rule")
    func junit() throws {
        let xml = report([
            SessionOutcome(session: session, exercised: ["F1"], findings: [finding("J4")], obstacle: "slow & \"so\"")
        ]).junit
        #expect(xml.contains("tests=\"\(Rule.ofHandlers.count + 1)\" failures=\"1\" errors=\"1\""))
        #expect(xml.contains("<failure message=\"found &lt;this&gt; &amp; \u{FFFD}\">"))
        #expect(xml.contains("<error message=\"slow &amp; &quot;so&quot;\"/>"))
        #expect(xml.components(separatedBy: "<testcase ").count == Rule.ofHandlers.count + 2)
    }
}
