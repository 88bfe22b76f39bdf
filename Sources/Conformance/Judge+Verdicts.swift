import DeliveryCore
import HandlerProtocol

/// What the handler's frames say.
extension Judge {
    mutating func take(_ frame: HandlerFrame, _ body: [UInt8]) {
        exercise("F5", "F6", "F7", "J1", "J2", "J3", "J4", "J8", "J9", "H2", "S1")
        exercise(framing == .length ? "F1" : "F9")
        exercise(framing == .length ? "F2" : "F10")
        if sawInitError { exercise("H9") }
        if conversationHasSession { exercise("H7") }
        if contains(body, RecordSource.forgedMember) {
            return breakOff(
                "S1", "the value of a record is read as a frame: it was printed to the protocol's descriptor",
                expected: "nothing but frames there: point descriptor 1 at descriptor 2, or use --protocol-fd 3")
        }
        if framing == .lines, let name = rawLineEnd(body) {
            find(
                "F9", "a raw \(name) stands within a line",
                expected: "\\u0085, \\u2028 and \\u2029 in strings, so that every reader of lines sees one")
        }
        switch frame {
        case .ready(let ready): takeReady(ready, body)
        case .initError(let error):
            sawInitError = true
            exercise("H9")
            obstacle = "the handler cannot start now (init_error): \(Excerpt.of(Array(error.utf8).span))"
        case .ack(let target, let hasOutputs):
            exercise("J6", "V4")
            if hasOutputs { exercise("V5") }
            acknowledge(target)
        case .nack(let id, _):
            exercise("J6")
            if contains(body, "\"action\"") { exercise("J14") }
            answer(id, isAcknowledged: false)
        case .result(let id, let failed, let hasOutputs):
            exercise("J6", "B1")
            if hasOutputs { exercise("V5") }
            if contains(body, "\"action\"") { exercise("J14") }
            result(id, failed)
        case .extend(let id, _):
            if issued[id] == nil { reportUnissued(id, "extend") }
        case .pong(let nonce): takePong(nonce)
        case .metric: exercise("J14")
        case .pause(let milliseconds): pause = .paused(milliseconds: milliseconds)
        case .resume: pause = .resumed
        case .log: break
        }
    }

    private var conversationHasSession: Bool { ready?.session != nil }

    private func rawLineEnd(_ body: [UInt8]) -> String? {
        let names = ["\u{85}": "U+0085", "\u{2028}": "U+2028", "\u{2029}": "U+2029"]
        return names.first { contains(body, $0.key) }?.value
    }

    private mutating func takeReady(_ ready: Ready, _ body: [UInt8]) {
        self.ready = ready
        exercise("H3", "H4", "H5", "H6")
        if ready.session != nil { exercise("H7") }
        if ready.protocolVersion > 1 {
            find(
                "H4", "\"ready\" names version \(ready.protocolVersion), which nobody has written down yet",
                expected: Remedies.expected("H4"))
        }
        if !conversation.featuresWithoutEffect.isEmpty {
            find(
                "H5",
                "\"ready\" chooses \(conversation.featuresWithoutEffect.joined(separator: ", ")), which was not offered",
                expected: "only features that \"hello\" lists; a handler that cannot do without one exits with 125")
        }
        if session.isNewerBridge, let feature = ready.features.first(where: { $0.hasSuffix("future") }) {
            find(
                "H5", "\"ready\" chooses \"\(feature)\", which the handler cannot know: it chooses whatever is offered",
                expected: "those of the offered features that the handler was written for")
        }
    }

    // MARK: Verdicts

    private mutating func acknowledge(_ target: AckTarget) {
        switch target {
        case .id(let id): answer(id, isAcknowledged: true)
        case .ids(let ids):
            // A frame counts whole or not at all.
            if let unissued = ids.first(where: { issued[$0] == nil }) { return reportUnissued(unissued, "ack") }
            for id in ids { answer(id, isAcknowledged: true) }
        case .through(let last):
            guard issued[last] != nil else { return reportUnissued(last, "ack") }
            exercise("V3", "V6")
            for id in outstanding where id <= last { answer(id, isAcknowledged: true) }
        }
    }

    private mutating func result(_ id: UInt64, _ failed: [RecordFailure]) {
        guard let issue = issued[id] else { return reportUnissued(id, "result") }
        exercise("V3", "V6")
        guard let lanes = issue.lanes else {
            return breakOff(
                "V6", "a result for \(id), which is a message",
                expected: "ack or nack for a message; result for batches alone")
        }
        if !failed.isEmpty { exercise("B2") }
        if let wrong = failed.first(where: { $0.index >= lanes.count }) {
            return breakOff(
                "B2", "index \(wrong.index), but batch \(id) has \(lanes.count) records (0 to \(lanes.count - 1))",
                expected: Remedies.expected("B2"))
        }
        checkLanes(id, lanes, failed)
        answer(id, isAcknowledged: failed.isEmpty)
    }

    /// Work behind a failure of the same lane is done twice.
    private mutating func checkLanes(_ id: UInt64, _ lanes: [String], _ failed: [RecordFailure]) {
        let retried = failed.filter { $0.detail.action == .retry }.map(\.index).sorted()
        guard let first = retried.first else { return }
        exercise("B5")
        var firstOfLane: [String: Int] = [lanes[first]: first]
        for index in retried.dropFirst() {
            if let earlier = firstOfLane[lanes[index]] {
                return find(
                    "B5",
                    "batch \(id): record \(index) failed behind record \(earlier) of its lane, so the handler went on after "
                        + "the first failure; the bridge delivers both again",
                    expected: "to stop at the first failure of a lane, and to list what is behind it with \"release\"",
                    isAdvice: true)
            }
            firstOfLane[lanes[index]] = index
        }
    }

    private mutating func answer(_ id: UInt64, isAcknowledged: Bool) {
        guard var issue = issued[id] else { return reportUnissued(id, "verdict") }
        exercise("V3", "V1")
        if issue.lanes == nil { exercise("V6") }
        if issue.isPartial {
            return breakOff(
                "F8", "a verdict for \(id), whose frame was cut off by the end of the input",
                expected:
                    "a partial frame at end of file to be discarded: count the bytes of the body, and of a line its LF")
        }
        if issue.answeredAt != nil {
            return find(
                "V1", "a second verdict for \(id)",
                expected:
                    "one verdict for each id: the first one counts, and a later one may hide that another id has none")
        }
        if issue.isCancelled { exercise("V10") }
        unanswered.remove(id)
        issue.answeredAt = lastNow
        issue.isAcknowledged = isAcknowledged
        issued[id] = issue
        lastVerdictAt = lastNow
        if let pressed = pressedOnAt, unansweredWhenPressed.contains(id), lastNow - pressed < 1_000_000_000 {
            answersAfterPressing += 1
        }
    }

    private mutating func reportUnissued(_ id: UInt64, _ what: String) {
        exercise("V3")
        breakOff(
            "V3", "\(what) for \(id), an id that was never issued to this process",
            expected: "the \"id\" of the message or batch frame; ids begin at 1 in each process, and offsets are no ids"
        )
    }

    private mutating func takePong(_ nonce: String) {
        guard var ping = pings[nonce] else {
            // The end of the session tells which pong is missing.
            return
        }
        if ping.answeredAt == nil {
            ping.answeredAt = lastNow
            ping.outstandingAfter = outstanding.count
            pings[nonce] = ping
        }
    }
}
