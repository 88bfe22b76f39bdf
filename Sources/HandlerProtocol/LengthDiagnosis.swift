/// What stands where a length should, and why it probably does.
enum LengthDiagnosis {
    private static let redirect =
        "the handler, or a library of it, prints to the protocol's descriptor. Point descriptor 1 at descriptor 2, or use "
        + "--protocol-fd 3"

    /// The error for bytes that do not begin with a length from 1 to `maxFrameBytes`; there is at least one byte.
    static func error(_ bytes: Span<UInt8>, maxFrameBytes: Int) -> ProtocolError {
        ProtocolError(rule: .frameLength, message: message(bytes, maxFrameBytes), frame: bytes)
    }

    private static func message(_ bytes: Span<UInt8>, _ limit: Int) -> String {
        let head = "\"\(Excerpt.of(bytes.extracting(0..<min(4, bytes.count))))\""
        if bytes[0] == 0xEF, bytes.count < 2 || bytes[1] == 0xBB, bytes.count < 3 || bytes[2] == 0xBF {
            return "a byte order mark in place of a frame's length; write bytes, not text with a BOM, to the bridge"
        }
        guard bytes.count >= 4 else { return "\(head) is text, not a frame's length; \(redirect)" }
        let length = (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[$1]) }
        if length == 0 { return "a frame's length is 0; a frame holds one JSON object" }
        let swapped = length.byteSwapped
        let hasZero = (0..<4).contains { bytes[$0] == 0 }
        if hasZero, swapped > 0, swapped <= limit {
            return
                "a frame's length is \(length), above the limit of \(limit) (--max-frame-bytes); read as little-endian "
                + "it would be \(swapped): the length must be big-endian"
        }
        if bytes[0] <= 7 {
            return
                "a frame's length is \(length), above the limit of \(limit); max_frame_bytes of \"hello\" binds both "
                + "directions (--max-frame-bytes)"
        }
        if bytes[0] == UInt8(ascii: "{") {
            return
                "a JSON object without a length before it; write a 4-byte big-endian length, or run the handler with "
                + "--framing lines"
        }
        if isText(bytes) {
            return "\(isTraceback(bytes) ? "a traceback" : head) is text, not a frame's length; \(redirect)"
        }
        return "a frame's length is \(length), above the limit of \(limit); the stream is out of step, or \(redirect)"
    }

    private static func isText(_ bytes: Span<UInt8>) -> Bool {
        (0..<4).allSatisfy { index in
            let byte = bytes[index]
            // Continuation bytes were seen with the byte before them.
            if byte >= 0x80 { return byte & 0xC0 == 0x80 || UTF8Sequence.length(in: bytes, at: index) > 1 }
            return (byte >= 0x20 && byte != 0x7F) || isSpace(byte) || byte == 0x1B
        }
    }

    private static func isTraceback(_ bytes: Span<UInt8>) -> Bool {
        let word = "Traceback"
        guard bytes.count >= word.utf8.count else { return false }
        return zip(word.utf8, 0...).allSatisfy { bytes[$1] == $0 }
    }
}
