import Conformance
import HandlerProtocol
import Handlers
import Reactor

/// Bytes, and the end of the process.
extension SessionPlay {
    private static let block = 64 << 10
    private static let slowBlock = 512
    /// Nanoseconds after which what holds a dead handler's output is left over, and not about to end.
    private static let lastingLeak: Int64 = 1_000_000_000

    func write(now: Int64) {
        guard !isInputClosed else { return }
        while !pieces.isEmpty, now >= notBefore {
            var isGone = false
            let pause = pieces.writeNext { bytes in
                switch process.write(bytes) {
                case .bytes(let count): return count
                case .wouldBlock: return nil
                case .endOfFile, .failed:
                    isGone = true
                    return nil
                }
            }
            if isGone {
                // It has closed its input, or is gone; its end tells.
                pieces.removeAll()
                return
            }
            awaitsRoom = pause == nil
            guard let pause else { return }
            if pause > 0 { notBefore = now + pause }
        }
    }

    /// Reads what there is; `limit`: a few bytes only.
    func read(limit: Bool, now: Int64) {
        guard !isOutputClosed else { return }
        var buffer = ReadBuffer(capacity: limit ? SessionPlay.slowBlock : SessionPlay.block)
        for _ in 0..<(limit ? 1 : 16) {
            switch process.read(into: &buffer) {
            case .bytes:
                let bytes = buffer.withBytes { copy($0) }
                judge.read(bytes, now: now)
                follow(now: now)
            case .wouldBlock: return
            case .endOfFile, .failed:
                isOutputClosed = true
                return
            }
        }
    }

    // MARK: What is listened to

    private enum Channel: UInt64 { case exit, output, input, log }

    /// Listens to what does not change: the end of the process, and its log.
    func listenFromNowOn() throws(SystemError) {
        try poller.add(process.exitDescriptor, token: token(.exit), reading: true, writing: false)
        for (index, descriptor) in process.logDescriptors.enumerated() {
            try poller.add(descriptor, token: token(.log) + UInt64(index), reading: true, writing: false)
        }
        try listen()
    }

    /// Listens to the pipes of the protocol, as far as something is to be done with what is heard.
    func listen() throws(SystemError) {
        let wantsOutput = reading == .open && !isOutputClosed
        if wantsOutput != listensToOutput {
            listensToOutput = wantsOutput
            if wantsOutput {
                try poller.add(process.outputDescriptor, token: token(.output), reading: true, writing: false)
            } else {
                try poller.remove(process.outputDescriptor)
            }
        }
        let wantsRoom = awaitsRoom && !isInputClosed && !pieces.isEmpty
        guard wantsRoom != listensForRoom else { return }
        if !wantsRoom { return try forgetInput() }
        listensForRoom = true
        try poller.add(process.inputDescriptor, token: token(.input), reading: false, writing: true)
    }

    /// To be called before the input is closed.
    func forgetInput() throws(SystemError) {
        guard listensForRoom else { return }
        listensForRoom = false
        try poller.remove(process.inputDescriptor)
    }

    /// Gives everything back; the session is over, or cannot be played.
    func close() throws(SystemError) {
        try forgetInput()
        if listensToOutput { try poller.remove(process.outputDescriptor) }
        listensToOutput = false
        if endSeenAt == nil { try poller.remove(process.exitDescriptor) }
        for index in logs.indices where !hasEndedLog.contains(index) {
            try poller.remove(process.logDescriptors[index])
        }
        process.close()
    }

    /// Takes what the poller heard; `token` counts from the first of this session.
    func hear(_ token: UInt64, now: Int64) throws(SystemError) {
        switch Channel(rawValue: min(token, Channel.log.rawValue)) {
        case .exit: if endSeenAt == nil { try collectExit(now: now) }
        case .output: if reading == .open { read(limit: false, now: now) }
        case .input: write(now: now)
        case .log:
            let index = Int(token - Channel.log.rawValue)
            readLog(index)
            if hasEndedLog.contains(index) { try poller.remove(process.logDescriptors[index]) }
        case nil: break
        }
    }

    private func token(_ channel: Channel) -> UInt64 { firstToken + channel.rawValue }

    /// What the frames that were read mean for the bridge.
    private func follow(now: Int64) {
        // What it has started by now belongs to it.
        if judge.ready != nil, !wasReady {
            wasReady = true
            nextScanAt = now
        }
        // Counted from the frame's first byte: a frame that has ended is another one's.
        let frames = judge.framesRead
        unfinishedSince = judge.isInsideFrame ? (frames == framesBefore ? unfinishedSince ?? now : now) : nil
        framesBefore = frames
        switch judge.takePause() {
        case .paused(let milliseconds):
            isPaused = true
            pausedUntil = milliseconds.map { now + min($0, 86_400_000) * 1_000_000 }
        case .resumed:
            isPaused = false
            pausedUntil = nil
        case nil: break
        }
    }

    func readLog(_ index: Int) {
        var buffer = ReadBuffer(capacity: SessionPlay.block)
        switch process.readLog(index, into: &buffer) {
        case .bytes: buffer.withBytes { bytes in logs[index].append(bytes) { _ in } }
        case .wouldBlock: break
        case .endOfFile, .failed:
            hasEndedLog.insert(index)
            logs[index].finish { _ in }
        }
    }

    /// The process is dead: everything that it wrote is read, then it is reaped, and the session judged.
    func collectExit(now: Int64) throws(SystemError) {
        reading = .open
        if endSeenAt == nil { try poller.remove(process.exitDescriptor) }
        for _ in 0..<4_096 where !isOutputClosed && !judge.isBroken {
            let before = judge.bytesRead
            read(limit: false, now: now)
            if judge.bytesRead == before { break }
        }
        let end = endSeenAt ?? now
        endSeenAt = end
        if !isOutputClosed, !judge.isBroken, !wasKilled {
            // A part of the handler may be about to end, too; then what is left of its group dies with the next call.
            if now - end < SessionPlay.lastingLeak { return try listen() }
            judge.outputOutlived()
        }
        guard let status = process.collectExit() else { return }
        exit = status
        for index in logs.indices {
            for _ in 0..<64 where !hasEndedLog.contains(index) {
                var buffer = ReadBuffer(capacity: SessionPlay.block)
                guard case .bytes = process.readLog(index, into: &buffer) else { break }
                buffer.withBytes { bytes in logs[index].append(bytes) { _ in } }
            }
            if !hasEndedLog.contains(index) { logs[index].finish { _ in } }
        }
        switch status {
        case .exited(let code): judge.exited(.exited(code))
        case .signaled(let signal): judge.exited(wasKilled ? .killed : .signaled(SignalName.of(signal)))
        case .unknown: judge.exited(.killed)
        }
        judge.outputEnded()
        judge.conclude()
        isFinished = true
    }

    /// What became of the session, with the last lines of the handler's log.
    var outcome: SessionOutcome { SessionOutcome(judge, session: session, log: logs.flatMap(\.tail)) }

    private func copy(_ bytes: RawSpan) -> [UInt8] {
        unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    }
}
