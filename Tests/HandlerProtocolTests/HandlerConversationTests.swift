import Testing

@testable import HandlerProtocol

@Suite struct HandlerConversationTests {
    private func conversation(versions: ClosedRange<Int> = 1...1) -> HandlerConversation {
        HandlerConversation(
            offer: .init(
                hello: Hello(
                    protocolVersion: versions.upperBound, protocolMinimum: versions.lowerBound, bridge: "ackpipe/0",
                    worker: 0, service: "s", group: "g", topics: ["t"], mode: .message, maxInFlight: 64,
                    maxFrameBytes: 1 << 26, ackTimeoutMilliseconds: 1, maxExtendMilliseconds: 1,
                    readyTimeoutMilliseconds: 1, cancelGraceMilliseconds: 1, features: ["cancel", "ping", "session"],
                    session: "abc")))
    }

    private func rule(_ conversation: inout HandlerConversation, _ text: String) -> ProtocolError.Rule? {
        do throws(ProtocolError) {
            _ = try conversation.receive(Array(text.utf8).span)
            return nil
        } catch {
            return error.rule
        }
    }

    private let ready = "{\"type\":\"ready\",\"protocol\":1,\"name\":\"n\"}"
    private let log = "{\"type\":\"log\",\"level\":\"info\",\"message\":\"m\"}"
    private let metric = "{\"type\":\"metric\",\"name\":\"a\",\"kind\":\"gauge\",\"value\":1}"
    private let initError = "{\"type\":\"init_error\",\"error\":\"e\"}"
    private let others = [
        "{\"type\":\"ack\",\"id\":1}", "{\"type\":\"nack\",\"id\":1}", "{\"type\":\"result\",\"id\":1,\"failed\":[]}",
        "{\"type\":\"extend\",\"id\":1,\"ms\":1}", "{\"type\":\"pause\"}", "{\"type\":\"resume\"}",
        "{\"type\":\"pong\",\"nonce\":\"n\"}",
    ]

    @Test func beforeReadyOnlyLogMetricAndInitErrorAreLegal() {
        for text in [log, metric, initError, ready] {
            var fresh = conversation()
            #expect(rule(&fresh, text) == nil, "\(text)")
        }
        for text in others {
            var fresh = conversation()
            #expect(rule(&fresh, text) == .beforeReady, "\(text)")
            #expect(!fresh.isReady)
        }
    }

    @Test func afterReadyAllButReadyAndInitErrorAreLegal() {
        var open = conversation()
        #expect(rule(&open, log) == nil)
        #expect(rule(&open, ready) == nil)
        #expect(open.isReady)
        for text in others + [log, metric] { #expect(rule(&open, text) == nil, "\(text)") }
        #expect(rule(&open, ready) == .secondReady)
        #expect(rule(&open, initError) == .beforeReady)
    }

    @Test func initErrorIsTheLastFrame() {
        var refused = conversation()
        #expect(rule(&refused, initError) == nil)
        for text in others + [log, metric, ready, initError] {
            #expect(rule(&refused, text) == .afterInitError, "\(text)")
        }
    }

    @Test func aVersionOutsideOfTheOfferIsRefused() {
        for (version, expected) in [(0, ProtocolError.Rule.noCommonVersion), (1, nil), (2, nil), (3, .noCommonVersion)]
        {
            var open = conversation(versions: 1...2)
            #expect(
                rule(&open, "{\"type\":\"ready\",\"protocol\":\(version),\"name\":\"n\"}") == expected, "\(version)")
        }
    }

    @Test func whatReadyChoosesIsClampedToTheOffer() throws {
        var open = conversation()
        let text =
            "{\"type\":\"ready\",\"protocol\":1,\"name\":\"n\",\"features\":[\"ping\",\"warp\",\"ping\"],\"max_in_flight\":100}"
        #expect(
            try open.receive(Array(text.utf8).span)
                == .ready(Ready(protocolVersion: 1, name: "n", features: ["ping"], maxInFlight: 64)))
        #expect(open.featuresWithoutEffect == ["warp"])
        var other = conversation()
        let small = "{\"type\":\"ready\",\"protocol\":1,\"name\":\"n\",\"max_in_flight\":3}"
        #expect(
            try other.receive(Array(small.utf8).span)
                == .ready(Ready(protocolVersion: 1, name: "n", maxInFlight: 3)))
    }

    @Test func onceReadyHasTheSessionEveryFrameRepeatsIt() {
        let greeting = "{\"type\":\"ready\",\"protocol\":1,\"name\":\"n\",\"session\":\"abc\"}"
        var open = conversation()
        #expect(rule(&open, greeting) == nil)
        #expect(rule(&open, "{\"type\":\"ack\",\"id\":1,\"session\":\"abc\"}") == nil)
        #expect(rule(&open, "{\"type\":\"ack\",\"id\":1}") == .wrongSession)
        #expect(rule(&open, "{\"type\":\"ack\",\"id\":1,\"session\":\"abd\"}") == .wrongSession)
        #expect(rule(&open, log) == .wrongSession)
    }

    @Test func aSessionThatWasNotChosenIsIgnored() {
        var open = conversation()
        #expect(rule(&open, ready) == nil)
        #expect(rule(&open, "{\"type\":\"ack\",\"id\":1,\"session\":\"whatever\"}") == nil)
    }

    @Test func readyRefusesAWrongSessionAndTheFeatureWithoutTheMember() {
        var wrong = conversation()
        #expect(rule(&wrong, "{\"type\":\"ready\",\"protocol\":1,\"name\":\"n\",\"session\":\"x\"}") == .wrongSession)
        var missing = conversation()
        #expect(
            rule(&missing, "{\"type\":\"ready\",\"protocol\":1,\"name\":\"n\",\"features\":[\"session\"]}")
                == .wrongSession)
    }
}
