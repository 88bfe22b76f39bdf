/// The names that version 1 of the protocol gives to members of a handler's frame, of `failed` and of `produce`.
enum MemberName: Int, CaseIterable {
    case type, id, ids, through, produce, error, action, delay, failed, milliseconds, session, protocolVersion, name
    case features, concurrency, maxInFlight, level, message, fields, kind, value, labels, nonce, index
    case topic, partition, timestamp, headers, key, keyBase64, keyJSON, valueBase64, valueJSON

    /// The compiler makes `allCases` anew each time; this is made once.
    private static let all = allCases

    /// As it is written in a frame.
    var text: String {
        switch self {
        case .type: "type"
        case .id: "id"
        case .ids: "ids"
        case .through: "through"
        case .produce: "produce"
        case .error: "error"
        case .action: "action"
        case .delay: "delay_ms"
        case .failed: "failed"
        case .milliseconds: "ms"
        case .session: "session"
        case .protocolVersion: "protocol"
        case .name: "name"
        case .features: "features"
        case .concurrency: "concurrency"
        case .maxInFlight: "max_in_flight"
        case .level: "level"
        case .message: "message"
        case .fields: "fields"
        case .kind: "kind"
        case .value: "value"
        case .labels: "labels"
        case .nonce: "nonce"
        case .index: "index"
        case .topic: "topic"
        case .partition: "partition"
        case .timestamp: "timestamp"
        case .headers: "headers"
        case .key: "key"
        case .keyBase64: "key_base64"
        case .keyJSON: "key_json"
        case .valueBase64: "value_base64"
        case .valueJSON: "value_json"
        }
    }

    /// The name that stands at `range`, without its quotes; nil where it is none of ours.
    static func find(in bytes: Span<UInt8>, _ range: Range<Int>) -> MemberName? {
        // The names of a verdict first: they come with every record.
        let start = range.lowerBound
        if range.count == 2, bytes[start] == UInt8(ascii: "i"), bytes[start &+ 1] == UInt8(ascii: "d") { return .id }
        if range.count == 4, bytes[start] == UInt8(ascii: "t"), bytes[start &+ 1] == UInt8(ascii: "y"),
            bytes[start &+ 2] == UInt8(ascii: "p"), bytes[start &+ 3] == UInt8(ascii: "e")
        {
            return .type
        }
        for index in range where bytes[index] == UInt8(ascii: "\\") {
            let text = JSONString.text(in: bytes, from: range.lowerBound)
            return all.first { $0.text == text }
        }
        for name in all where name.text.utf8.count == range.count && equals(name.text, bytes, range) {
            return name
        }
        return nil
    }

    @inline(__always)
    private static func equals(_ text: String, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var at = range.lowerBound
        for byte in text.utf8 {
            if bytes[at] != byte { return false }
            at &+= 1
        }
        return true
    }
}

/// Several of the names.
struct MemberSet: OptionSet {
    var rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(_ names: [MemberName]) { rawValue = names.reduce(0) { $0 | 1 << UInt64($1.rawValue) } }

    func contains(_ name: MemberName) -> Bool { rawValue >> UInt64(name.rawValue) & 1 == 1 }

    /// The names in it, as they are written.
    var texts: [String] { MemberName.allCases.filter(contains).map(\.text) }
}

/// Where the members of one object stand: the first of two passes over a frame, so that `type` may come last.
struct Members {
    private(set) var present = MemberSet(rawValue: 0)
    private var starts = InlineArray<33, Int>(repeating: 0)
    /// Where the first name stands that is neither known nor begins with `x_`.
    private(set) var unknown: Range<Int>?

    /// Moves `scanner` past the object that begins there, which is checked to its end. `openAlready` counts the objects and
    /// lists around it.
    init(_ bytes: Span<UInt8>, _ scanner: inout JSONScanner, openAlready: Int) throws(JSONFault) {
        guard scanner.open(bytes, close: UInt8(ascii: "}")) else { return }
        var others: Set<String> = []
        repeat {
            let name = try scanner.name(bytes)
            if let known = MemberName.find(in: bytes, name) {
                if present.contains(known) { throw JSONScanner.repeated(known.text, at: name.lowerBound) }
                present.formUnion(MemberSet(rawValue: 1 << UInt64(known.rawValue)))
                starts[known.rawValue] = scanner.at
            } else if others.count < JSONScanner.namesRemembered {
                let text = JSONString.text(in: bytes, from: name.lowerBound)
                if !others.insert(text).inserted { throw JSONScanner.repeated(text, at: name.lowerBound) }
                if unknown == nil, !text.hasPrefix("x_") { unknown = name }
            }
            try scanner.skipValue(bytes, openAlready: openAlready &+ 1)
        } while try scanner.next(bytes, close: UInt8(ascii: "}"))
    }

    /// Where the value of `name` begins; nil where the member is absent or null, which means the same.
    @inline(__always)
    func start(of name: MemberName, in bytes: Span<UInt8>) -> Int? {
        guard present.contains(name) else { return nil }
        let start = starts[name.rawValue]
        return bytes[start] == UInt8(ascii: "n") ? nil : start
    }
}
