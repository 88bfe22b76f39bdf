/// Moves over a bridge's frame and takes values out of it, each checked as it is passed.
struct BridgeCursor {
    private(set) var scanner: JSONScanner

    init(at start: Int) { scanner = JSONScanner(at: start) }

    /// The byte to be read next.
    var at: Int { scanner.at }

    mutating func skipSpace(_ bytes: Span<UInt8>) { scanner.skipSpace(bytes) }

    /// Moves into an object or a list and answers whether there is anything in it; throws where something else is here.
    mutating func open(
        _ bytes: Span<UInt8>, _ name: String, close: UInt8
    ) throws(BridgeFrameFault) -> Bool {
        // "{" is two before "}", and "[" two before "]".
        let what = close == UInt8(ascii: "}") ? "an object" : "a list"
        guard scanner.at < bytes.count else { throw BridgeFrameFault(scanner.endedEarly()) }
        guard bytes[scanner.at] == close - 2 else { throw try wrong(bytes, name, "\(what) is needed") }
        return scanner.open(bytes, close: close)
    }

    mutating func more(_ bytes: Span<UInt8>, close: UInt8) throws(BridgeFrameFault) -> Bool {
        do throws(JSONFault) { return try scanner.next(bytes, close: close) } catch { throw BridgeFrameFault(error) }
    }

    /// Moves past a member's name and answers which it is, and where it stands.
    @inline(__always)
    mutating func name(_ bytes: Span<UInt8>) throws(BridgeFrameFault) -> (BridgeMember?, Range<Int>) {
        do throws(JSONFault) {
            let range = try scanner.name(bytes)
            return (BridgeMember.find(in: bytes, range), range)
        } catch {
            throw BridgeFrameFault(error)
        }
    }

    mutating func skip(_ bytes: Span<UInt8>, openAlready: Int) throws(BridgeFrameFault) {
        do throws(JSONFault) {
            try scanner.skipValue(bytes, openAlready: openAlready)
        } catch {
            throw BridgeFrameFault(error)
        }
    }

    mutating func expectEnd(_ bytes: Span<UInt8>) throws(BridgeFrameFault) {
        do throws(JSONFault) { try scanner.expectEnd(bytes) } catch { throw BridgeFrameFault(error) }
    }

    /// Moves past null; false, without a move, where it is something else.
    @inline(__always)
    mutating func takeNull(_ bytes: Span<UInt8>) throws(BridgeFrameFault) -> Bool {
        guard scanner.at < bytes.count, bytes[scanner.at] == UInt8(ascii: "n") else { return false }
        try skip(bytes, openAlready: 0)
        return true
    }

    /// The bytes of UTF-8 that a string holds.
    mutating func stringBytes(_ bytes: Span<UInt8>, _ name: String) throws(BridgeFrameFault) -> [UInt8] {
        guard scanner.at < bytes.count else { throw BridgeFrameFault(scanner.endedEarly()) }
        guard bytes[scanner.at] == UInt8(ascii: "\"") else { throw try wrong(bytes, name, "a string is needed") }
        let start = scanner.at + 1
        do throws(JSONFault) { try scanner.skipString(bytes) } catch { throw BridgeFrameFault(error) }
        return JSONString.bytes(in: bytes, start..<(scanner.at - 1))
    }

    mutating func text(_ bytes: Span<UInt8>, _ name: String) throws(BridgeFrameFault) -> String {
        String(decoding: try stringBytes(bytes, name), as: UTF8.self)
    }

    /// The bytes that a string of Base64 stands for.
    mutating func base64(_ bytes: Span<UInt8>, _ name: String) throws(BridgeFrameFault) -> [UInt8] {
        let start = scanner.at
        let text = try text(bytes, name)
        do throws(Base64Fault) {
            return try Base64Text.decode(text)
        } catch {
            throw BridgeFrameFault(.base64, "\"\(name)\" is not Base64: \(error.reason)", atByte: start)
        }
    }

    /// The bytes of the value that is next, as they stand.
    mutating func document(_ bytes: Span<UInt8>) throws(BridgeFrameFault) -> [UInt8] {
        let start = scanner.at
        try skip(bytes, openAlready: 0)
        return bytes.array(start..<scanner.at)
    }

    mutating func integer(
        _ bytes: Span<UInt8>, _ name: String, _ range: ClosedRange<Int64>
    ) throws(BridgeFrameFault) -> Int64 {
        let start = scanner.at
        try skip(bytes, openAlready: 0)
        do throws(FrameFault) {
            return try MemberValue.integer(bytes, start, name, range)
        } catch {
            throw BridgeFrameFault(
                error.rule == .notAnInteger ? .notAnInteger : .wrongMember, error.message, atByte: start)
        }
    }

    mutating func boolean(_ bytes: Span<UInt8>, _ name: String) throws(BridgeFrameFault) -> Bool {
        let start = scanner.at
        try skip(bytes, openAlready: 0)
        if bytes[start] == UInt8(ascii: "t") { return true }
        if bytes[start] == UInt8(ascii: "f") { return false }
        throw BridgeFrameFault(
            .wrongMember, "\"\(name)\" is \(MemberValue.kind(bytes, start)); true or false is needed", atByte: start)
    }

    /// The fault of a value of the wrong type, which must be one at all.
    private mutating func wrong(
        _ bytes: Span<UInt8>, _ name: String, _ needed: String
    ) throws(BridgeFrameFault) -> BridgeFrameFault {
        let start = scanner.at
        try skip(bytes, openAlready: 0)
        return BridgeFrameFault(
            .wrongMember, "\"\(name)\" is \(MemberValue.kind(bytes, start)); \(needed)", atByte: start)
    }
}

extension Span where Element == UInt8 {
    /// A copy of the bytes at `range`.
    func array(_ range: Range<Int>) -> [UInt8] {
        var copy: [UInt8] = []
        append(range, to: &copy)
        return copy
    }

    /// Appends the bytes at `range`.
    func append(_ range: Range<Int>, to target: inout [UInt8]) {
        if range.isEmpty { return }
        let part = extracting(range)
        target.append(addingCapacity: part.count) { free in
            // Zeros and then whole blocks: an OutputSpan has no way to append many bytes but one by one.
            free.append(repeating: 0, count: part.count)
            var room = free.mutableSpan
            var written = MutableRawSpan(_elements: &room)
            written.copy(part, to: 0)
        }
    }
}

extension JSONString {
    /// The UTF-8 of the string whose inside stands at `range`, which was checked; whole runs are copied between escapes.
    static func bytes(in bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        let inside = bytes.extracting(range)
        var escapes: UInt8 = 0
        // No early end, so that it becomes vector code.
        for index in inside.indices { escapes |= inside[index] == 0x5C ? 1 : 0 }
        if escapes == 0 { return bytes.array(range) }
        var units: [UInt8] = []
        units.reserveCapacity(range.count)
        var run = range.lowerBound
        var at = run
        while at < range.upperBound {
            guard bytes[at] == 0x5C else {
                at &+= 1
                continue
            }
            bytes.append(run..<at, to: &units)
            at = appendEscape(in: bytes, at: at, end: range.upperBound, to: &units)
            run = at
        }
        bytes.append(run..<range.upperBound, to: &units)
        return units
    }

    /// Appends what the escape at `start` stands for, and answers where it ends.
    private static func appendEscape(
        in bytes: Span<UInt8>, at start: Int, end: Int, to units: inout [UInt8]
    ) -> Int {
        let letter = bytes[start &+ 1]
        switch letter {
        case UInt8(ascii: "n"): units.append(0x0A)
        case UInt8(ascii: "r"): units.append(0x0D)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "f"): units.append(0x0C)
        case UInt8(ascii: "u"):
            let high = hexUnit(bytes, start &+ 2)
            var number = high
            var next = start &+ 6
            if high & 0xFC00 == 0xD800, next &+ 5 < end, bytes[next] == 0x5C, bytes[next &+ 1] == UInt8(ascii: "u") {
                let low = hexUnit(bytes, next &+ 2)
                if low & 0xFC00 == 0xDC00 {
                    number = 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
                    next &+= 6
                }
            }
            units.append(contentsOf: String(Character(Unicode.Scalar(number) ?? "\u{FFFD}")).utf8)
            return next
        default: units.append(letter)
        }
        return start &+ 2
    }

    private static func hexUnit(_ bytes: Span<UInt8>, _ start: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 << 4 | UInt32(hexDigit(bytes[start &+ $1]) ?? 0) }
    }
}
