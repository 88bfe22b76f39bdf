/// Frames without records. They are small: one pass finds the members, a second reads them.
extension BridgeFrameDecoder {
    func other(
        _ type: String, _ body: Span<UInt8>, _ cursor: inout BridgeCursor
    ) throws(BridgeFrameFault) -> BridgeFrame {
        let frame = ControlMembers(at: cursor.at, try members(of: type, body, &cursor))
        switch type {
        case "hello": return .hello(try hello(body, frame))
        case "cancel":
            let ids = try frame.list(.ids, body) { (cursor) throws(BridgeFrameFault) in
                UInt64(try cursor.integer(body, "ids", 1...JSONNumber.largestExact))
            }
            if ids.isEmpty { throw BridgeFrameFault(.wrongMember, "\"ids\" is empty", atByte: frame.object) }
            return .cancel(ids: ids, reason: try frame.text(.reason, body))
        case "ping": return .ping(nonce: try frame.text(.nonce, body))
        case "shutdown":
            return .shutdown(
                reason: try frame.text(.reason, body), deadlineMilliseconds: try frame.integer(.deadline, body))
        case "assigned":
            return .assigned(epoch: try frame.integer(.epoch, body), try partitions(.partitions, body, frame))
        case "revoked":
            var lost = try frame.cursor(.lost)
            return .revoked(
                epoch: try frame.integer(.epoch, body), try partitions(.partitions, body, frame),
                lost: try lost.boolean(body, "lost"), deadlineMilliseconds: try frame.integer(.deadline, body))
        case "committed": return .committed(try partitions(.offsets, body, frame))
        default: return .unknown(type: type)
        }
    }

    private func members(
        of type: String, _ body: Span<UInt8>, _ cursor: inout BridgeCursor
    ) throws(BridgeFrameFault) -> BridgeMembers {
        let known = ["hello", "cancel", "ping", "shutdown", "assigned", "revoked", "committed"].contains(type)
        var members = BridgeMembers()
        if try cursor.open(body, "frame", close: UInt8(ascii: "}")) {
            repeat {
                let (name, range) = try cursor.name(body)
                // In a frame that is not known, what looks like ours may mean something else.
                if known, let name { try members.add(name, nameAt: range.lowerBound, valueAt: cursor.at) }
                try cursor.skip(body, openAlready: 1)
            } while try cursor.more(body, close: UInt8(ascii: "}"))
        }
        try cursor.expectEnd(body)
        return members
    }

    private func hello(_ body: Span<UInt8>, _ frame: ControlMembers) throws(BridgeFrameFault) -> Hello {
        func count(_ name: BridgeMember, from least: Int64 = 0) throws(BridgeFrameFault) -> Int {
            Int(try frame.integer(name, body, from: least))
        }
        func texts(_ name: BridgeMember) throws(BridgeFrameFault) -> [String] {
            try frame.list(name, body) { (cursor) throws(BridgeFrameFault) in try cursor.text(body, name.text) }
        }
        return Hello(
            protocolVersion: try count(.protocolVersion), protocolMinimum: try count(.protocolMinimum),
            bridge: try frame.text(.bridge, body), worker: try count(.worker),
            service: try frame.text(.service, body), group: try frame.text(.group, body), topics: try texts(.topics),
            // A mode of a newer bridge: its frames tell themselves apart.
            mode: Hello.Mode(rawValue: try frame.text(.mode, body)) ?? .message,
            maxInFlight: try count(.maxInFlight, from: 1), maxFrameBytes: try count(.maxFrameBytes, from: 1),
            ackTimeoutMilliseconds: try frame.integer(.ackTimeout, body),
            maxExtendMilliseconds: try frame.integer(.maxExtend, body),
            readyTimeoutMilliseconds: try frame.integer(.readyTimeout, body),
            cancelGraceMilliseconds: try frame.integer(.cancelGrace, body), features: try texts(.features),
            session: try frame.text(.session, body))
    }

    private func partitions(
        _ name: BridgeMember, _ body: Span<UInt8>, _ frame: ControlMembers
    ) throws(BridgeFrameFault) -> [BridgePartition] {
        try frame.list(name, body) { (cursor) throws(BridgeFrameFault) in
            let start = cursor.at
            var members = BridgeMembers()
            var inside = cursor
            try cursor.skip(body, openAlready: 2)
            if try inside.open(body, name.text, close: UInt8(ascii: "}")) {
                repeat {
                    let (name, range) = try inside.name(body)
                    if let name { try members.add(name, nameAt: range.lowerBound, valueAt: inside.at) }
                    try inside.skip(body, openAlready: 3)
                } while try inside.more(body, close: UInt8(ascii: "}"))
            }
            let entry = ControlMembers(at: start, members)
            var offset: Int64?
            if let place = members.start(.offset), body[place] != UInt8(ascii: "n") {
                offset = try entry.integer(.offset, body, to: .max)
            }
            return BridgePartition(
                topic: try entry.text(.topic, body),
                partition: Int32(try entry.integer(.partition, body, to: Int64(Int32.max))), offset: offset)
        }
    }
}

/// The members of an object whose every byte was checked.
private struct ControlMembers {
    let object: Int
    let members: BridgeMembers

    init(at object: Int, _ members: BridgeMembers) {
        self.object = object
        self.members = members
    }

    /// A cursor at the member's value.
    func cursor(_ name: BridgeMember) throws(BridgeFrameFault) -> BridgeCursor {
        guard let start = members.start(name) else { throw BridgeFrameDecoder().missing(name, object) }
        return BridgeCursor(at: start)
    }

    func text(_ name: BridgeMember, _ body: Span<UInt8>) throws(BridgeFrameFault) -> String {
        var cursor = try cursor(name)
        return try cursor.text(body, name.text)
    }

    func integer(
        _ name: BridgeMember, _ body: Span<UInt8>, from least: Int64 = 0, to most: Int64 = JSONNumber.largestExact
    ) throws(BridgeFrameFault) -> Int64 {
        var cursor = try cursor(name)
        return try cursor.integer(body, name.text, least...most)
    }

    func list<Element>(
        _ name: BridgeMember, _ body: Span<UInt8>,
        _ element: (inout BridgeCursor) throws(BridgeFrameFault) -> Element
    ) throws(BridgeFrameFault) -> [Element] {
        var cursor = try cursor(name)
        guard try cursor.open(body, name.text, close: UInt8(ascii: "]")) else { return [] }
        var elements: [Element] = []
        repeat { elements.append(try element(&cursor)) } while try cursor.more(body, close: UInt8(ascii: "]"))
        return elements
    }
}
