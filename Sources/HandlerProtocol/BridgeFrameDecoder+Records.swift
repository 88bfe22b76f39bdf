/// Records, as a frame of their own or within a batch.
extension BridgeFrameDecoder {
    /// The record whose object begins here, and which members it has; what it may inherit can be missing. In a `message`
    /// its members stand beside the frame's `id`.
    func record(
        _ body: Span<UInt8>, _ cursor: inout BridgeCursor, openAlready: Int, id: inout UInt64?
    ) throws(BridgeFrameFault) -> (BridgeRecord, BridgeMembers) {
        let object = cursor.at
        var members = BridgeMembers()
        var record = BridgeRecord()
        if try cursor.open(body, "messages", close: UInt8(ascii: "}")) {
            repeat {
                let (name, range) = try cursor.name(body)
                guard let name else {
                    try cursor.skip(body, openAlready: openAlready + 1)
                    continue
                }
                try members.add(name, nameAt: range.lowerBound, valueAt: cursor.at)
                if openAlready == 0, name == .id {
                    id = UInt64(try cursor.integer(body, "id", 1...JSONNumber.largestExact))
                } else {
                    try member(name, body, &cursor, openAlready: openAlready, into: &record)
                }
            } while try cursor.more(body, close: UInt8(ascii: "}"))
        }
        for name in [BridgeMember.offset, .timestamp, .headers] where !members.has(name) {
            throw missing(name, object)
        }
        try requireOneForm(members, [.key, .keyBase64, .keyJSON], object)
        try requireOneForm(members, [.value, .valueBase64, .valueJSON], object)
        return (record, members)
    }

    private func requireOneForm(
        _ members: BridgeMembers, _ forms: [BridgeMember], _ object: Int
    ) throws(BridgeFrameFault) {
        var found: BridgeMember?
        for form in forms where members.has(form) {
            if let found {
                throw BridgeFrameFault(
                    .payloadForms, "a record has both \"\(found.text)\" and \"\(form.text)\"",
                    atByte: members.start(form) ?? object)
            }
            found = form
        }
        if found == nil {
            let names = forms.map { "\"\($0.text)\"" }
            throw BridgeFrameFault(
                .payloadForms, "a record has none of \(names.joined(separator: ", "))", atByte: object)
        }
    }

    private func member(
        _ name: BridgeMember, _ body: Span<UInt8>, _ cursor: inout BridgeCursor, openAlready: Int,
        into record: inout BridgeRecord
    ) throws(BridgeFrameFault) {
        switch name {
        case .topic, .partition, .attempt, .timestampType: try sharedMember(name, body, &cursor, into: &record)
        case .redelivered:
            record.isRedelivered = try cursor.takeNull(body) ? false : cursor.boolean(body, "redelivered")
        case .offset: record.offset = try cursor.integer(body, "offset", 0...Int64.max)
        case .timestamp:
            record.timestamp =
                try cursor.takeNull(body) ? nil : cursor.integer(body, "timestamp", Int64.min...Int64.max)
        case .key, .value:
            let bytes = try cursor.takeNull(body) ? nil : cursor.stringBytes(body, name.text)
            set(BridgePayload(bytes, .text), name == .key, &record)
        case .keyBase64, .valueBase64:
            set(BridgePayload(try cursor.base64(body, name.text), .base64), name == .keyBase64, &record)
        case .keyJSON, .valueJSON:
            set(BridgePayload(try cursor.document(body), .json), name == .keyJSON, &record)
        case .headers: record.headers = try headers(body, &cursor)
        case .meta: record.meta = try cursor.takeNull(body) ? nil : meta(body, &cursor)
        default: try cursor.skip(body, openAlready: openAlready + 1)
        }
    }

    /// One of the four members that a record may inherit from its batch.
    func sharedMember(
        _ name: BridgeMember, _ body: Span<UInt8>, _ cursor: inout BridgeCursor, into record: inout BridgeRecord
    ) throws(BridgeFrameFault) {
        switch name {
        case .topic: record.topic = try cursor.text(body, "topic")
        case .partition: record.partition = Int32(try cursor.integer(body, "partition", 0...Int64(Int32.max)))
        case .attempt: record.attempt = Int(try cursor.integer(body, "attempt", 1...JSONNumber.largestExact))
        default:
            switch try cursor.text(body, "timestamp_type") {
            case "create": record.timestampKind = .create
            case "append": record.timestampKind = .append
            case "none": record.timestampKind = .none
            default: record.timestampKind = .other
            }
        }
    }

    private func set(_ payload: BridgePayload, _ isKey: Bool, _ record: inout BridgeRecord) {
        if isKey { record.key = payload } else { record.value = payload }
    }

    private func headers(
        _ body: Span<UInt8>, _ cursor: inout BridgeCursor
    ) throws(BridgeFrameFault) -> [BridgeRecord.Header] {
        var headers: [BridgeRecord.Header] = []
        guard try cursor.open(body, "headers", close: UInt8(ascii: "]")) else { return [] }
        repeat { headers.append(try header(body, &cursor)) } while try cursor.more(body, close: UInt8(ascii: "]"))
        return headers
    }

    private func header(
        _ body: Span<UInt8>, _ cursor: inout BridgeCursor
    ) throws(BridgeFrameFault) -> BridgeRecord.Header {
        let object = cursor.at
        var members = BridgeMembers()
        var header = BridgeRecord.Header(name: [], value: nil)
        if try cursor.open(body, "headers", close: UInt8(ascii: "}")) {
            repeat {
                let (name, range) = try cursor.name(body)
                guard let name else {
                    try cursor.skip(body, openAlready: 4)
                    continue
                }
                try members.add(name, nameAt: range.lowerBound, valueAt: cursor.at)
                switch name {
                case .key: header.name = try cursor.stringBytes(body, "key")
                case .keyBase64: header.name = try cursor.base64(body, "key_base64")
                case .value: header.value = try cursor.takeNull(body) ? nil : cursor.stringBytes(body, "value")
                case .valueBase64: header.value = try cursor.base64(body, "value_base64")
                default: try cursor.skip(body, openAlready: 4)
                }
            } while try cursor.more(body, close: UInt8(ascii: "}"))
        }
        try requireOneForm(members, [.key, .keyBase64], object)
        try requireOneForm(members, [.value, .valueBase64], object)
        return header
    }

    private func meta(
        _ body: Span<UInt8>, _ cursor: inout BridgeCursor
    ) throws(BridgeFrameFault) -> [BridgeRecord.Meta] {
        var meta: [BridgeRecord.Meta] = []
        guard try cursor.open(body, "meta", close: UInt8(ascii: "}")) else { return [] }
        repeat {
            let (_, range) = try cursor.name(body)
            let name = String(decoding: JSONString.bytes(in: body, range), as: UTF8.self)
            meta.append(
                BridgeRecord.Meta(name: name, value: try cursor.takeNull(body) ? nil : cursor.text(body, "meta")))
        } while try cursor.more(body, close: UInt8(ascii: "}"))
        return meta
    }
}
