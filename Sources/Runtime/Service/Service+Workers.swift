import Configuration
import DeliveryCore
import Glibc
import HandlerProtocol
import Handlers
import Logging
import Observability
import Reactor

extension Service {
    // MARK: Start

    func launch(_ worker: WorkerIndex) {
        let life = lives[worker.value] &+ 1
        lives[worker.value] = life
        let settings = plan.settings
        var own = ["ACKPIPE_FRAMING": settings.framing.rawValue]
        if settings.protocolDescriptors { own["ACKPIPE_PROTOCOL_FDS"] = "3,4" }
        let command = HandlerCommand(
            arguments: settings.command,
            environment: HandlerEnvironment.scrubbed(
                inheritedEnvironment, hiding: plan.settings.usedVariables, setting: own),
            channel: settings.protocolDescriptors ? .descriptors : .standardStreams)
        do {
            let process = try WorkerProcess.launch(command, guardedBy: guardProcess)
            let connection = connect(worker, life, process)
            connections[worker.value] = connection
            willFlush(worker)
            try listen(to: connection)
            hasLaunched = true
            machine.workerLaunched(worker, now: now, actions: &actions)
            log.info("worker started", metadata: of(worker, [:]))
        } catch {
            log.error("worker cannot be started", metadata: ["worker": "\(worker.value)", "error": "\(error)"])
            dropConnection(worker)
            if let failure = error as? LaunchError {
                if failure.isGuardLost {
                    // No worker would ever start again, and those that run would survive us.
                    stop(.operatingSystem, "\(failure)")
                } else if failure.isPermanent, !hasLaunched {
                    stop(failure.exitCode, "\(failure)")
                }
            }
            machine.workerLaunchFailed(worker, now: now, actions: &actions)
        }
    }

    private func connect(_ worker: WorkerIndex, _ life: UInt32, _ process: WorkerProcess) -> WorkerConnection {
        let settings = plan.settings
        var generator = SystemRandomNumberGenerator()
        let session = hexadecimal(generator.next()) + hexadecimal(generator.next())
        let hello = Hello(
            bridge: "ackpipe/\(ackpipeVersion)", worker: worker.value, service: plan.name, group: settings.group ?? "",
            topics: topicNames, mode: plan.policy.isBatch ? .batch : .message, maxInFlight: plan.limits.maxInFlight,
            maxFrameBytes: settings.maxFrameBytes, ackTimeoutMilliseconds: milliseconds(plan.limits.ackTimeout),
            maxExtendMilliseconds: milliseconds(plan.limits.maxExtend),
            readyTimeoutMilliseconds: milliseconds(plan.limits.startTimeout),
            cancelGraceMilliseconds: milliseconds(plan.limits.cancelGrace), features: offeredFeatures, session: session)
        let connection = WorkerConnection(
            index: worker, life: life, process: process,
            reader: FrameReader(framing: pen.encoder.framing, maxFrameBytes: pen.encoder.maxFrameBytes),
            conversation: HandlerConversation(offer: .init(hello: hello)))
        pen.encoder.hello(hello, into: &connection.outbound)
        tally?.launched(worker)
        return connection
    }

    private func listen(to connection: WorkerConnection) throws {
        let process = connection.process
        func token(_ channel: WorkerToken.Channel, _ log: Int = 0) -> UInt64 {
            WorkerToken(connection.index, life: connection.life, channel, log: log).token
        }
        try poller.add(process.exitDescriptor, token: token(.exit), reading: true, writing: false)
        try poller.add(process.outputDescriptor, token: token(.output), reading: true, writing: false)
        for (index, descriptor) in process.logDescriptors.enumerated() {
            try poller.add(descriptor, token: token(.log, index), reading: true, writing: false)
        }
    }

    private func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Features of protocol.md that this bridge acts on.
    private var offeredFeatures: [String] { ["assigned", "cancel", "ping", "session"] }

    private var topicNames: [String] {
        let settings = plan.settings
        let assigned = settings.assignments.map(\.topic)
        let names = settings.topics + assigned.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        return settings.topicPattern.map { names + [$0] } ?? names
    }

    // MARK: Events

    func handle(_ ready: Readiness, _ token: WorkerToken) {
        guard token.worker.value < connections.count, let connection = connections[token.worker.value],
            connection.life == token.life
        else { return }
        switch token.channel {
        case WorkerToken.Channel.output.rawValue: readOutput(connection)
        case WorkerToken.Channel.input.rawValue: flush(connection)
        case WorkerToken.Channel.exit.rawValue: collectExit(connection)
        default: readLog(connection, Int(token.channel - WorkerToken.Channel.log.rawValue))
        }
    }

    /// One bounded read a turn and worker; what is left is told again by the poller.
    private func readOutput(_ connection: WorkerConnection) {
        switch connection.process.read(into: &readBuffer) {
        case .bytes:
            if connection.isBroken { return }
            readBuffer.withBytes { connection.reader.append(Span<UInt8>(_bytes: $0)) }
            decodeFrames(connection)
        case .wouldBlock: break
        case .endOfFile: outputEnded(connection, "its stdout was closed")
        case .failed(let error): outputEnded(connection, "reading its stdout failed: \(error)")
        }
    }

    private func outputEnded(_ connection: WorkerConnection, _ reason: String) {
        connection.isOutputClosed = true
        forget(connection.process.outputDescriptor)
        if !connection.isBroken, connection.reader.isInsideFrame {
            log.warning(
                "the handler left an unfinished frame: it is discarded",
                metadata: of(connection.index, ["frame": "\(connection.reader.describePartial())"]))
        }
        // A process that is about to exit closes its stdout first: the exit status gets a second to come.
        if !connection.isInputClosed, !connection.closesWhenEmpty {
            log.debug("worker's output ended", metadata: of(connection.index, ["reason": "\(reason)"]))
            connection.outputClosedAt = now
            checkFrames(by: now + Service.endPatience)
        }
    }

    private func readLog(_ connection: WorkerConnection, _ index: Int) {
        switch connection.process.readLog(index, into: &readBuffer) {
        case .bytes: readBuffer.withBytes { bytes in connection.logs[index].append(bytes) { tellLine($0, connection) } }
        case .wouldBlock: break
        case .endOfFile, .failed:
            connection.logs[index].finish { tellLine($0, connection) }
            forget(connection.process.logDescriptors[index])
        }
    }

    private func tellLine(_ line: Handlers.LogLine, _ connection: WorkerConnection) {
        guard connection.logLimit.allows(at: now.nanoseconds) else { return }
        let suppressed = connection.logLimit.takeSuppressed()
        if suppressed > 0 {
            log.warning(
                "handler writes too much: lines were dropped from the log",
                metadata: of(connection.index, ["lines": "\(suppressed)"]))
        }
        log.info("handler: \(line.marked)", metadata: of(connection.index, [:]))
    }

    // MARK: Writing

    /// One write for each worker that has something to say.
    func flushWorkers() {
        let count = talkative.count
        for place in 0..<count {
            let connection = talkative[place]
            connection.isToBeFlushed = false
            // What waits for room is written when the poller tells of it.
            guard !connection.awaitsInput, connections[connection.index.value] === connection else { continue }
            if connection.outbound.pendingCount > 0 || connection.closesWhenEmpty { flush(connection) }
        }
        // What was added meanwhile is for the next turn.
        talkative.removeFirst(count)
    }

    /// The worker's connection, nil where it has none, to be flushed at the end of the turn: whoever writes into its buffer
    /// asks for it here.
    @discardableResult
    func willFlush(_ worker: WorkerIndex) -> WorkerConnection? {
        guard let connection = connections[worker.value] else { return nil }
        if !connection.isToBeFlushed {
            connection.isToBeFlushed = true
            talkative.append(connection)
        }
        return connection
    }

    func flush(_ connection: WorkerConnection) {
        guard !connection.isInputClosed else { return }
        var isFull = false
        while connection.outbound.pendingCount > 0, !isFull {
            switch connection.outbound.withPending({ unsafe connection.process.write($0.bytes) }) {
            case .bytes(let count): connection.outbound.consume(count)
            case .wouldBlock: isFull = true
            case .endOfFile, .failed:
                // The handler is gone, or closed its stdin and can be given nothing more: its exit gets a second to come.
                stopWriting(connection)
                if !machine.isDraining {
                    connection.inputRefusedAt = now
                    checkFrames(by: now + Service.endPatience)
                }
                return
            }
        }
        connection.marks.advance(to: connection.outbound.totalConsumed)
        machine.written(
            connection.index, through: connection.marks.writtenThrough, pendingBytes: connection.outbound.pendingCount,
            now: now)
        awaitInput(connection, isFull)
        if !isFull, connection.closesWhenEmpty { stopWriting(connection) }
    }

    private func awaitInput(_ connection: WorkerConnection, _ isFull: Bool) {
        guard connection.awaitsInput != isFull else { return }
        let token = WorkerToken(connection.index, life: connection.life, .input).token
        do {
            if isFull {
                try poller.add(connection.process.inputDescriptor, token: token, reading: false, writing: true)
            } else {
                try poller.remove(connection.process.inputDescriptor)
            }
            connection.awaitsInput = isFull
        } catch {
            if isFull { willFlush(connection.index) }
            log.error("the poller refused a worker's input", metadata: of(connection.index, ["error": "\(error)"]))
        }
    }

    private func stopWriting(_ connection: WorkerConnection) {
        awaitInput(connection, false)
        connection.isInputClosed = true
        connection.process.closeInput()
    }

    func closeInput(of worker: WorkerIndex) {
        guard let connection = willFlush(worker) else { return }
        connection.closesWhenEmpty = true
        // A handler that does not read must not keep its end of file from coming: nothing that is pending is owed to it.
        if connection.awaitsInput { stopWriting(connection) }
    }

    func sendCancel(_ ids: [UInt64], _ reason: CancelReason, to worker: WorkerIndex) {
        // What was answered, or could not be encoded, since the machine decided needs no word any more.
        let ids = ids.filter { machine.outstandingDelivery(worker, id: $0) != nil }
        guard !ids.isEmpty, let connection = willFlush(worker) else { return }
        pen.encoder.cancel(ids: ids, reason: reason, into: &connection.outbound)
    }

    func sendPing(_ nonce: UInt64, to worker: WorkerIndex) {
        guard let connection = willFlush(worker) else { return }
        pen.encoder.ping(nonce: String(nonce, radix: 16), into: &connection.outbound)
    }

    func sendShutdown(to worker: WorkerIndex, deadline: Interval) {
        guard let connection = willFlush(worker) else { return }
        pen.encoder.shutdown(reason: "drain", deadlineMilliseconds: milliseconds(deadline), into: &connection.outbound)
    }

    // MARK: The end of a process

    func signal(_ worker: WorkerIndex, terminate: Bool) {
        guard let connection = connections[worker.value] else { return }
        if !terminate { connection.isBroken = true }
        connection.process.signalGroup(terminate ? SIGTERM : SIGKILL)
    }

    private func collectExit(_ connection: WorkerConnection) {
        drainStreams(connection)
        guard let status = connection.process.collectExit() else { return }
        let lines = connection.lastLines.suffix(5).joined(separator: " | ")
        var facts: Logger.Metadata = ["status": "\(status)"]
        if status != .exited(0), !lines.isEmpty { facts["last.stderr"] = "\(lines)" }
        log.log(
            level: status == .exited(0) ? .info : .warning, "handler process ended",
            metadata: of(connection.index, facts))
        noteEnd(of: connection, status)
        dropConnection(connection.index)
        let isPermanent = status == .exited(125)
        if isPermanent {
            log.error(
                "handler exited with 125, which means a permanent failure: it is not started again",
                metadata: ["worker": "\(connection.index.value)"])
        }
        machine.workerExited(connection.index, isPermanent: isPermanent, now: now, actions: &actions)
    }

    /// What the process wrote before it ended still counts: complete frames are verdicts, lines are log.
    private func drainStreams(_ connection: WorkerConnection) {
        for _ in 0..<64 where !connection.isOutputClosed && !connection.isBroken {
            guard case .bytes = connection.process.read(into: &readBuffer) else { break }
            readBuffer.withBytes { connection.reader.append(Span<UInt8>(_bytes: $0)) }
            decodeFrames(connection)
        }
        for index in connection.logs.indices {
            for _ in 0..<64 {
                guard case .bytes = connection.process.readLog(index, into: &readBuffer) else { break }
                readBuffer.withBytes { bytes in connection.logs[index].append(bytes) { tellLine($0, connection) } }
            }
            connection.logs[index].finish { tellLine($0, connection) }
        }
    }

    func dropConnection(_ worker: WorkerIndex) {
        guard let connection = connections[worker.value] else { return }
        let process = connection.process
        let descriptors = [process.exitDescriptor, process.outputDescriptor] + process.logDescriptors
        for descriptor in descriptors { forget(descriptor) }
        if connection.awaitsInput { forget(process.inputDescriptor) }
        process.close()
        connections[worker.value] = nil
    }

    /// Takes a descriptor from the poller; one that is not there any more is no error.
    private func forget(_ descriptor: Int32) {
        do { try poller.remove(descriptor) } catch { log.debug("poller: \(error)") }
    }
}
