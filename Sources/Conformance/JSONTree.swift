package import HandlerProtocol

/// JSON to be written by the bridge of a check, with the order of members in its hands.
package indirect enum JSONTree: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// UTF-8; what is not becomes U+FFFD.
    case text([UInt8])
    /// Written as it is: it must be valid, and without line ends.
    case raw([UInt8])
    case list([JSONTree])
    case object([Member])

    /// A name and its value.
    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSONTree

        /// One member of an object.
        package init(_ name: String, _ value: JSONTree) {
            self.name = name
            self.value = value
        }
    }

    /// A text.
    package static func string(_ text: String) -> JSONTree { .text(Array(text.utf8)) }

    /// The same with the members of every object in reverse order; lists stay as they are.
    package var reversed: JSONTree {
        switch self {
        case .list(let elements): .list(elements.map(\.reversed))
        case .object(let members): .object(members.reversed().map { Member($0.name, $0.value.reversed) })
        default: self
        }
    }

    /// The body of a frame: compact, escaped as the framing asks for.
    package func body(_ framing: Framing) -> [UInt8] {
        var bytes: [UInt8] = []
        write(framing, into: &bytes)
        return bytes
    }

    private func write(_ framing: Framing, into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += Array("null".utf8)
        case .bool(let value): bytes += Array((value ? "true" : "false").utf8)
        case .integer(let number): bytes += Array(String(number).utf8)
        case .text(let text): JSONTree.quote(text, framing, into: &bytes)
        case .raw(let text): JSONTree.copy(text, framing, into: &bytes)
        case .list(let elements):
            bytes.append(UInt8(ascii: "["))
            for (place, element) in elements.enumerated() {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(framing, into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (place, member) in members.enumerated() {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONTree.quote(Array(member.name.utf8), framing, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(framing, into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func quote(_ text: [UInt8], _ framing: Framing, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\"": bytes += [0x5C, 0x22]
            case "\\": bytes += [0x5C, 0x5C]
            case "\n": bytes += [0x5C, UInt8(ascii: "n")]
            case "\r": bytes += [0x5C, UInt8(ascii: "r")]
            case "\u{0}"..."\u{1F}": escape(scalar, into: &bytes)
            case "\u{85}", "\u{2028}", "\u{2029}":
                if framing == .lines { escape(scalar, into: &bytes) } else { bytes += Array(scalar.utf8) }
            default: bytes += Array(scalar.utf8)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Line ends within strings become escapes where frames are lines.
    private static func copy(_ text: [UInt8], _ framing: Framing, into bytes: inout [UInt8]) {
        guard framing == .lines, text.contains(where: { $0 == 0xC2 || $0 == 0xE2 }) else { return bytes += text }
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\u{85}", "\u{2028}", "\u{2029}": escape(scalar, into: &bytes)
            default: bytes += Array(scalar.utf8)
            }
        }
    }

    private static func escape(_ scalar: Unicode.Scalar, into bytes: inout [UInt8]) {
        let digits = String(scalar.value, radix: 16)
        bytes += Array("\\u".utf8) + Array(repeating: UInt8(ascii: "0"), count: 4 - digits.count) + Array(digits.utf8)
    }
}

extension Framing {
    /// The bytes on the wire of a frame with this body.
    package func frame(_ body: [UInt8]) -> [UInt8] {
        switch self {
        case .length: (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (24 - 8 * $0)) } + body
        case .lines: body + [UInt8(ascii: "\n")]
        }
    }
}

/// Base64 of RFC 4648 section 4, padded.
enum Base64Writer {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ bytes: [UInt8]) -> JSONTree {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var number = group.reduce(0) { $0 << 8 | Int($1) }
            number <<= 8 * (3 - group.count)
            for place in 0..<4 {
                text.append(place <= group.count ? digits[number >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return .text(text)
    }
}
