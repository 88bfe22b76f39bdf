/// A single question about a record.
struct FilterTest: Equatable, Sendable {
    var operand: FilterOperand
    var condition: FilterCondition

    func holds(for record: some FilterableRecord) -> Bool {
        switch operand {
        case .topic:
            let topic = record.topic
            return condition.holds(for: topic.utf8Span.span)
        case .partition: return condition.holds(for: Int64(record.partition))
        case .offset: return condition.holds(for: record.offset)
        case .key: return record.withKey { condition.holds(for: $0) }
        case .header(let name): return record.withHeader(named: name.span) { condition.holds(for: $0) } ?? false
        }
    }
}

/// What a question is about.
enum FilterOperand: Equatable, Sendable {
    case topic
    case partition
    case offset
    case key
    /// The last header whose name has these bytes.
    case header([UInt8])

    var isNumber: Bool { self == .partition || self == .offset }
    var isNullable: Bool { !isNumber && self != .topic }
}

/// What is asked. Text is compared byte by byte: no record is decoded.
enum FilterCondition: Equatable, Sendable {
    /// There is a header of this name, whatever its value.
    case exists
    /// The bytes are one of these, or there are none (null) and that is asked for.
    case isOneOf([[UInt8]], orNull: Bool)
    case isNumber(among: [Int64])
    case startsWith([UInt8])
    case endsWith([UInt8])
    case contains(BytePattern)

    /// The answer for bytes; nil stands for null.
    func holds(for bytes: Span<UInt8>?) -> Bool {
        guard let bytes else {
            switch self {
            case .exists: return true
            case .isOneOf(_, let orNull): return orNull
            case .isNumber, .startsWith, .endsWith, .contains: return false
            }
        }
        switch self {
        case .exists: return true
        case .isNumber: return false
        case .isOneOf(let texts, _):
            for text in texts where text.count == bytes.count && Self.stands(text, in: bytes, at: 0) { return true }
            return false
        case .startsWith(let text): return text.count <= bytes.count && Self.stands(text, in: bytes, at: 0)
        case .endsWith(let text):
            return text.count <= bytes.count && Self.stands(text, in: bytes, at: bytes.count - text.count)
        case .contains(let pattern): return pattern.occurs(in: bytes)
        }
    }

    /// The answer for a number.
    func holds(for number: Int64) -> Bool {
        if case .isNumber(let numbers) = self { numbers.contains(number) } else { false }
    }

    /// Whether `text`, which must not reach beyond the end, stands at `start`.
    private static func stands(_ text: [UInt8], in bytes: Span<UInt8>, at start: Int) -> Bool {
        for index in text.indices where bytes[start &+ index] != text[index] { return false }
        return true
    }
}
