import Foundation
import Testing

@testable import HandlerProtocol

@Suite struct Base64TextTests {
    @Test("what was encoded is decoded, at every length modulo 3")
    func roundTrips() throws {
        for count in 0..<100 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            #expect(try Base64Text.decode(Data(bytes).base64EncodedString()) == bytes)
        }
        #expect(try Base64Text.decode("+/+/") == [0xFB, 0xFF, 0xBF])
    }

    @Test(
        "what is not Base64 is refused with the likely reason",
        arguments: [
            ("A", "1 characters are no multiple of 4"), ("AAA", "3 characters are no multiple of 4"),
            ("AA-A", "\"-\" belongs to the alphabet for URLs"), ("A===", "\"=\" stands only at the end"),
            ("====", "\"=\" stands only at the end"), ("AA==AAAA", "\"=\" stands only at the end"),
            ("AA\nA", "\"\\n\", its character 3, is none of the alphabet"), ("AAé", "something beyond ASCII"),
            ("AB==", "the last character before \"=\" has bits"), ("AAB=", "the last character before \"=\" has bits"),
        ])
    func refused(text: String, reason: String) {
        #expect { try Base64Text.decode(text) } throws: { ($0 as? Base64Fault)?.reason.hasPrefix(reason) == true }
    }
}
