package import HandlerProtocol

/// A `message` or `batch` frame of a session, which gets its id when it is sent.
package struct Delivery: Hashable, Sendable {
    /// What its verdict is compared with: a handler that handles a record in its plain form, before and after, has to handle it
    /// in a stranger form too.
    package enum Comparison: Hashable, Sendable {
        case plain
        /// Written in a way that this rule makes legal.
        case strange(rule: String, what: String)
    }

    var type: String
    /// All but `type` and `id`.
    var members: [JSONTree.Member]
    /// The lane of each record of a batch; nil for a message.
    package var lanes: [String]?
    /// Members stand in reverse order, those of inner objects too.
    var isReversed = false
    package var comparison: Comparison?

    /// One record.
    static func message(_ record: SampleRecord, _ forms: PayloadForms) -> Delivery {
        Delivery(type: "message", members: record.members(forms))
    }

    /// Several, each with all its members.
    static func batch(_ records: [SampleRecord], _ forms: PayloadForms) -> Delivery {
        batch(shared: [], records.map { ($0, []) }, forms)
    }

    /// Several; `shared` stands in the batch, and each record goes without the members that are named beside it.
    static func batch(
        shared: [JSONTree.Member], _ records: [(record: SampleRecord, without: Set<String>)], _ forms: PayloadForms
    ) -> Delivery {
        let list = records.map { entry in
            JSONTree.object(entry.record.members(forms).filter { !entry.without.contains($0.name) })
        }
        return Delivery(
            type: "batch", members: shared + [.init("messages", .list(list))], lanes: records.map(\.record.lane))
    }

    /// The same, to be compared with others of its session.
    func compared(_ comparison: Comparison) -> Delivery {
        var copy = self
        copy.comparison = comparison
        return copy
    }

    /// The same with members that no version of the protocol has, in the frame and in each record.
    func withUnknownMembers() -> Delivery {
        var copy = self
        copy.members =
            Unknown.members
            + members.map { member in
                guard member.name == "messages", case .list(let records) = member.value else { return member }
                return .init("messages", .list(records.map { $0.adding(Unknown.members) }))
            }
        return copy
    }

    func reversed() -> Delivery {
        var copy = self
        copy.isReversed = true
        return copy
    }

    /// The frame's body.
    package func body(id: UInt64, _ framing: Framing) -> [UInt8] {
        let tree = JSONTree.object(
            [.init("type", .string(type)), .init("id", .integer(Int64(clamping: id)))] + members)
        return (isReversed ? tree.reversed : tree).body(framing)
    }
}

/// What a newer bridge might add.
enum Unknown {
    static let members: [JSONTree.Member] = [
        .init("x_future", .integer(7)),
        .init("future", .object([.init("id", .integer(999_999)), .init("type", .string("ack"))])),
        .init("messages_future", .list([.list([]), .null, .bool(true)])),
    ]
}

extension JSONTree {
    /// An object with these members before its own; anything else as it is.
    func adding(_ more: [Member]) -> JSONTree {
        guard case .object(let members) = self else { return self }
        return .object(more + members)
    }
}
