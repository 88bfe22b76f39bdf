import Configuration
import Foundation
import HandlerProtocol
import Testing

@testable import Runtime

@Suite struct FrameListingTests {
    private func framed(_ body: String) -> [UInt8] { framed(Array(body.utf8)) }
    private func framed(_ body: [UInt8]) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (24 - 8 * $0)) } + body
    }

    private let ready = "{\"type\":\"ready\",\"protocol\":1,\"name\":\"h\"}"
    private let ack = "{\"type\":\"ack\",\"id\":1}"
    private let hello =
        "{\"type\":\"hello\",\"protocol\":1,\"protocol_min\":1,\"bridge\":\"b\",\"worker\":0,\"service\":\"s\",\"group\":\"g\","
        + "\"topics\":[],\"mode\":\"message\",\"max_in_flight\":1,\"max_frame_bytes\":99,\"ack_timeout_ms\":1,\"max_extend_ms\":1,"
        + "\"ready_timeout_ms\":1,\"cancel_grace_ms\":1,\"features\":[],\"session\":\"0\"}"

    /// What is told about a stream that comes in pieces of `step` bytes.
    private func told(_ bytes: [UInt8], _ settings: FramesSettings = FramesSettings(path: nil), step: Int = 7) -> (
        text: String, code: ExitCode
    ) {
        var text = ""
        let code = withUnsafeMutablePointer(to: &text) { target in
            var listing = FrameListing(settings, write: { target.pointee += $0 })
            var at = 0
            while at < bytes.count, listing.add(bytes.span.extracting(at..<min(bytes.count, at + step))) { at += step }
            return listing.end()
        }
        return (text, code)
    }

    @Test("Frames are shown with their places, whatever pieces they come in", arguments: [1, 7, 100_000])
    func places(step: Int) {
        let told = told(framed(ready) + framed(ack), step: step)
        #expect(
            told.text == """
                framing length, written by the handler
                         0     +44  ready      {"type":"ready","protocol":1,"name":"h"}
                        44     +25  ack        {"type":"ack","id":1}
                2 frames, 69 bytes; nothing is wrong

                """)
        #expect(told.code == .ok)
    }

    @Test("Lines are told from lengths, and the bridge from the handler")
    func finding() {
        let lines = told(Array("\n\(hello)\r\n{\"type\":\"ping\",\"nonce\":\"n\"}\n".utf8))
        #expect(lines.text.hasPrefix("framing lines, written by the bridge\n         1    +"), "\(lines.text)")
        #expect(lines.text.contains("ping") && lines.code == .ok)
        #expect(told([]).text == "0 frames, 0 bytes; nothing is wrong\n")
    }

    @Test("Records are shown by place, key and value")
    func records() {
        let record =
            "\"attempt\":2,\"redelivered\":true,\"topic\":\"orders\",\"partition\":3,\"offset\":4711,\"timestamp\":null,"
            + "\"timestamp_type\":\"none\",\"key\":null,\"value_base64\":\"/w==\",\"headers\":[{\"key\":\"a\",\"value\":\"b\"}]"
        let message = "{\"type\":\"message\",\"id\":1,\(record)}"
        let batch =
            "{\"type\":\"batch\",\"id\":2,\"messages\":["
            + Array(repeating: "{\(record)}", count: 7).joined(separator: ",") + "]}"
        let short = told(framed(hello) + framed(message) + framed(batch)).text
        #expect(
            short.contains(
                "message    id 1     orders[3]@4711 key null value ff (1 byte) headers 1 attempt 2 redelivered\n"),
            "\(short)")
        #expect(short.contains("batch      id 2     7 records\n") && short.contains("and 2 more\n"), "\(short)")
        let full = told(framed(hello) + framed(message), FramesSettings(path: nil, isFull: true)).text
        #expect(full.contains("\(message)\n"), "\(full)")
        let json = told(framed(hello) + framed(message), FramesSettings(path: nil, format: .json)).text
        #expect(json.contains("\"from\":\"bridge\",\"frame\":\(message)}\n"), "\(json)")
    }

    @Test("Text on stdout is shown where it begins, with what stands around it")
    func text() {
        let told = told(framed(ready) + framed(ack) + Array("Traceback (most recent call last):\n  File".utf8))
        #expect(
            told.text.hasSuffix(
                """
                broken at byte 69 (0x45), where a frame should begin
                F2: a traceback is text, not a frame's length; the handler, or a library of it, prints to the protocol's descriptor. Point descriptor 1 at descriptor 2, or use --protocol-fd 3
                  00000030  7b 22 74 79 70 65 22 3a 22 61 63 6b 22 2c 22 69  |{"type":"ack","i|
                  00000040  64 22 3a 31 7d 54 72 61 63 65 62 61 63 6b 20 28  |d":1}Traceback (|
                                           ^^
                  00000050  6d 6f 73 74 20 72 65 63 65 6e 74 20 63 61 6c 6c  |most recent call|
                2 frames before it

                """), "\(told.text)")
        #expect(told.code == .data)
    }

    @Test(
        "What is wrong is told with its rule and its byte",
        arguments: [
            ("{\"type\":\"ack\",\"idd\":1}", "J6", 18), ("{\"type\":\"ack\",\"id\":\"7\"}", "J9", 23),
            ("{\"type\":\"ack\",\"id\":1,\"id\":2}", "J2", 26), ("{\"type\":\"Ack\",\"id\":1}", "J4", 12),
            ("{\"type\":\"ack\",\"id\":1", "J1", 23), ("{\"type\":\"nack\",\"id\":1,\"action\":\"foo\"}", "J14", 35),
            ("{\"type\":\"result\",\"id\":1,\"failed\":[{\"index\":0,\"x\":{\"indx\":1},\"indx\":1}]}", "J6", 49),
            ("[1]", "J1", 4),
        ])
    func bodies(body: String, rule: String, place: Int) {
        let start = framed(ready).count
        let told = told(framed(ready) + framed(body), FramesSettings(path: nil, format: .json))
        let last = told.text.split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("{\"offset\":\(start),\"at\":\(start + place),\"rule\":\"\(rule)\","), "\(last)")
        #expect((try? JSONSerialization.jsonObject(with: Data(last.utf8))) != nil, "\(last)")
        #expect(told.code == .data)
    }

    @Test("A frame that is cut short, a swapped length and a wrong order are told")
    func ends() {
        let cut = told(framed(ready) + framed(ack).dropLast(5))
        #expect(
            cut.text.contains(
                "broken at byte 64 (0x40), in the frame that begins at byte 44\nF8: the stream ends within a frame: 16 of 21 bytes"
            ), "\(cut.text)")
        let swapped = told(framed(ready) + [0x2A, 0, 0, 0] + Array(ack.utf8))
        #expect(swapped.text.contains("broken at byte 44 ") && swapped.text.contains("big-endian"), "\(swapped.text)")
        #expect(told(framed(ack)).text.contains("H2: only log"))
        #expect(told(framed(ready) + framed(ready)).text.contains("H3: a second"))
        #expect(told(framed("{\"type\":\"ping\",\"nonce\":\"n\"}")).text.contains("H1: the first frame"))
        let session = "{\"type\":\"ready\",\"protocol\":1,\"name\":\"h\",\"session\":\"ab\"}"
        #expect(told(framed(session) + framed(ack)).text.contains("H7: "))
        #expect(told(framed(session) + framed("{\"type\":\"ack\",\"id\":1,\"session\":\"ab\"}")).code == .ok)
    }

    @Test("A break in the first byte, and one behind the last, are marked too")
    func edges() {
        #expect(HexText.lines([0x54], base: 0, at: 0).hasPrefix("  00000000  54 "))
        let behind = HexText.lines(Array(repeating: 0x20, count: 16), base: 0, at: 16)
        #expect(behind.split(separator: "\n").count == 3 && behind.hasSuffix("            ^^\n"), "\(behind)")
    }
}
