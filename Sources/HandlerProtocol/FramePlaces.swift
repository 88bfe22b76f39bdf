/// For whoever looks at a captured stream: the byte that an error is about, and bytes made printable.
package enum FramePlaces {
    /// The byte of a handler's frame, from 0, at which `error` breaks it; 0 where it is about the whole frame.
    ///
    /// The daemon's decoder tells what is wrong and not where. JSON that is none is read once more; else the first name in
    /// quotes of the error's text that is a member of the frame tells the place.
    package static func place(of error: ProtocolError, in body: Span<UInt8>) -> Int {
        var scanner = JSONScanner(refusesRepeatedNames: true)
        scanner.skipSpace(body)
        let start = scanner.at
        guard start < body.count else { return 0 }
        do throws(JSONFault) {
            try scanner.skipValue(body, openAlready: 0)
            try scanner.expectEnd(body)
        } catch {
            return min(error.atByte, body.count - 1)
        }
        if error.rule == .unknownType { return member("type", in: body)?.value ?? start }
        for word in quoted(error.message) {
            guard let found = member(word, in: body) else { continue }
            return error.rule == .unknownMember ? found.name : found.value
        }
        return start
    }

    /// Bytes as text without control characters; at most `limit` bytes of them, with "..." where something was left out.
    package static func printable(_ bytes: Span<UInt8>, limit: Int) -> String { Excerpt.of(bytes, limit: limit) }

    /// A JSON string, quotes included, in a line of JSON.
    package static func json(_ text: String) -> String {
        var buffer = OutboundBuffer()
        buffer.appendQuoted(text)
        return buffer.withPending { bytes in String(decoding: bytes.array(0..<bytes.count), as: UTF8.self) }
    }

    /// The words of a text that stand in quotes.
    private static func quoted(_ text: String) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    /// Where the first member of this name begins, at any depth, and its value. The body is valid JSON.
    private static func member(_ name: String, in body: Span<UInt8>) -> (name: Int, value: Int)? {
        var scanner = JSONScanner()
        while scanner.at < body.count {
            guard body[scanner.at] == UInt8(ascii: "\"") else {
                scanner.at += 1
                continue
            }
            let start = scanner.at
            guard (try? scanner.skipString(body)) != nil else { return nil }
            let end = scanner.at
            scanner.skipSpace(body)
            guard scanner.at < body.count, body[scanner.at] == UInt8(ascii: ":") else { continue }
            scanner.at += 1
            scanner.skipSpace(body)
            if JSONString.bytes(in: body, (start + 1)..<(end - 1)) == Array(name.utf8) {
                return (start, scanner.at)
            }
        }
        return nil
    }
}
