import Configuration
import DeliveryCore
import HandlerProtocol
import Logging
import Observability

extension Service {
    /// Every complete frame that has arrived from a worker, in order; a rule that is broken ends the worker.
    func decodeFrames(_ connection: WorkerConnection) {
        while !connection.isBroken {
            do throws(ProtocolError) {
                let several = gatherAcknowledgements(connection)
                try acknowledgeGathered(several, connection)
                if several != nil { continue }
                let frame = try connection.reader.next { body throws(ProtocolError) in
                    try connection.conversation.receive(body)
                }
                guard let frame else {
                    noteUnfinishedFrame(connection)
                    return
                }
                connection.unfinishedSince = nil
                try receive(frame, from: connection)
            } catch {
                protocolBroken(connection, error)
            }
        }
    }

    /// Takes the acknowledgements that stand before any other frame, up to the first of several ids, which it answers.
    private func gatherAcknowledgements(_ connection: WorkerConnection) -> PlainAcknowledgement? {
        guard connection.conversation.acceptsPlainAcknowledgements else { return nil }
        // In local variables while they are used: an access to a variable of a class pays for a check at run time.
        var reader = FrameReader(framing: .length, maxFrameBytes: 0)
        swap(&reader, &connection.reader)
        defer { swap(&reader, &connection.reader) }
        var ids: [UInt64] = []
        swap(&ids, &acknowledged)
        defer { swap(&ids, &acknowledged) }
        var several: [UInt64] = []
        swap(&several, &listed)
        defer { swap(&several, &listed) }
        while let found = reader.nextAcknowledgement(ids: &several) {
            guard case .id(let id) = found else {
                connection.unfinishedSince = nil
                return found
            }
            ids.append(id)
        }
        if !ids.isEmpty { connection.unfinishedSince = nil }
        return nil
    }

    /// Acknowledgements that follow each other are one input of the machine.
    private func acknowledgeGathered(_ several: PlainAcknowledgement?, _ connection: WorkerConnection)
        throws(ProtocolError)
    {
        if acknowledged.isEmpty, several == nil { return }
        defer { acknowledged.removeAll(keepingCapacity: true) }
        timeline.pass(.firstVerdict, now: now, log: log)
        if tally != nil { tallyAcknowledged(several, connection.index) }
        do throws(VerdictProblem) {
            try machine.acknowledged(acknowledged.span, from: connection.index, now: now, actions: &actions)
            switch several {
            case .ids?:
                try machine.acknowledgedTogether(listed.span, from: connection.index, now: now, actions: &actions)
            case .through(let id)?:
                try machine.verdict(.ackThrough(id: id), from: connection.index, now: now, actions: &actions)
            case .id?, nil: break
            }
        } catch { throw describe(error, connection) }
    }

    private func receive(_ frame: HandlerFrame, from connection: WorkerConnection) throws(ProtocolError) {
        let worker = connection.index
        switch frame {
        case .ready(let ready): becomeReady(ready, connection)
        case .initError(let error): initFailed(error, connection)
        case .ack(let target, let hasOutputs): try acknowledge(target, hasOutputs, connection)
        case .nack(let id, let detail):
            logFailure(id, index: nil, detail, connection)
            try verdict(.nack(id: id, failure(detail)), connection)
        case .result(let id, let failed, let hasOutputs):
            if hasOutputs {
                try refuseOutputs(id, connection)
            } else {
                for record in failed { logFailure(id, index: record.index, record.detail, connection) }
                let records = failed.map { FailedRecord(index: $0.index, failure($0.detail)) }
                try verdict(.result(id: id, failed: records), connection)
            }
        case .extend(let id, let milliseconds):
            do throws(VerdictProblem) {
                try machine.extend(id, by: .milliseconds(milliseconds), from: worker, now: now)
            } catch { throw describe(error, connection) }
        case .pause(let milliseconds):
            machine.workerPaused(worker, for: milliseconds.map { .milliseconds($0) }, now: now)
        case .resume: machine.workerResumed(worker, now: now)
        case .log(let frame): handlerLogged(frame, connection)
        case .pong, .metric: machine.heard(worker, now: now)
        }
    }

    // MARK: Start

    private func becomeReady(_ ready: Ready, _ connection: WorkerConnection) {
        timeline.pass(.workerReady, now: now, log: log)
        if !connection.conversation.featuresWithoutEffect.isEmpty {
            log.warning(
                "handler chose features that were not offered: they have no effect",
                metadata: of(
                    connection.index,
                    ["features": "\(connection.conversation.featuresWithoutEffect.joined(separator: ","))"]))
        }
        let abilities = WorkerAbilities(
            concurrency: ready.concurrency, maxInFlight: ready.maxInFlight ?? plan.limits.maxInFlight,
            canCancel: ready.features.contains("cancel"), canPing: ready.features.contains("ping"),
            wantsAssignments: ready.features.contains("assigned"))
        machine.workerReady(connection.index, abilities, now: now, actions: &actions)
        log.info(
            "worker ready",
            metadata: of(
                connection.index,
                [
                    "handler": "\(ready.name)", "features": "\(ready.features.joined(separator: ","))",
                    "concurrency": "\(ready.concurrency)",
                ]))
    }

    private func initFailed(_ error: String, _ connection: WorkerConnection) {
        log.error(
            "handler cannot start (init_error): tried again", metadata: of(connection.index, ["error": "\(error)"]))
        machine.workerBroke(connection.index, .initError, now: now, actions: &actions)
    }

    // MARK: Verdicts

    private func acknowledge(_ target: AckTarget, _ hasOutputs: Bool, _ connection: WorkerConnection)
        throws(ProtocolError)
    {
        switch target {
        case .id(let id):
            if hasOutputs { try refuseOutputs(id, connection) } else { try verdict(.ack(id: id), connection) }
        case .ids(let ids): try verdict(.ackMany(ids: ids), connection)
        case .through(let id): try verdict(.ackThrough(id: id), connection)
        }
    }

    /// Output does not exist yet: an acknowledgement whose outputs would be dropped is a failed delivery.
    private func refuseOutputs(_ id: UInt64, _ connection: WorkerConnection) throws(ProtocolError) {
        log.warning(
            "handler output needs --produce-topic: the delivery counts as failed",
            metadata: of(connection.index, ["delivery.id": "\(id)"]))
        try verdict(.nack(id: id, Failure(.retry)), connection)
    }

    private func verdict(_ verdict: Verdict, _ connection: WorkerConnection) throws(ProtocolError) {
        timeline.pass(.firstVerdict, now: now, log: log)
        tallyBefore(verdict, connection.index)
        let count = countForTally(verdict, connection.index)
        do throws(VerdictProblem) {
            try machine.verdict(verdict, from: connection.index, now: now, actions: &actions)
        } catch { throw describe(error, connection) }
        tallyAfter(verdict, connection.index, count: count)
    }

    private func failure(_ detail: FailureDetail) -> Failure {
        Failure(detail.action, delay: detail.delayMilliseconds.map { .milliseconds($0) })
    }

    /// Keeps the handler's words for the line that tells of the failed attempt; other failures are told here.
    private func logFailure(_ id: UInt64, index: Int?, _ detail: FailureDetail, _ connection: WorkerConnection) {
        // What is said of a cancelled delivery means "I have stopped", and is no failure.
        guard let delivery = machine.outstandingDelivery(connection.index, id: id), !delivery.isCancelled,
            let record = machine.record(index ?? 0, of: delivery)
        else { return }
        let place = FailedPlace(partition: delivery.partition, offset: record.offset)
        note(detail.error, of: delivery, index: index, wasRejected: detail.action == .reject)
        if detail.action == .retry {
            failureTexts[place] = detail.error
            return
        }
        guard mayTellFailure() else { return }
        var facts: Logger.Metadata = [
            "action": "\(detail.action.rawValue)", "records": "\(index == nil ? delivery.count : 1)",
        ]
        if let error = detail.error { facts["error"] = "\(error)" }
        log.warning(
            "handler did not handle a record",
            metadata: of(connection.index, at(place.partition, place.offset).merging(facts) { $1 }))
    }

    /// A handler that fails at thousands of records a second must not fill the log: what is left out is counted.
    func mayTellFailure() -> Bool {
        guard failureLimit.allows(at: now.nanoseconds) else { return false }
        let suppressed = failureLimit.takeSuppressed()
        if suppressed > 0 {
            log.warning("more failures than the log holds", metadata: ["lines": "\(suppressed)"])
        }
        return true
    }

    private func handlerLogged(_ frame: LogFrame, _ connection: WorkerConnection) {
        machine.heard(connection.index, now: now)
        guard connection.logLimit.allows(at: now.nanoseconds) else { return }
        var facts: Logger.Metadata = [:]
        // A prefix of their own: the handler's fields cannot overwrite ours.
        for field in frame.fields { facts["handler.\(field.name)"] = "\(field.value)" }
        let level: Logger.Level =
            switch frame.level {
            case .debug: .debug
            case .info: .info
            case .warn: .warning
            case .error: .error
            }
        log.log(level: level, "handler: \(frame.message)", metadata: of(connection.index, facts))
    }

    // MARK: Broken rules

    private func describe(_ problem: VerdictProblem, _ connection: WorkerConnection) -> ProtocolError {
        switch problem {
        case .unknownID(let id):
            ProtocolError(
                rule: .unissuedID,
                message: "the id \(id) was never issued to this worker; ids are those of message and batch frames",
                excerpt: "")
        case .indexOutOfRange(let id, let index, let count):
            ProtocolError(
                rule: .wrongIndex,
                message: "index \(index) in the result for \(id): the batch has \(count) records, counted from 0",
                excerpt: "")
        case .repeatedIndex(let id, let index):
            ProtocolError(
                rule: .wrongIndex, message: "index \(index) is listed twice in the result for \(id)", excerpt: "")
        case .resultForMessage(let id):
            ProtocolError(
                rule: .resultForMessage, message: "result for \(id), which is a message: answer with ack or nack",
                excerpt: "")
        }
    }

    func protocolBroken(_ connection: WorkerConnection, _ error: ProtocolError) {
        connection.isBroken = true
        connection.brokenRule = error.message
        if error.rule == .noCommonVersion {
            stop(.handlerProtocol, "the handler '\(plan.settings.command.first ?? "")': \(error.message)")
        }
        log.error(
            "protocol error: the worker is replaced",
            metadata: of(
                connection.index,
                ["rule": "\(error.rule.rawValue)", "error": "\(error.message)", "frame": "\(error.excerpt)"]))
        machine.workerBroke(connection.index, .protocolError, now: now, actions: &actions)
    }

    // MARK: Frames that do not end

    private func noteUnfinishedFrame(_ connection: WorkerConnection) {
        if !connection.reader.isInsideFrame {
            connection.unfinishedSince = nil
        } else if connection.unfinishedSince == nil {
            connection.unfinishedSince = now
            checkFrames(by: now + framePatience)
        }
    }

    /// How long a process may go on after it closed its stdout or stdin.
    static var endPatience: Interval { .seconds(1) }

    private var framePatience: Interval { Interval(plan.settings.frameTimeout) }

    /// Something is waited for until then, and not longer.
    func checkFrames(by deadline: Instant) { nextFrameCheck = min(nextFrameCheck ?? deadline, deadline) }

    /// When a frame, or an end that was announced, has taken too long.
    private func findNextFrameCheck() {
        nextFrameCheck = nil
        for case let connection? in connections where !connection.isBroken {
            if let since = connection.unfinishedSince { checkFrames(by: since + framePatience) }
            if let closed = connection.outputClosedAt { checkFrames(by: closed + Service.endPatience) }
            if let refused = connection.inputRefusedAt { checkFrames(by: refused + Service.endPatience) }
        }
    }

    /// Ends what has taken too long; looks at the workers only when something may have.
    func endUnfinishedFrames() {
        guard let due = nextFrameCheck, due <= now else { return }
        for case let connection? in connections where !connection.isBroken {
            if let since = connection.unfinishedSince, since + framePatience <= now {
                protocolBroken(
                    connection,
                    connection.reader.unfinishedError(afterMilliseconds: milliseconds(now - since)))
            } else if let closed = connection.outputClosedAt, closed + Service.endPatience <= now {
                connection.outputClosedAt = nil
                machine.workerBroke(connection.index, .outputClosed, now: now, actions: &actions)
            } else if let refused = connection.inputRefusedAt, refused + Service.endPatience <= now {
                connection.inputRefusedAt = nil
                machine.workerBroke(connection.index, .inputClosed, now: now, actions: &actions)
            }
        }
        findNextFrameCheck()
    }
}
