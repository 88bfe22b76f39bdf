import Conformance
import HandlerProtocol
import Handlers
import Reactor

/// What the bridge does next.
extension SessionPlay {
    func takeSteps(now: Int64) throws(SystemError) {
        if judge.sawRefusal {
            steps = []
            _ = try closeWhenWritten(now: now)
            return
        }
        if session.awaitsReady, judge.ready == nil { return wait(now: now) }
        while !isInputClosed {
            if !deliveries.isEmpty {
                deliver(now: now)
                if !deliveries.isEmpty { return wait(now: now) }
            }
            guard let step = steps.first else { return }
            if try !take(step, now: now) { return wait(now: now) }
            steps = steps.dropFirst()
            waitingSince = nil
        }
    }

    private func wait(now: Int64) { if waitingSince == nil { waitingSince = now } }

    /// Answers whether the step is done.
    private func take(_ step: Step, now: Int64) throws(SystemError) -> Bool {
        switch step {
        case .deliver(let list, let writing):
            deliveries = list[...]
            deliveryWriting = writing
            deliver(now: now)
            return deliveries.isEmpty
        case .control(let tree): control(tree)
        case .cancel(let ids, let reason):
            let known = ids.filter { $0 < nextID }
            if known.isEmpty { break }
            judge.cancelled(known)
            control(
                .object([
                    .init("type", .string("cancel")), .init("ids", .list(known.map { .integer(Int64(clamping: $0)) })),
                    .init("reason", .string(reason)),
                ]))
        case .ping(let nonce):
            control(.object([.init("type", .string("ping")), .init("nonce", .string(nonce))]))
            judge.pinged(nonce, now: now)
        case .shutdown(let reason):
            control(
                .object([
                    .init("type", .string("shutdown")), .init("reason", .string(reason)),
                    .init("deadline_ms", .integer(setting.timeLimit / 1_000_000)),
                ]))
            judge.shutDown()
        case .ifChosen(let feature, let more):
            let isChosen = judge.ready?.features.contains(feature) ?? false
            if isChosen { steps = steps.prefix(1) + more[...] + steps.dropFirst() }
        case .reading(let reading): self.reading = reading
        case .awaitWritten: return pieces.isEmpty
        case .awaitAnswers: return judge.outstanding.isEmpty
        case .awaitAnswersBriefly:
            return judge.outstanding.isEmpty || now - (waitingSince ?? now) >= 2_000_000_000
        case .awaitPongs: return judge.missingPongs.isEmpty
        case .stall(let milliseconds):
            // What was said before goes on being written.
            stallUntil = stallUntil ?? now + milliseconds * 1_000_000
            guard let end = stallUntil, now >= end else { return false }
            stallUntil = nil
        case .partial(let delivery): return cutOff(delivery, now: now)
        case .closeInput: return try closeWhenWritten(now: now)
        }
        return true
    }

    private func control(_ tree: JSONTree) {
        let body = tree.body(setting.framing)
        judge.wrote(body)
        pieces.add([setting.framing.frame(body)], .together)
    }

    /// Hands out as many as may be outstanding.
    func deliver(now: Int64) {
        var frames: [[UInt8]] = []
        while let delivery = deliveries.first, !isPaused, judge.outstanding.count < max(1, judge.window) {
            deliveries = deliveries.dropFirst()
            let body = delivery.body(id: nextID, setting.framing)
            // A bridge does not send what is too large.
            guard body.count <= setting.maxFrameBytes else { continue }
            judge.issue(nextID, delivery, body, now: now)
            nextID += 1
            frames.append(setting.framing.frame(body))
        }
        if !frames.isEmpty { pieces.add(frames, deliveryWriting) }
        // The window is full: only answers that are read make room.
        if !deliveries.isEmpty, reading == .stopped { reading = .open }
    }

    /// The frame without its last byte, and end of file; of a line it is the LF that is missing, of a body its brace.
    private func cutOff(_ delivery: Delivery, now: Int64) -> Bool {
        guard pieces.isEmpty else { return false }
        let body = delivery.body(id: nextID, setting.framing)
        judge.issue(nextID, delivery, body, isPartial: true, now: now)
        nextID += 1
        pieces.add([cut(body)], .together)
        steps = steps.prefix(1) + [.closeInput]
        return true
    }

    /// Under `length`, a header that promises one byte more than the whole object has.
    private func cut(_ body: [UInt8]) -> [UInt8] {
        switch setting.framing {
        case .lines: body
        case .length: Array(Framing.length.frame(body + [0x20]).dropLast())
        }
    }

    private func closeWhenWritten(now: Int64) throws(SystemError) -> Bool {
        guard pieces.isEmpty else { return false }
        judge.closedInput()
        try closeInput(now: now, grace: max(1_000_000_000, startedAt + setting.timeLimit - now))
        return true
    }
}
