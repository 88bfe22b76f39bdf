package import HandlerProtocol

/// A record that a session hands over: made up, or from a file of the user's.
package struct SampleRecord: Hashable, Sendable {
    /// A header; names repeat and need not be UTF-8.
    package struct Header: Hashable, Sendable {
        package var name: [UInt8]
        package var value: [UInt8]?

        /// A header; without a value where `value` is nil.
        package init(_ name: [UInt8], _ value: [UInt8]?) {
            self.name = name
            self.value = value
        }

        /// A header of two texts.
        package init(_ name: String, _ value: String) { self.init(Array(name.utf8), Array(value.utf8)) }
    }

    package var topic = "ackpipe-check"
    package var partition: Int32 = 0
    package var offset: Int64
    package var timestamp: Int64? = 1_760_000_000_000
    package var timestampType = "create"
    package var key: [UInt8]?
    package var value: [UInt8]?
    package var headers: [Header] = []
    package var attempt = 1
    package var isRedelivered = false

    /// A record at an offset.
    package init(offset: Int64, key: [UInt8]? = nil, value: [UInt8]?) {
        self.offset = offset
        self.key = key
        self.value = value
    }

    /// A record of a user's file, at an offset.
    package init(_ line: RecordLine, offset: Int64) {
        self.init(offset: offset, key: line.key, value: line.value)
        topic = line.topic ?? topic
        partition = line.partition ?? 0
        timestamp = line.timestamp
        if timestamp == nil { timestampType = "none" }
        headers = line.headers.map { Header($0.name, $0.value) }
    }

    /// The unit within which order is kept by default.
    var lane: String { "\(topic)/\(partition)" }

    /// The members of a record in the order of `protocol.md`, section 6.
    func members(_ forms: PayloadForms) -> [JSONTree.Member] {
        var members = [JSONTree.Member("attempt", .integer(Int64(attempt)))]
        if isRedelivered { members.append(.init("redelivered", .bool(true))) }
        members.append(.init("topic", .string(topic)))
        members.append(.init("partition", .integer(Int64(partition))))
        members.append(.init("offset", .integer(offset)))
        members.append(.init("timestamp", timestamp.map { .integer($0) } ?? .null))
        members.append(.init("timestamp_type", .string(timestampType)))
        members.append(PayloadForms.member("key", key, forms.key))
        members.append(PayloadForms.member("value", value, forms.value))
        let list = headers.map { header in
            JSONTree.object([
                PayloadForms.member("key", header.name, .auto), PayloadForms.member("value", header.value, .auto),
            ])
        }
        members.append(.init("headers", .list(list)))
        return members
    }
}

/// In which form keys and values are written (`--key-format`, `--value-format`).
package struct PayloadForms: Hashable, Sendable {
    package var key: PayloadForm
    package var value: PayloadForm

    /// The forms that the bridge was told.
    package init(key: PayloadForm = .auto, value: PayloadForm = .auto) {
        self.key = key
        self.value = value
    }

    static func member(_ name: String, _ bytes: [UInt8]?, _ form: PayloadForm) -> JSONTree.Member {
        guard let bytes else { return .init(name, .null) }
        switch form {
        case .base64: return .init(name + "_base64", Base64Writer.text(bytes))
        case .auto where String(validating: bytes, as: UTF8.self) == nil:
            return .init(name + "_base64", Base64Writer.text(bytes))
        case .json where JSONDocument.isValid(bytes.span) && !bytes.contains(where: { $0 < 0x20 }):
            return .init(name + "_json", .raw(bytes))
        // What is no JSON could not be sent in this form: as a JSON string it can.
        case .json: return .init(name + "_json", .text(bytes))
        case .auto, .text: return .init(name, .text(bytes))
        }
    }
}
