/// Bytes made fit for a log line: control characters and what is not UTF-8 are shown as escapes.
package enum Excerpt {
    /// Bytes of a frame that are shown at most.
    package static let length = 200

    /// The first `limit` bytes of `bytes`, printable, with "..." after them where something was left out.
    package static func of(_ bytes: Span<UInt8>, limit: Int = length) -> String {
        var units: [UInt8] = []
        let stop = min(limit, bytes.count)
        var index = 0
        while index < stop {
            let byte = bytes[index]
            let sequence = UTF8Sequence.length(in: bytes, at: index)
            let isControl = byte < 0x20 || byte == 0x7F || (byte == 0xC2 && sequence == 2 && bytes[index &+ 1] < 0xA0)
            if isControl || sequence == 0 || UTF8Sequence.unicodeLineEnd(in: bytes, at: index) != nil {
                for offset in 0..<max(1, sequence) { appendEscape(bytes[index &+ offset], to: &units) }
                index &+= max(1, sequence)
                continue
            }
            // A character that begins within the limit and ends beyond it is left out.
            if index &+ sequence > stop { break }
            for offset in 0..<sequence { units.append(bytes[index &+ offset]) }
            index &+= sequence
        }
        if bytes.count > stop { units.append(contentsOf: "...".utf8) }
        return String(decoding: units, as: UTF8.self)
    }

    private static func appendEscape(_ byte: UInt8, to units: inout [UInt8]) {
        switch byte {
        case 0x0A: units.append(contentsOf: "\\n".utf8)
        case 0x0D: units.append(contentsOf: "\\r".utf8)
        case 0x09: units.append(contentsOf: "\\t".utf8)
        default:
            let digits = String(byte, radix: 16)
            units.append(contentsOf: (digits.utf8.count == 1 ? "\\x0" : "\\x").utf8)
            units.append(contentsOf: digits.utf8)
        }
    }
}

/// A handler's word in an error's text: in quotes, printable, cut at 64 bytes.
func quotedForMessage(_ text: String) -> String { "\"\(Excerpt.of(text.utf8.span, limit: 64))\"" }
