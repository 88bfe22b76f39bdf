/// A broken rule, before the frame's excerpt is put to it.
struct FrameFault: Error {
    var rule: ProtocolError.Rule
    var message: String

    init(_ rule: ProtocolError.Rule, _ message: String) {
        self.rule = rule
        self.message = message
    }

    init(_ fault: JSONFault) {
        switch fault.kind {
        case .syntax: self.init(.notOneObject, "the frame is not valid JSON: \(fault.reason), at byte \(fault.atByte)")
        case .tooDeep: self.init(.nestedTooDeep, "\(fault.reason), at byte \(fault.atByte)")
        case .duplicateMember: self.init(.repeatedMember, fault.reason)
        case .unknownMember: self.init(.unknownMember, fault.reason)
        }
    }
}

/// Reading the values of members that the first pass has found: each is whole, valid JSON.
enum MemberValue {
    /// The integer at `start`, which must be exact and in `range`.
    static func integer(
        _ bytes: Span<UInt8>, _ start: Int, _ name: String, _ range: ClosedRange<Int64>
    ) throws(FrameFault) -> Int64 {
        try expect(bytes, start, name, isNumber(bytes[start]), "an integer is needed")
        if let value = JSONNumber.integer(in: bytes, from: start, range: range) { return value }
        let bounds =
            range.upperBound == JSONNumber.largestExact
            ? "an integer from \(range.lowerBound) to 2^53 - 1 is needed"
            : "an integer from \(range.lowerBound) to \(range.upperBound) is needed"
        throw FrameFault(.notAnInteger, "\"\(name)\" is \(rawText(bytes, start)); \(bounds)")
    }

    /// A delivery's id: 1 to 2^53 - 1.
    static func id(_ bytes: Span<UInt8>, _ start: Int, _ name: String) throws(FrameFault) -> UInt64 {
        UInt64(try integer(bytes, start, name, 1...JSONNumber.largestExact))
    }

    /// Milliseconds: 0 to 2^53 - 1.
    static func duration(_ bytes: Span<UInt8>, _ start: Int, _ name: String) throws(FrameFault) -> Int64 {
        try integer(bytes, start, name, 0...JSONNumber.largestExact)
    }

    /// The text at `start`, of which at most `limit` bytes of UTF-8 are kept.
    static func text(
        _ bytes: Span<UInt8>, _ start: Int, _ name: String, limit: Int
    ) throws(FrameFault) -> String {
        try expect(bytes, start, name, bytes[start] == UInt8(ascii: "\""), "a string is needed")
        return JSONString.text(in: bytes, from: start &+ 1, limit: limit)
    }

    /// Calls `body` with the place of each element of the list at `start`.
    static func forEachElement(
        _ bytes: Span<UInt8>, _ start: Int, _ name: String, _ body: (Int) throws(FrameFault) -> Void
    ) throws(FrameFault) {
        try expect(bytes, start, name, bytes[start] == UInt8(ascii: "["), "a list is needed")
        var scanner = JSONScanner(at: start)
        guard scanner.open(bytes, close: UInt8(ascii: "]")) else { return }
        do {
            repeat {
                let element = scanner.at
                try scanner.skipValue(bytes, openAlready: 0)
                try body(element)
            } while try scanner.next(bytes, close: UInt8(ascii: "]"))
        } catch let fault as JSONFault {
            throw FrameFault(fault)
        } catch let fault as FrameFault {
            throw fault
        } catch {
            // Both errors that the calls above can throw were caught.
            throw FrameFault(.notOneObject, "\(error)")
        }
    }

    /// Calls `body` with each member of the object at `start`: its name and where its value begins.
    static func forEachMember(
        _ bytes: Span<UInt8>, _ start: Int, _ name: String, _ body: (String, Int) throws(FrameFault) -> Void
    ) throws(FrameFault) {
        try expect(bytes, start, name, bytes[start] == UInt8(ascii: "{"), "an object is needed")
        var scanner = JSONScanner(at: start)
        guard scanner.open(bytes, close: UInt8(ascii: "}")) else { return }
        do {
            repeat {
                let range = try scanner.name(bytes)
                let value = scanner.at
                try scanner.skipValue(bytes, openAlready: 0)
                try body(JSONString.text(in: bytes, from: range.lowerBound, limit: 256), value)
            } while try scanner.next(bytes, close: UInt8(ascii: "}"))
        } catch let fault as JSONFault {
            throw FrameFault(fault)
        } catch let fault as FrameFault {
            throw fault
        } catch {
            // Both errors that the calls above can throw were caught.
            throw FrameFault(.notOneObject, "\(error)")
        }
    }

    /// What kind of value begins at `start`, with its article.
    static func kind(_ bytes: Span<UInt8>, _ start: Int) -> String {
        switch bytes[start] {
        case UInt8(ascii: "\""): "a string"
        case UInt8(ascii: "{"): "an object"
        case UInt8(ascii: "["): "an array"
        case UInt8(ascii: "t"), UInt8(ascii: "f"): "a boolean"
        case UInt8(ascii: "n"): "null"
        default: "a number"
        }
    }

    /// The value's own bytes, for an error or a log: at most `limit` of them.
    static func rawText(_ bytes: Span<UInt8>, _ start: Int, limit: Int = 64) -> String {
        var scanner = JSONScanner(at: start)
        // The bytes were checked by the first pass: this cannot fail, and a shorter text would be no harm.
        try? scanner.skipValue(bytes, openAlready: 0)
        return Excerpt.of(bytes.extracting(start..<scanner.at), limit: limit)
    }

    static func expect(
        _ bytes: Span<UInt8>, _ start: Int, _ name: String, _ isRight: Bool, _ needed: String
    ) throws(FrameFault) {
        if !isRight { throw FrameFault(.wrongMember, "\"\(name)\" is \(kind(bytes, start)); \(needed)") }
    }

    static func isNumber(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || isDigit(byte) }
}
