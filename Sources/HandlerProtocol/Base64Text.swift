/// Why a text is not Base64.
struct Base64Fault: Error, Equatable {
    var reason: String
}

/// Reads Base64 as RFC 4648 section 4 has it: `+` and `/`, padded, without line breaks, no bits left over.
enum Base64Text {
    /// The bytes that `text` stands for.
    static func decode(_ text: String) throws(Base64Fault) -> [UInt8] {
        let characters = Array(text.utf8)
        guard characters.count % 4 == 0 else {
            throw Base64Fault(
                reason: "\(characters.count) characters are no multiple of 4; it is cut, or lacks the \"=\" at its end")
        }
        let padding = characters.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3)
        var group: UInt32 = 0
        for (index, character) in characters.enumerated() {
            let isPadding = index >= characters.count - padding
            guard let digit = isPadding ? 0 : value(of: character) else { throw wrong(character, at: index) }
            group = group << 6 | digit
            guard index % 4 == 3 else { continue }
            bytes.append(UInt8(truncatingIfNeeded: group >> 16))
            bytes.append(UInt8(truncatingIfNeeded: group >> 8))
            bytes.append(UInt8(truncatingIfNeeded: group))
            group = 0
        }
        for _ in 0..<padding where bytes.removeLast() != 0 {
            throw Base64Fault(
                reason: "the last character before \"=\" has bits that belong to no byte; it is cut or changed")
        }
        return bytes
    }

    private static func wrong(_ character: UInt8, at index: Int) -> Base64Fault {
        let shown = quotedForMessage(String(decoding: [character], as: UTF8.self))
        switch character {
        case UInt8(ascii: "-"), UInt8(ascii: "_"):
            return Base64Fault(reason: "\(shown) belongs to the alphabet for URLs; use \"+\" and \"/\"")
        case UInt8(ascii: "="):
            return Base64Fault(reason: "\"=\" stands only at the end")
        default:
            let what = character < 0x80 ? shown : "something beyond ASCII"
            return Base64Fault(reason: "\(what), its character \(index + 1), is none of the alphabet")
        }
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
