/// Where and why bytes are not the JSON that is asked for.
struct JSONFault: Error, Equatable {
    /// Counts from 0.
    var atByte: Int
    var reason: String
    var kind = Kind.syntax

    enum Kind { case syntax, tooDeep, duplicateMember, unknownMember }
}

/// A cursor over JSON (RFC 8259) that checks every byte and builds nothing.
///
/// The bytes are an argument of each call, so that the scanner itself is an ordinary value. Nesting is bounded by
/// `deepest`, and no recursion follows it.
struct JSONScanner {
    /// Objects and lists within one another at most; the outermost one counts.
    static let deepest = 64

    /// The byte to be read next.
    var at = 0
    /// Whether a `\u` escape of half a surrogate pair is a fault. In frames it is not: it reads as U+FFFD.
    var refusesLoneSurrogates = false
    /// Whether a repeated name within one object is a fault; looked for among the first `namesRemembered` of each.
    var refusesRepeatedNames = false
    private var namesSeen: [Set<String>] = []

    /// Bounds the memory that looking for repeated names can take.
    static let namesRemembered = 4096

    init(at start: Int = 0, refusesLoneSurrogates: Bool = false, refusesRepeatedNames: Bool = false) {
        at = start
        self.refusesLoneSurrogates = refusesLoneSurrogates
        self.refusesRepeatedNames = refusesRepeatedNames
    }

    /// Checks that `bytes` is exactly one JSON value, in UTF-8, without lone surrogates.
    static func validateDocument(_ bytes: Span<UInt8>) throws(JSONFault) {
        var scanner = JSONScanner(at: 0, refusesLoneSurrogates: true)
        scanner.skipSpace(bytes)
        if scanner.at == bytes.count { throw JSONFault(atByte: scanner.at, reason: "there is no value") }
        try scanner.skipValue(bytes, openAlready: 0)
        try scanner.expectEnd(bytes)
    }

    /// Moves past white space.
    @inline(__always)
    mutating func skipSpace(_ bytes: Span<UInt8>) {
        while at < bytes.count, isSpace(bytes[at]) { at &+= 1 }
    }

    /// Moves past white space and refuses anything else.
    mutating func expectEnd(_ bytes: Span<UInt8>) throws(JSONFault) {
        skipSpace(bytes)
        if at < bytes.count { throw JSONFault(atByte: at, reason: "something follows the value") }
    }

    /// Moves past one value, which must begin here, within `openAlready` objects and lists.
    mutating func skipValue(_ bytes: Span<UInt8>, openAlready: Int) throws(JSONFault) {
        // One bit for each open object (1) or list (0), the innermost lowest.
        var kinds: UInt64 = 0
        var open = 0
        repeat {
            guard at < bytes.count else { throw endedEarly() }
            let first = bytes[at]
            switch first {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if openAlready &+ open >= Self.deepest {
                    throw JSONFault(atByte: at, reason: "nested more than \(Self.deepest) deep", kind: .tooDeep)
                }
                at &+= 1
                skipSpace(bytes)
                let isObject = first == UInt8(ascii: "{")
                if at < bytes.count, bytes[at] == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    at &+= 1
                } else {
                    kinds = kinds << 1 | (isObject ? 1 : 0)
                    open &+= 1
                    if isObject {
                        if refusesRepeatedNames { namesSeen.append([]) }
                        try nestedName(bytes)
                    }
                    continue
                }
            default:
                try skipScalar(bytes, first)
            }
            while open > 0 {
                let isObject = kinds & 1 == 1
                if try next(bytes, close: isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if isObject { try nestedName(bytes) }
                    break
                }
                if isObject, refusesRepeatedNames { namesSeen.removeLast() }
                kinds >>= 1
                open &-= 1
            }
        } while open > 0
    }

    /// Moves past a comma (true: another element follows, whose first byte is next) or past `close` (false).
    mutating func next(_ bytes: Span<UInt8>, close: UInt8) throws(JSONFault) -> Bool {
        skipSpace(bytes)
        guard at < bytes.count else { throw endedEarly() }
        if bytes[at] == UInt8(ascii: ",") {
            at &+= 1
            skipSpace(bytes)
            return true
        }
        if bytes[at] == close {
            at &+= 1
            return false
        }
        throw JSONFault(
            atByte: at, reason: close == UInt8(ascii: "}") ? "expected \",\" or \"}\"" : "expected \",\" or \"]\"")
    }

    /// Moves past the opening byte of an object or list and answers whether it has an element, whose first byte is next.
    mutating func open(_ bytes: Span<UInt8>, close: UInt8) -> Bool {
        at &+= 1
        skipSpace(bytes)
        if at < bytes.count, bytes[at] == close {
            at &+= 1
            return false
        }
        return true
    }

    /// Moves past a member's name and colon, to its value; answers where the name stands, without its quotes.
    @inline(__always)
    mutating func name(_ bytes: Span<UInt8>) throws(JSONFault) -> Range<Int> {
        guard at < bytes.count else { throw endedEarly() }
        guard bytes[at] == UInt8(ascii: "\"") else {
            throw JSONFault(atByte: at, reason: "expected a member's name in double quotes")
        }
        let start = at &+ 1
        try skipString(bytes)
        let end = at &- 1
        skipSpace(bytes)
        guard at < bytes.count else { throw endedEarly() }
        guard bytes[at] == UInt8(ascii: ":") else { throw JSONFault(atByte: at, reason: "expected \":\"") }
        at &+= 1
        skipSpace(bytes)
        return start..<end
    }

    private mutating func nestedName(_ bytes: Span<UInt8>) throws(JSONFault) {
        let range = try name(bytes)
        guard refusesRepeatedNames else { return }
        let depth = namesSeen.count - 1
        guard namesSeen[depth].count < Self.namesRemembered else { return }
        let text = JSONString.text(in: bytes, from: range.lowerBound)
        if !namesSeen[depth].insert(text).inserted { throw Self.repeated(text, at: range.lowerBound) }
    }

    static func repeated(_ name: String, at start: Int) -> JSONFault {
        JSONFault(atByte: start, reason: "member \(quotedForMessage(name)) occurs twice", kind: .duplicateMember)
    }

    func endedEarly() -> JSONFault { JSONFault(atByte: at, reason: "it ends in the middle") }

    private mutating func skipScalar(_ bytes: Span<UInt8>, _ first: UInt8) throws(JSONFault) {
        switch first {
        case UInt8(ascii: "\""): try skipString(bytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber(bytes)
        case UInt8(ascii: "t"): try skipWord("true", bytes)
        case UInt8(ascii: "f"): try skipWord("false", bytes)
        case UInt8(ascii: "n"): try skipWord("null", bytes)
        default: throw JSONFault(atByte: at, reason: "expected a value")
        }
    }

    private mutating func skipWord(_ word: String, _ bytes: Span<UInt8>) throws(JSONFault) {
        let start = at
        for byte in word.utf8 {
            guard at < bytes.count else { throw endedEarly() }
            guard bytes[at] == byte else { throw JSONFault(atByte: start, reason: "expected a value") }
            at &+= 1
        }
    }

    private mutating func skipNumber(_ bytes: Span<UInt8>) throws(JSONFault) {
        if bytes[at] == UInt8(ascii: "-") { at &+= 1 }
        if at < bytes.count, bytes[at] == UInt8(ascii: "0") {
            at &+= 1
            if at < bytes.count, isDigit(bytes[at]) {
                throw JSONFault(atByte: at, reason: "a number does not begin with a needless 0")
            }
        } else {
            try skipDigits(bytes)
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at &+= 1
            try skipDigits(bytes)
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at &+= 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at &+= 1 }
            try skipDigits(bytes)
        }
    }

    private mutating func skipDigits(_ bytes: Span<UInt8>) throws(JSONFault) {
        guard at < bytes.count else { throw endedEarly() }
        guard isDigit(bytes[at]) else { throw JSONFault(atByte: at, reason: "expected a digit") }
        while at < bytes.count, isDigit(bytes[at]) { at &+= 1 }
    }
}

@inline(__always)
func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
