import DeliveryCore
import Testing

@testable import HandlerProtocol

@Suite struct HandlerFrameDecoderTests {
    @Test func everyMemberNameHasItsOwnPlace() {
        #expect(MemberName.allCases.count == 33)
        for name in MemberName.allCases {
            let bytes = Array(name.text.utf8)
            #expect(MemberName.find(in: bytes.span, 0..<bytes.count) == name)
        }
    }

    @Test func membersMayStandInAnyOrderWithWhiteSpaceAndEscapedNames() throws {
        #expect(try decode(" {\t\"id\" : 7 ,\r\n \"type\" : \"ack\" } ") == .ack(.id(7), hasOutputs: false))
        #expect(try decode("{\"\\u0074ype\":\"\\u0061ck\",\"i\\u0064\":7}") == .ack(.id(7), hasOutputs: false))
    }

    @Test func unknownMembersAreIgnoredWhereNoRecordCanBeLost() throws {
        #expect(try decode("{\"type\":\"resume\",\"id\":5,\"new\":{\"a\":[1,{}]}}") == .resume)
        #expect(try decode("{\"type\":\"extend\",\"id\":5,\"ms\":10,\"reason\":1}") == .extend(id: 5, milliseconds: 10))
    }

    @Test func nullMeansAbsentInOptionalMembers() throws {
        #expect(try decode("{\"type\":\"pause\",\"ms\":null}") == .pause(milliseconds: nil))
        #expect(
            try decode("{\"type\":\"nack\",\"id\":1,\"error\":null,\"action\":null,\"delay_ms\":null}")
                == .nack(id: 1, FailureDetail()))
        #expect(brokenRule("{\"type\":\"extend\",\"id\":null,\"ms\":1}")?.rule == .wrongMember)
        #expect(brokenRule("{\"type\":null}")?.rule == .unknownType)
    }

    @Test func whatIsNotOneObjectIsRefusedWithItsKind() {
        let cases = [
            "[]": "an array", "7": "a number", "\"x\"": "a string", "null": "null", "true": "a boolean", "": "empty",
            "  ": "empty", "\u{FEFF}{}": "byte order mark", "hello": "not JSON", "\u{0}\u{0}\u{0}\u{2}{}": "zero byte",
            "{\"type\":\"resume\"": "ends in the middle", "{\"type\":\"resume\"}{}": "follows",
            "{\"type\":\"resume\",}": "member's name", "{'type':'resume'}": "double quotes",
        ]
        for (text, word) in cases {
            let error = brokenRule(text)
            #expect(error?.rule == .notOneObject, "\(text)")
            #expect(error?.message.contains(word) == true, "\(text): \(error?.message ?? "decoded")")
        }
        #expect(throws: ProtocolError.self) { try decode([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]) }
    }

    @Test func aMemberThatOccursTwiceIsRefusedInNestedObjectsToo() {
        for text in [
            "{\"type\":\"ack\",\"id\":7,\"id\":8}", "{\"type\":\"ack\",\"id\":7,\"i\\u0064\":7}",
            "{\"type\":\"ack\",\"id\":7,\"x_a\":1,\"x_a\":1}", "{\"type\":\"resume\",\"new\":1,\"n\\u0065w\":1}",
            "{\"type\":\"result\",\"id\":1,\"failed\":[{\"index\":1,\"index\":1}]}",
            "{\"type\":\"log\",\"level\":\"info\",\"message\":\"m\",\"fields\":{\"a\":1,\"b\":[{\"c\":1,\"c\":2}]}}",
            "{\"type\":\"resume\",\"x\":{\"a\":{},\"b\":1,\"a\":1}}",
        ] {
            #expect(brokenRule(text)?.rule == .repeatedMember, "\(text)")
        }
        #expect(brokenRule("{\"type\":\"resume\",\"x\":{\"a\":{\"a\":1},\"b\":{\"a\":1}},\"y\":{\"a\":1}}") == nil)
        #expect(brokenRule("{\"type\":\"ack\",\"id\":7,\"id\":8}")?.message == "member \"id\" occurs twice")
    }

    @Test func aFrameMayBe64DeepAndNotMore() {
        func frame(_ levels: Int) -> String {
            "{\"type\":\"resume\",\"x\":" + String(repeating: "[", count: levels - 1)
                + String(repeating: "]", count: levels - 1) + "}"
        }
        #expect(brokenRule(frame(64)) == nil)
        #expect(brokenRule(frame(65))?.rule == .nestedTooDeep)
        #expect(brokenRule(frame(100_000))?.rule == .nestedTooDeep)
    }

    @Test func anUnknownTypeIsRefusedWithTheNearestOne() {
        #expect(
            brokenRule("{\"type\":\"Ack\",\"id\":7}")?.message
                == "unknown type \"Ack\"; the nearest valid one is \"ack\"")
        #expect(brokenRule("{\"type\":\"message\"}")?.rule == .unknownType)
        #expect(brokenRule("{\"type\":\"ac\\n\"}")?.message.contains("\"ac\\n\"") == true)
        #expect(brokenRule("{\"type\":7}")?.message.contains("a number") == true)
        #expect(brokenRule("{\"id\":7}")?.message.contains("missing") == true)
        #expect(brokenRule("{\"type\":\"seek\",\"epoch\":1,\"offsets\":[]}")?.message.contains("not offered") == true)
    }

    @Test func integersMayBeWrittenInAnyExactWay() throws {
        for text in ["7", "7.0", "70e-1", "0.7e1", "7E0", "7.000e+00"] {
            #expect(try decode("{\"type\":\"ack\",\"id\":\(text)}") == .ack(.id(7), hasOutputs: false), "\(text)")
        }
        #expect(try decode("{\"type\":\"ack\",\"id\":1e+05}") == .ack(.id(100_000), hasOutputs: false))
        #expect(
            try decode("{\"type\":\"ack\",\"id\":9007199254740991}")
                == .ack(.id(9_007_199_254_740_991), hasOutputs: false))
        for text in ["7.5", "0", "-7", "9007199254740992", "1e99", "1e-5"] {
            #expect(brokenRule("{\"type\":\"ack\",\"id\":\(text)}")?.rule == .notAnInteger, "\(text)")
        }
        for text in ["\"7\"", "[7]", "{}", "true"] {
            #expect(brokenRule("{\"type\":\"ack\",\"id\":\(text)}")?.rule == .wrongMember, "\(text)")
        }
        #expect(brokenRule("{\"type\":\"ack\",\"id\":\"7\"}")?.message == "\"id\" is a string; an integer is needed")
        #expect(brokenRule("{\"type\":\"ack\",\"id\":7.5}")?.message.hasPrefix("\"id\" is 7.5; an integer") == true)
    }

    @Test func theErrorShowsTheFirst200BytesPrintably() throws {
        let error = try #require(brokenRule("{\"x\u{85}\":\"" + String(repeating: "é", count: 200) + "\"}\n\u{1B}"))
        #expect(error.excerpt.hasPrefix("{\"x\\xc2\\x85\":\"éé") && error.excerpt.hasSuffix("é..."))
        #expect(error.excerpt.utf8.count <= 200 + 3 + 12)
        #expect(brokenRule("nonsense\n\u{1B}[0m")?.excerpt == "nonsense\\n\\x1b[0m")
        #expect(error.description.hasPrefix("J"))
    }

    @Test func theSessionIsToldAbsentEqualOrDifferent() throws {
        let decoder = HandlerFrameDecoder()
        func session(_ member: String) throws -> SessionMember {
            try decoder.decode(Array("{\"type\":\"resume\"\(member)}".utf8).span, expectedSession: "abc").session
        }
        #expect(try session("") == .absent)
        #expect(try session(",\"session\":null") == .absent)
        #expect(try session(",\"session\":\"abc\"") == .equal)
        #expect(try session(",\"session\":\"\\u0061bc\"") == .equal)
        for other in ["", "ab", "abcd", "abd", "\\u0061b"] {
            #expect(try session(",\"session\":\"\(other)\"") == .different, "\(other)")
        }
        #expect(throws: ProtocolError.self) { try session(",\"session\":7") }
    }
}
