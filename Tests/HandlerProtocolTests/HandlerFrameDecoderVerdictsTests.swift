import DeliveryCore
import Testing

@testable import HandlerProtocol

@Suite struct HandlerFrameDecoderVerdictsTests {
    @Test func theThreeFormsOfAnAck() throws {
        #expect(try decode("{\"type\":\"ack\",\"id\":1}") == .ack(.id(1), hasOutputs: false))
        #expect(try decode("{\"type\":\"ack\",\"ids\":[2,3.0,2]}") == .ack(.ids([2, 3, 2]), hasOutputs: false))
        #expect(try decode("{\"type\":\"ack\",\"through\":64}") == .ack(.through(64), hasOutputs: false))
        #expect(try decode("{\"type\":\"ack\",\"id\":1,\"ids\":null}") == .ack(.id(1), hasOutputs: false))
    }

    @Test func anAckHasExactlyOneSelector() {
        for text in [
            "{\"type\":\"ack\"}", "{\"type\":\"ack\",\"id\":1,\"ids\":[1]}",
            "{\"type\":\"ack\",\"id\":1,\"through\":1}",
            "{\"type\":\"ack\",\"ids\":[1],\"through\":1}", "{\"type\":\"ack\",\"id\":1,\"ids\":[1],\"through\":1}",
            "{\"type\":\"ack\",\"ids\":[]}", "{\"type\":\"ack\",\"id\":null}",
        ] {
            #expect(brokenRule(text)?.rule == .ackSelectors, "\(text)")
        }
        #expect(brokenRule("{\"type\":\"ack\",\"ids\":7}")?.rule == .wrongMember)
        #expect(brokenRule("{\"type\":\"ack\",\"ids\":[1,null]}")?.rule == .wrongMember)
    }

    @Test func aTypingMistakeInAVerdictIsAnErrorThatNamesTheNearestMember() {
        #expect(
            brokenRule("{\"type\":\"ack\",\"idd\":7}")?.message
                == "unknown member \"idd\" in \"ack\"; the nearest valid one is \"id\"")
        #expect(brokenRule("{\"type\":\"ack\",\"id\":7,\"trough\":9}")?.message.contains("\"through\"") == true)
        #expect(brokenRule("{\"type\":\"nack\",\"id\":7,\"Error\":\"x\"}")?.message.contains("\"error\"") == true)
        #expect(brokenRule("{\"type\":\"nack\",\"id\":7,\"delay\":5}")?.rule == .unknownMember)
        #expect(
            brokenRule("{\"type\":\"result\",\"id\":1,\"failed\":[{\"indx\":0}]}")?.message
                == "unknown member \"indx\" in \"failed\"; the nearest valid one is \"index\"")
        // Names that exist, but not in this frame.
        #expect(brokenRule("{\"type\":\"ack\",\"id\":7,\"error\":null}")?.rule == .unknownMember)
        #expect(brokenRule("{\"type\":\"nack\",\"id\":7,\"ms\":5}")?.rule == .unknownMember)
        #expect(brokenRule("{\"type\":\"ack\",\"id\":7,\"produce\":[{\"topik\":\"t\"}]}")?.rule == .unknownMember)
        #expect(
            brokenRule("{\"type\":\"ack\",\"id\":7,\"produce\":[{\"topic\":\"t\",\"index\":0}]}")?.rule
                == .unknownMember)
        #expect(brokenRule("{\"type\":\"ack\",\"id\":7,\"qqqqqqqq\":1}")?.message.contains("x_") == true)
    }

    @Test func namesThatBeginWithXAreTheHandlersOwn() throws {
        #expect(try decode("{\"type\":\"ack\",\"id\":7,\"x_\":1,\"x_trace\":{}}") == .ack(.id(7), hasOutputs: false))
        #expect(
            try decode("{\"type\":\"result\",\"id\":7,\"x_a\":0,\"failed\":[{\"index\":0,\"x_b\":[]}]}")
                == .result(id: 7, failed: [RecordFailure(index: 0)], hasOutputs: false))
        #expect(brokenRule("{\"type\":\"ack\",\"id\":7,\"X_a\":1}")?.rule == .unknownMember)
        #expect(brokenRule("{\"type\":\"ack\",\"id\":7,\"x\":1}")?.rule == .unknownMember)
    }

    @Test func aNackTellsErrorActionAndDelay() throws {
        let text = "{\"type\":\"nack\",\"id\":4,\"error\":\"down\",\"action\":\"reject\",\"delay_ms\":1500}"
        #expect(
            try decode(text) == .nack(id: 4, FailureDetail(error: "down", action: .reject, delayMilliseconds: 1500)))
        for action in FailureAction.allCases {
            #expect(
                try decode("{\"type\":\"nack\",\"id\":4,\"action\":\"\(action.rawValue)\"}")
                    == .nack(id: 4, FailureDetail(action: action)))
        }
        #expect(brokenRule("{\"type\":\"nack\",\"id\":4,\"action\":\"ack\"}")?.rule == .unknownValue)
        #expect(brokenRule("{\"type\":\"nack\",\"id\":4,\"action\":\"retry, reject\"}")?.rule == .unknownValue)
        #expect(brokenRule("{\"type\":\"nack\",\"id\":4,\"delay_ms\":-1}")?.rule == .notAnInteger)
        #expect(brokenRule("{\"type\":\"nack\",\"id\":4,\"error\":{}}")?.rule == .wrongMember)
        #expect(brokenRule("{\"type\":\"nack\"}")?.rule == .wrongMember)
    }

    @Test func anErrorTextIsCutAt4KiBAtACharactersBoundary() throws {
        func error(_ text: String) throws -> String? {
            guard case .nack(_, let detail) = try decode("{\"type\":\"nack\",\"id\":4,\"error\":\"\(text)\"}") else {
                return nil
            }
            return detail.error
        }
        #expect(try error(String(repeating: "a", count: 4096)) == String(repeating: "a", count: 4096))
        #expect(try error(String(repeating: "a", count: 4097)) == String(repeating: "a", count: 4096))
        #expect(try error(String(repeating: "€", count: 2000)) == String(repeating: "€", count: 1365))
        #expect(
            try error("a" + String(repeating: "\\ud83d\\ude00", count: 2000)) == "a"
                + String(repeating: "😀", count: 1023))
    }

    @Test func escapesAreReadAndLoneSurrogatesBecomeReplacementCharacters() throws {
        let text =
            "\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00|\\ud83d|\\ude00|\\ud83d\\u0041|\\ud83d\\ud83d\\ude00|\\u0000"
        guard case .nack(_, let detail) = try decode("{\"type\":\"nack\",\"id\":4,\"error\":\"\(text)\"}") else {
            Issue.record("not a nack")
            return
        }
        #expect(detail.error == "\"\\/\u{8}\u{C}\n\r\té😀|\u{FFFD}|\u{FFFD}|\u{FFFD}A|\u{FFFD}😀|\u{0}")
    }

    @Test func aResultListsWhatFailed() throws {
        #expect(
            try decode("{\"type\":\"result\",\"id\":2,\"failed\":[]}") == .result(id: 2, failed: [], hasOutputs: false))
        let text =
            "{\"type\":\"result\",\"id\":1,\"failed\":[{\"index\":1,\"error\":\"e\",\"delay_ms\":200},"
            + "{\"action\":\"release\",\"index\":2.0}]}"
        let expected = [
            RecordFailure(index: 1, detail: FailureDetail(error: "e", delayMilliseconds: 200)),
            RecordFailure(index: 2, detail: FailureDetail(action: .release)),
        ]
        #expect(try decode(text) == .result(id: 1, failed: expected, hasOutputs: false))
    }

    @Test func aResultMustSayWhatFailedAndEachIndexOnce() {
        #expect(brokenRule("{\"type\":\"result\",\"id\":1}")?.rule == .failedMissing)
        #expect(brokenRule("{\"type\":\"result\",\"id\":1,\"failed\":null}")?.rule == .failedMissing)
        #expect(brokenRule("{\"type\":\"result\",\"id\":1,\"failed\":{}}")?.rule == .wrongMember)
        #expect(brokenRule("{\"type\":\"result\",\"id\":1,\"failed\":[0]}")?.rule == .wrongMember)
        #expect(brokenRule("{\"type\":\"result\",\"id\":1,\"failed\":[{}]}")?.rule == .wrongMember)
        #expect(brokenRule("{\"type\":\"result\",\"id\":1,\"failed\":[{\"index\":-1}]}")?.rule == .notAnInteger)
        #expect(
            brokenRule("{\"type\":\"result\",\"id\":1,\"failed\":[{\"index\":0},{\"index\":0}]}")?.message
                == "index 0 occurs twice in \"failed\"")
        #expect(
            brokenRule("{\"type\":\"result\",\"id\":1,\"failed\":[{\"index\":0},{\"index\":0}]}")?.rule == .wrongIndex)
    }

    @Test func outputsAreSeenAndStandOnlyWhereTheyMay() throws {
        let output = "[{\"topic\":\"t\",\"value\":null,\"headers\":[{\"a\":1}],\"x_a\":1}]"
        #expect(try decode("{\"type\":\"ack\",\"id\":1,\"produce\":\(output)}") == .ack(.id(1), hasOutputs: true))
        #expect(try decode("{\"type\":\"ack\",\"id\":1,\"produce\":[]}") == .ack(.id(1), hasOutputs: false))
        #expect(try decode("{\"type\":\"ack\",\"ids\":[1],\"produce\":null}") == .ack(.ids([1]), hasOutputs: false))
        #expect(
            try decode("{\"type\":\"result\",\"id\":1,\"failed\":[],\"produce\":[{\"index\":0,\"topic\":\"t\"}]}")
                == .result(id: 1, failed: [], hasOutputs: true))
        #expect(brokenRule("{\"type\":\"ack\",\"ids\":[1],\"produce\":\(output)}")?.rule == .misplacedOutput)
        #expect(brokenRule("{\"type\":\"ack\",\"through\":1,\"produce\":[]}")?.rule == .misplacedOutput)
        #expect(brokenRule("{\"type\":\"nack\",\"id\":1,\"produce\":[]}")?.rule == .unknownMember)
        #expect(brokenRule("{\"type\":\"ack\",\"id\":1,\"produce\":{}}")?.rule == .wrongMember)
    }

    @Test func extendNeedsIdAndDuration() throws {
        #expect(try decode("{\"type\":\"extend\",\"id\":12,\"ms\":6e4}") == .extend(id: 12, milliseconds: 60_000))
        #expect(try decode("{\"type\":\"extend\",\"id\":12,\"ms\":0}") == .extend(id: 12, milliseconds: 0))
        #expect(brokenRule("{\"type\":\"extend\",\"id\":12}")?.rule == .wrongMember)
        #expect(brokenRule("{\"type\":\"extend\",\"ms\":12}")?.rule == .wrongMember)
        #expect(brokenRule("{\"type\":\"extend\",\"id\":12,\"ms\":-1}")?.rule == .notAnInteger)
    }
}
