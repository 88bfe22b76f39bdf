/// What the text writer leaves as it is.
enum LineEnds {
    /// U+0085, U+2028 and U+2029 stay as they are.
    case kept
    /// U+0085, U+2028 and U+2029 become `\u` escapes, as frames of `--framing lines` need.
    case escaped
}

extension OutboundBuffer {
    /// Appends a JSON string, quotes included. The text comes from ourselves or the configuration, and is short.
    mutating func appendQuoted(_ text: String) {
        append(UInt8(ascii: "\""))
        // A Swift string is well-formed UTF-8, so that this cannot answer false.
        _ = appendEscaped(text.utf8.span, lineEnds: .escaped)
        append(UInt8(ascii: "\""))
    }

    /// Appends decimal digits, with a minus sign where it needs one.
    mutating func appendInteger(_ number: Int64) {
        write(room: Decimal.room) { target, start in Decimal.write(number, into: &target, at: start) }
    }

    /// Appends the inside of a JSON string. Answers false, with a part already appended, where `bytes` is not UTF-8.
    mutating func appendEscaped(_ bytes: Span<UInt8>, lineEnds: LineEnds) -> Bool {
        var index = 0
        while index < bytes.count {
            if !appendEscapedPiece(of: bytes, from: &index, lineEnds: lineEnds) { return false }
        }
        return true
    }

    /// Appends at most `largestPiece` bytes of `bytes`, escaped, from `index` on, and moves `index` past them. Pieces bound
    /// the room that is asked for in advance (each byte can become six).
    mutating func appendEscapedPiece(of bytes: Span<UInt8>, from index: inout Int, lineEnds: LineEnds) -> Bool {
        let pieceEnd = min(bytes.count, index &+ Self.largestPiece)
        let first = index
        var progress = EscapedText.Progress(next: first, at: 0)
        write(room: EscapedText.room(for: pieceEnd &- first)) { target, start in
            progress.at = start
            progress = EscapedText.write(bytes, progress, to: pieceEnd, lineEnds, into: &target)
            return progress.at
        }
        index = progress.next
        return progress.isValid
    }

    /// Bytes of input that one piece of a text takes at most.
    static var largestPiece: Int { 16 * 1024 }
}
