/// Makes bytes that somebody else wrote (a handler's stderr, an error text, a record's key) fit for one line of a log.
package enum Escaping {
    /// The text of `bytes`: invalid UTF-8 becomes U+FFFD, control characters and what else breaks lines or reorders text become
    /// escapes (`\n`, `\u{1b}`). The result is at most `limit` bytes of UTF-8, cut at a character's boundary and then marked with
    /// `...` (which counts). Pure.
    package static func text(_ bytes: some Sequence<UInt8>, limit: Int = 16 << 10) -> String {
        var result = ""
        var used = 0
        // The length at which the mark still fits, should the text turn out too long.
        var fitting = result.endIndex
        var iterator = bytes.makeIterator()
        var decoder = UTF8()
        while true {
            let piece: String
            switch decoder.decode(&iterator) {
            case .emptyInput: return result
            case .error: piece = "\u{FFFD}"
            case .scalarValue(let scalar): piece = escape(scalar)
            }
            used += piece.utf8.count
            if used > limit { return result[..<fitting] + String(mark.prefix(max(limit, 0))) }
            result += piece
            if used <= limit - mark.utf8.count { fitting = result.endIndex }
        }
    }

    /// The same for text that is valid already.
    package static func text(_ text: String, limit: Int = 16 << 10) -> String {
        self.text(text.utf8, limit: limit)
    }

    private static let mark = "..."

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        // A backslash of the text would otherwise look like the beginning of an escape.
        case "\\": return "\\\\"
        default: return needsEscape(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(Character(scalar))
        }
    }

    /// C0, DEL and C1 control characters steer terminals; line and paragraph separators break lines; the directional
    /// formatting characters (Unicode TR 36, "bidirectional text spoofing") make a line read as something that it is not.
    private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
