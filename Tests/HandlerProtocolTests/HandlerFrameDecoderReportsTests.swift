import Testing

@testable import HandlerProtocol

@Suite struct HandlerFrameDecoderReportsTests {
    @Test func readyHasDefaultsForWhatItLeavesOut() throws {
        #expect(
            try decode("{\"type\":\"ready\",\"protocol\":1,\"name\":\"n\"}")
                == .ready(Ready(protocolVersion: 1, name: "n")))
        let full =
            "{\"type\":\"ready\",\"protocol\":1,\"name\":\"n\",\"features\":[\"ping\",\"new\"],\"concurrency\":8,"
            + "\"max_in_flight\":32,\"session\":\"s\"}"
        #expect(
            try decode(full)
                == .ready(
                    Ready(
                        protocolVersion: 1, name: "n", features: ["ping", "new"], concurrency: 8, maxInFlight: 32,
                        session: "s")))
    }

    @Test func readyIsCheckedMemberByMember() {
        for (members, rule) in [
            ("\"name\":\"n\"", ProtocolError.Rule.wrongMember), ("\"protocol\":1", .wrongMember),
            ("\"protocol\":\"1\",\"name\":\"n\"", .wrongMember), ("\"protocol\":1.5,\"name\":\"n\"", .notAnInteger),
            ("\"protocol\":1,\"name\":1", .wrongMember),
            ("\"protocol\":1,\"name\":\"n\",\"concurrency\":0", .notAnInteger),
            ("\"protocol\":1,\"name\":\"n\",\"max_in_flight\":0", .notAnInteger),
            ("\"protocol\":1,\"name\":\"n\",\"features\":\"ping\"", .wrongMember),
            ("\"protocol\":1,\"name\":\"n\",\"features\":[1]", .wrongMember),
            ("\"protocol\":1,\"name\":\"n\",\"session\":1", .wrongMember),
        ] {
            #expect(brokenRule("{\"type\":\"ready\",\(members)}")?.rule == rule, "\(members)")
        }
    }

    @Test func theSmallFramesAreRead() throws {
        #expect(try decode("{\"type\":\"init_error\",\"error\":\"db\"}") == .initError("db"))
        #expect(brokenRule("{\"type\":\"init_error\"}")?.rule == .wrongMember)
        #expect(try decode("{\"type\":\"pause\"}") == .pause(milliseconds: nil))
        #expect(try decode("{\"type\":\"pause\",\"ms\":30000}") == .pause(milliseconds: 30_000))
        #expect(try decode("{\"type\":\"resume\"}") == .resume)
        #expect(try decode("{\"type\":\"pong\",\"nonce\":\"a\"}") == .pong(nonce: "a"))
        #expect(brokenRule("{\"type\":\"pong\"}")?.rule == .wrongMember)
    }

    @Test func aLogLineKeepsItsFieldsInOrder() throws {
        let text =
            "{\"type\":\"log\",\"level\":\"warn\",\"message\":\"slow\",\"fields\":"
            + "{\"b\":812,\"a\":\"x\\ny\",\"c\":{\"d\":[1, 2]},\"e\":null}}"
        #expect(
            try decode(text)
                == .log(
                    LogFrame(
                        level: .warn, message: "slow",
                        fields: [
                            .init(name: "b", value: "812"), .init(name: "a", value: "x\ny"),
                            .init(name: "c", value: "{\"d\":[1, 2]}"), .init(name: "e", value: "null"),
                        ])))
        #expect(
            try decode("{\"type\":\"log\",\"level\":\"fatal\",\"message\":\"m\"}")
                == .log(LogFrame(level: .info, message: "m")))
        #expect(brokenRule("{\"type\":\"log\",\"level\":\"info\"}")?.rule == .wrongMember)
        #expect(brokenRule("{\"type\":\"log\",\"message\":\"info\"}")?.rule == .wrongMember)
        #expect(
            brokenRule("{\"type\":\"log\",\"level\":\"info\",\"message\":\"m\",\"fields\":[]}")?.rule == .wrongMember)
    }

    @Test func whatALogLineHoldsIsBounded() throws {
        let fields = (0..<1_000).map { "\"f\($0)\":\"\(String(repeating: "v", count: 5_000))\"" }.joined(separator: ",")
        let message = String(repeating: "m", count: 100_000)
        let text = "{\"type\":\"log\",\"level\":\"info\",\"message\":\"\(message)\",\"fields\":{\(fields)}}"
        guard case .log(let log) = try decode(text) else {
            Issue.record("not a log frame")
            return
        }
        #expect(log.message.utf8.count == 16 * 1024)
        #expect(log.fields.count == 64 && log.fields.allSatisfy { $0.value.utf8.count == 4096 })
    }

    @Test func aMetricIsChecked() throws {
        let text =
            "{\"type\":\"metric\",\"name\":\"orders_total\",\"kind\":\"counter\",\"value\":1.5e1,"
            + "\"labels\":{\"country\":\"de\"}}"
        #expect(
            try decode(text)
                == .metric(
                    MetricFrame(
                        name: "orders_total", kind: .counter, value: 15, labels: [.init(name: "country", value: "de")]))
        )
        func rule(_ members: String) -> ProtocolError.Rule? { brokenRule("{\"type\":\"metric\",\(members)}")?.rule }
        let name64 = String(repeating: "a", count: 64)
        #expect(rule("\"name\":\"\(name64)\",\"kind\":\"gauge\",\"value\":-1") == nil)
        #expect(rule("\"name\":\"\(name64)a\",\"kind\":\"gauge\",\"value\":1") == .wrongMember)
        for name in ["", "1a", "A", "a-b", "é"] {
            #expect(rule("\"name\":\"\(name)\",\"kind\":\"gauge\",\"value\":1") == .wrongMember, "\(name)")
        }
        #expect(rule("\"name\":\"a\",\"kind\":\"sum\",\"value\":1") == .unknownValue)
        #expect(rule("\"name\":\"a\",\"kind\":\"counter\",\"value\":-1") == .wrongMember)
        #expect(rule("\"name\":\"a\",\"kind\":\"gauge\",\"value\":1e999") == .wrongMember)
        #expect(rule("\"name\":\"a\",\"kind\":\"gauge\",\"value\":\"1\"") == .wrongMember)
        #expect(rule("\"name\":\"a\",\"kind\":\"gauge\",\"value\":null") == .wrongMember)
        func labels(_ count: Int) -> String { (0..<count).map { "\"l\($0)\":\"v\"" }.joined(separator: ",") }
        #expect(rule("\"name\":\"a\",\"kind\":\"gauge\",\"value\":1,\"labels\":{\(labels(8))}") == nil)
        #expect(rule("\"name\":\"a\",\"kind\":\"gauge\",\"value\":1,\"labels\":{\(labels(9))}") == .wrongMember)
        #expect(rule("\"name\":\"a\",\"kind\":\"gauge\",\"value\":1,\"labels\":{\"A\":\"v\"}") == .wrongMember)
        #expect(rule("\"name\":\"a\",\"kind\":\"gauge\",\"value\":1,\"labels\":{\"a\":1}") == .wrongMember)
    }
}
