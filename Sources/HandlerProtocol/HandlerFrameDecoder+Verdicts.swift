import DeliveryCore

/// The frames that decide over records. They are the strict ones: a name that is not known may be a typing mistake, and
/// must not become the verdict that was not meant.
extension HandlerFrameDecoder {
    private static var ackMembers: MemberSet { MemberSet([.type, .session, .id, .ids, .through, .produce]) }
    private static var nackMembers: MemberSet { MemberSet([.type, .session, .id, .error, .action, .delay]) }
    private static var resultMembers: MemberSet { MemberSet([.type, .session, .id, .failed, .produce]) }
    private static var failedMembers: MemberSet { MemberSet([.index, .error, .action, .delay]) }
    private static var outputMembers: MemberSet {
        MemberSet([
            .topic, .partition, .timestamp, .headers, .key, .keyBase64, .keyJSON, .value, .valueBase64, .valueJSON,
        ])
    }

    func ack(_ body: Span<UInt8>, _ members: Members) throws(FrameFault) -> HandlerFrame {
        try refuseUnknown(body, members, Self.ackMembers, within: "ack")
        let id = members.start(of: .id, in: body)
        let ids = members.start(of: .ids, in: body)
        let through = members.start(of: .through, in: body)
        let selectors = (id == nil ? 0 : 1) + (ids == nil ? 0 : 1) + (through == nil ? 0 : 1)
        if selectors != 1 {
            let found = selectors == 0 ? "none of them" : selectors == 2 ? "two of them" : "all three"
            throw FrameFault(
                .ackSelectors, "an ack has exactly one of \"id\", \"ids\" and \"through\"; this has \(found)")
        }
        var hasOutputs = false
        if let produce = members.start(of: .produce, in: body) {
            if id == nil { throw FrameFault(.misplacedOutput, "in an ack \"produce\" stands only beside \"id\"") }
            hasOutputs = try outputs(body, produce, known: Self.outputMembers)
        }
        if let id { return .ack(.id(try MemberValue.id(body, id, "id")), hasOutputs: hasOutputs) }
        if let through { return .ack(.through(try MemberValue.id(body, through, "through")), hasOutputs: false) }
        var list: [UInt64] = []
        if let ids {
            try MemberValue.forEachElement(body, ids, "ids") { (element) throws(FrameFault) in
                list.append(try MemberValue.id(body, element, "ids"))
            }
        }
        if list.isEmpty { throw FrameFault(.ackSelectors, "\"ids\" is empty; list at least one id") }
        return .ack(.ids(list), hasOutputs: false)
    }

    func nack(_ body: Span<UInt8>, _ members: Members) throws(FrameFault) -> HandlerFrame {
        try refuseUnknown(body, members, Self.nackMembers, within: "nack")
        let id = try MemberValue.id(body, try required(.id, body, members), "id")
        return .nack(id: id, try failureDetail(body, members))
    }

    func result(_ body: Span<UInt8>, _ members: Members) throws(FrameFault) -> HandlerFrame {
        try refuseUnknown(body, members, Self.resultMembers, within: "result")
        let id = try MemberValue.id(body, try required(.id, body, members), "id")
        guard let start = members.start(of: .failed, in: body) else {
            throw FrameFault(.failedMissing, "member \"failed\" is missing; [] says that none failed")
        }
        var failed: [RecordFailure] = []
        try MemberValue.forEachElement(body, start, "failed") { (element) throws(FrameFault) in
            let entry = try self.entry(body, element, known: Self.failedMembers, within: "failed")
            guard let place = entry.start(of: .index, in: body) else {
                throw FrameFault(.wrongMember, "an entry of \"failed\" has no \"index\"")
            }
            let index = try MemberValue.integer(body, place, "index", 0...Int64(Int32.max))
            failed.append(RecordFailure(index: Int(index), detail: try self.failureDetail(body, entry)))
        }
        try refuseRepeatedIndex(failed)
        var hasOutputs = false
        if let produce = members.start(of: .produce, in: body) {
            hasOutputs = try outputs(body, produce, known: Self.outputMembers.union(MemberSet([.index])))
        }
        return .result(id: id, failed: failed, hasOutputs: hasOutputs)
    }

    func extend(_ body: Span<UInt8>, _ members: Members) throws(FrameFault) -> HandlerFrame {
        let id = try MemberValue.id(body, try required(.id, body, members), "id")
        let start = try required(.milliseconds, body, members)
        return .extend(id: id, milliseconds: try MemberValue.duration(body, start, "ms"))
    }

    private func failureDetail(_ body: Span<UInt8>, _ members: Members) throws(FrameFault) -> FailureDetail {
        var detail = FailureDetail()
        if let start = members.start(of: .error, in: body) {
            detail.error = try MemberValue.text(body, start, "error", limit: 4096)
        }
        if let start = members.start(of: .action, in: body) {
            let word = try MemberValue.text(body, start, "action", limit: 64)
            guard let action = FailureAction(rawValue: word) else {
                throw unknownValue(word, of: "action", valid: FailureAction.allCases.map(\.rawValue))
            }
            detail.action = action
        }
        detail.delayMilliseconds = try optionalDuration(.delay, body, members)
        return detail
    }

    /// Checks the entries' names and tells whether there are any. What is in them is checked where output is written.
    private func outputs(_ body: Span<UInt8>, _ start: Int, known: MemberSet) throws(FrameFault) -> Bool {
        var count = 0
        try MemberValue.forEachElement(body, start, "produce") { (element) throws(FrameFault) in
            _ = try self.entry(body, element, known: known, within: "produce")
            count &+= 1
        }
        return count > 0
    }

    private func entry(
        _ body: Span<UInt8>, _ start: Int, known: MemberSet, within list: String
    ) throws(FrameFault) -> Members {
        if body[start] != UInt8(ascii: "{") {
            let kind = MemberValue.kind(body, start)
            throw FrameFault(.wrongMember, "an entry of \"\(list)\" is \(kind); an object is needed")
        }
        let members: Members
        var scanner = JSONScanner(at: start)
        do throws(JSONFault) {
            members = try Members(body, &scanner, openAlready: 2)
        } catch {
            throw FrameFault(error)
        }
        try refuseUnknown(body, members, known, within: list)
        return members
    }

    private func refuseUnknown(
        _ body: Span<UInt8>, _ members: Members, _ known: MemberSet, within place: String
    ) throws(FrameFault) {
        let misplaced = members.present.subtracting(known)
        guard members.unknown != nil || !misplaced.isEmpty else { return }
        let name =
            members.unknown.map { JSONString.text(in: body, from: $0.lowerBound, limit: 256) }
            ?? misplaced.texts[0]
        let hint =
            Suggestion.nearest(to: name, among: known.texts).map { "the nearest valid one is \"\($0)\"" }
            ?? "valid are \(known.texts.joined(separator: ", ")) and names that begin with x_"
        throw FrameFault(.unknownMember, "unknown member \(quotedForMessage(name)) in \"\(place)\"; \(hint)")
    }

    private func refuseRepeatedIndex(_ failed: [RecordFailure]) throws(FrameFault) {
        guard failed.count > 1 else { return }
        var seen: Set<Int> = []
        for failure in failed where !seen.insert(failure.index).inserted {
            throw FrameFault(.wrongIndex, "index \(failure.index) occurs twice in \"failed\"")
        }
    }

    func unknownValue(_ word: String, of member: String, valid: [String]) -> FrameFault {
        FrameFault(
            .unknownValue,
            "\"\(member)\" is \(quotedForMessage(word)); valid are \(valid.joined(separator: ", "))")
    }
}
