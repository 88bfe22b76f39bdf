import HandlerProtocol

/// A record of Kafka's, as ackpipe hands it over (protocol.md, section 6).
public struct Record: Sendable, Hashable {
    let decoded: BridgeRecord

    /// 1 and the attempts that were charged to it so far; a lower bound, since it begins again at 1 after a rebalance.
    public var attempt: Int { decoded.attempt }
    /// Whether it may have been handled before. The key to recognise it by is topic, partition and offset.
    public var isRedelivered: Bool { decoded.isRedelivered }
    /// The topic's name.
    public var topic: String { decoded.topic }
    /// The partition's number, 0 or more.
    public var partition: Int32 { decoded.partition }
    /// Grows within a partition, with gaps.
    public var offset: Int64 { decoded.offset }
    /// Milliseconds since 1970-01-01 UTC; nil where the record has none.
    public var timestamp: Int64? { decoded.timestamp }
    /// Who set the timestamp.
    public var timestampType: TimestampType {
        switch decoded.timestampKind {
        case .create: .create
        case .append: .append
        case .none: .none
        case .other: .other
        }
    }

    /// The key's bytes; nil where the record has none, which an empty key is not. With `--key-format json` they are the
    /// record's own JSON, untouched.
    public var key: [UInt8]? { decoded.key.bytes }
    /// The key as text; nil where there is none, or its bytes are not UTF-8.
    public var keyText: String? { decoded.key.text }
    /// How the key was told.
    public var keyForm: Form { Form(decoded.key) }

    /// The value's bytes; nil for a tombstone, which an empty value is not. With `--value-format json` they are the record's
    /// own JSON, untouched: `12345678901234567890` keeps its digits, and a value that is the JSON text `null` is these four
    /// bytes and no tombstone.
    public var value: [UInt8]? { decoded.value.bytes }
    /// The value as text; nil for a tombstone, and where its bytes are not UTF-8.
    public var valueText: String? { decoded.value.text }
    /// How the value was told.
    public var valueForm: Form { Form(decoded.value) }
    /// Whether the record has no value.
    public var isTombstone: Bool { decoded.value.bytes == nil }

    /// The headers, in Kafka's order; names may repeat.
    public var headers: [Header] { decoded.headers.map { Header(name: $0.name, value: $0.value) } }

    /// The value of the last header of this name as text; nil where there is none, or its bytes are not UTF-8.
    public func header(_ name: String) -> String? {
        let wanted = Array(name.utf8)
        guard let value = decoded.headers.last(where: { $0.name == wanted })?.value else { return nil }
        return String(validating: value, as: UTF8.self)
    }

    /// The headers as a map, where ackpipe runs with `--trpc-meta`; nil else. A header without a value has the value nil.
    public var meta: [String: String?]? {
        decoded.meta.map { entries in
            Dictionary(entries.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last })
        }
    }

    /// Topic, partition and offset, as in `orders[3]@4711`: what tells this record from all others.
    public var place: String { "\(topic)[\(partition)]@\(offset)" }

    /// Who set a record's timestamp.
    public enum TimestampType: Sendable, Hashable {
        /// The producer.
        case create
        /// The broker, when it appended the record.
        case append
        /// The record has none.
        case none
        /// A word that this version does not know.
        case other
    }

    /// In which form a key or a value was told. The bytes are the same in any.
    public enum Form: Sendable, Hashable {
        /// There is none.
        case null
        case text
        /// The bytes are not UTF-8, or `--value-format base64` is set.
        case base64
        /// The bytes are one JSON text (`--value-format json`).
        case json

        init(_ payload: BridgePayload) {
            switch payload.form {
            case _ where payload.bytes == nil: self = .null
            case .text: self = .text
            case .base64: self = .base64
            case .json: self = .json
            }
        }
    }

    /// A header of a record.
    public struct Header: Sendable, Hashable {
        /// The name's bytes; may be empty, and need not be UTF-8.
        public var name: [UInt8]
        /// The value's bytes; nil and empty are different things.
        public var value: [UInt8]?
        /// The name as text; what is not UTF-8 becomes U+FFFD.
        public var nameText: String { String(decoding: name, as: UTF8.self) }
        /// The value as text; nil where there is none, or its bytes are not UTF-8.
        public var valueText: String? { value.flatMap { String(validating: $0, as: UTF8.self) } }

        /// A header; without a value where `value` is nil.
        public init(name: [UInt8], value: [UInt8]?) {
            self.name = name
            self.value = value
        }

        /// A header whose name and value are texts.
        public init(_ name: String, _ value: String?) {
            self.init(name: Array(name.utf8), value: value.map { Array($0.utf8) })
        }
    }
}

extension BridgePayload {
    fileprivate var text: String? { bytes.flatMap { String(validating: $0, as: UTF8.self) } }
}
