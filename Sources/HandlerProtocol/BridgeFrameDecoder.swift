/// Turns the body of a bridge's frame into a value, or names the rule that it breaks: what a handler needs, and what looks
/// at a captured stream.
///
/// A pure function of the bytes. Members are accepted in any order, and unknown ones ignored (protocol.md, J5 and J11). A
/// bridge writes `type` first: then one pass is enough.
package struct BridgeFrameDecoder: Sendable {
    /// A decoder; all are alike.
    package init() {}

    /// Decodes one body, without length or line end. Throws the first fault that it meets.
    package func decode(_ body: Span<UInt8>) throws(BridgeFrameFault) -> BridgeFrame {
        var cursor = BridgeCursor(at: 0)
        cursor.skipSpace(body)
        guard cursor.at < body.count, body[cursor.at] == UInt8(ascii: "{") else {
            throw BridgeFrameFault(.notOneObject, notAnObject(body, cursor.at), atByte: cursor.at)
        }
        switch try type(body, from: cursor.at) {
        case "message":
            var id: UInt64?
            let object = cursor.at
            let (record, members) = try record(body, &cursor, openAlready: 0, id: &id)
            try cursor.expectEnd(body)
            try requireShared(members, body, object)
            guard let id else { throw missing(.id, object) }
            return .message(id: id, record)
        case "batch": return try batch(body, &cursor)
        case let type: return try other(type, body, &cursor)
        }
    }

    private func notAnObject(_ body: Span<UInt8>, _ start: Int) -> String {
        if start == body.count { return "the frame is empty; an object is needed" }
        if body.count >= 3, body[0] == 0xEF, body[1] == 0xBB, body[2] == 0xBF {
            return "the frame begins with a byte order mark"
        }
        var scanner = JSONScanner(at: start)
        guard (try? scanner.skipValue(body, openAlready: 0)) != nil else { return "the frame is not a JSON object" }
        return "the frame is \(MemberValue.kind(body, start)); an object is needed"
    }

    /// The frame's type, mostly without looking at the rest.
    private func type(_ body: Span<UInt8>, from start: Int) throws(BridgeFrameFault) -> String {
        var cursor = BridgeCursor(at: start)
        guard try cursor.open(body, "frame", close: UInt8(ascii: "}")) else { throw missing(.type, start) }
        repeat {
            let (name, range) = try cursor.name(body)
            if name == .type {
                guard cursor.at < body.count, body[cursor.at] == UInt8(ascii: "\"") else {
                    throw BridgeFrameFault(.unknownType, "\"type\" is not a string", atByte: range.lowerBound)
                }
                return try cursor.text(body, "type")
            }
            try skip(name, body, &cursor, openAlready: 1)
        } while try cursor.more(body, close: UInt8(ascii: "}"))
        throw missing(.type, start)
    }

    /// A document within a record may be nested as deep as if it stood alone.
    private func skip(
        _ name: BridgeMember?, _ body: Span<UInt8>, _ cursor: inout BridgeCursor, openAlready: Int
    ) throws(BridgeFrameFault) {
        try cursor.skip(
            body, openAlready: name == .valueJSON || name == .keyJSON || name == .messages ? 0 : openAlready)
    }

    func missing(_ name: BridgeMember, _ at: Int) -> BridgeFrameFault {
        BridgeFrameFault(
            name == .type ? .unknownType : .wrongMember, "member \"\(name.text)\" is missing", atByte: at)
    }

    private func batch(_ body: Span<UInt8>, _ cursor: inout BridgeCursor) throws(BridgeFrameFault) -> BridgeFrame {
        let object = cursor.at
        var members = BridgeMembers()
        var shared = BridgeRecord()
        var id: UInt64?
        var records: [(record: BridgeRecord, members: BridgeMembers, at: Int)] = []
        guard try cursor.open(body, "frame", close: UInt8(ascii: "}")) else { throw missing(.id, object) }
        repeat {
            let (name, range) = try cursor.name(body)
            guard let name else {
                try cursor.skip(body, openAlready: 1)
                continue
            }
            try members.add(name, nameAt: range.lowerBound, valueAt: cursor.at)
            switch name {
            case .id: id = UInt64(try cursor.integer(body, "id", 1...JSONNumber.largestExact))
            case .topic, .partition, .attempt, .timestampType:
                try sharedMember(name, body, &cursor, into: &shared)
            case .messages: records = try self.records(body, &cursor)
            default: try skip(name, body, &cursor, openAlready: 1)
            }
        } while try cursor.more(body, close: UInt8(ascii: "}"))
        try cursor.expectEnd(body)
        guard let id else { throw missing(.id, object) }
        guard let list = members.start(.messages) else { throw missing(.messages, object) }
        if records.isEmpty { throw BridgeFrameFault(.emptyBatch, "\"messages\" is empty", atByte: list) }
        var inherited: [BridgeRecord] = []
        inherited.reserveCapacity(records.count)
        for entry in records {
            var record = entry.record
            for name in [BridgeMember.topic, .partition, .attempt, .timestampType] where !entry.members.has(name) {
                guard members.has(name) else { throw missing(name, entry.at) }
                switch name {
                case .topic: record.topic = shared.topic
                case .partition: record.partition = shared.partition
                case .attempt: record.attempt = shared.attempt
                default: record.timestampKind = shared.timestampKind
                }
            }
            inherited.append(record)
        }
        return .batch(id: id, inherited)
    }

    private func records(
        _ body: Span<UInt8>, _ cursor: inout BridgeCursor
    ) throws(BridgeFrameFault) -> [(record: BridgeRecord, members: BridgeMembers, at: Int)] {
        var records: [(record: BridgeRecord, members: BridgeMembers, at: Int)] = []
        guard try cursor.open(body, "messages", close: UInt8(ascii: "]")) else { return [] }
        repeat {
            let start = cursor.at
            var id: UInt64?
            let (record, members) = try record(body, &cursor, openAlready: 2, id: &id)
            records.append((record, members, start))
        } while try cursor.more(body, close: UInt8(ascii: "]"))
        return records
    }

    /// What a record may inherit must stand in a `message` itself.
    private func requireShared(
        _ members: BridgeMembers, _ body: Span<UInt8>, _ at: Int
    ) throws(BridgeFrameFault) {
        for name in [BridgeMember.attempt, .topic, .partition, .timestampType] where !members.has(name) {
            throw missing(name, at)
        }
    }
}
