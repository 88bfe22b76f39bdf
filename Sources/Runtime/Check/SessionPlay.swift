import Conformance
import HandlerProtocol
import Handlers
import Reactor

/// One process of the handler, and the session that is played with it. The check's thread.
final class SessionPlay {
    /// What all sessions of a check share.
    struct Setting {
        var framing: Framing
        var maxFrameBytes: Int
        /// Nanoseconds.
        var timeLimit: Int64
        var frameTimeout: Int64
    }

    let session: Session
    let process: WorkerProcess
    let setting: Setting
    /// Where its descriptors are listened to, and the first of its tokens.
    let poller: Poller
    let firstToken: UInt64
    var judge: Judge
    var logs: [LogLineAssembler]
    var watch: ProgramWatch

    var steps: ArraySlice<Step>
    var deliveries: ArraySlice<Delivery> = []
    var deliveryWriting = Writing.together
    var pieces = OutboundPieces()
    var nextID: UInt64 = 1
    var reading = Reading.open

    private(set) var startedAt: Int64
    private var excused: Int64 = 0
    /// Nothing is written before.
    var notBefore: Int64 = 0
    var stallUntil: Int64?
    /// When the step that waits began to.
    var waitingSince: Int64?
    var unfinishedSince: Int64?
    var framesBefore = 0
    /// When the end of the process was seen, while somebody still held its output.
    var endSeenAt: Int64?
    var nextScanAt: Int64
    var nextSlowReadAt: Int64 = 0
    /// When the process is killed, once its input is closed.
    var killAt: Int64?
    var isInputClosed = false
    var isOutputClosed = false
    var hasPressedOn = false
    var isPaused = false
    var pausedUntil: Int64?
    var isFinished = false

    /// The pipe to the handler is full.
    var awaitsRoom = false
    /// What the poller listens to now.
    var listensForRoom = false
    var listensToOutput = false
    var hasEndedLog: Set<Int> = []
    var wasKilled = false
    var wasReady = false
    var exit: ExitStatus?

    init(
        _ session: Session, _ process: WorkerProcess, _ setting: Setting, _ poller: Poller, firstToken: UInt64,
        now: Int64
    ) {
        self.poller = poller
        self.firstToken = firstToken
        self.session = session
        self.process = process
        self.setting = setting
        startedAt = now
        nextScanAt = now + ProgramWatch.interval
        logs = process.logDescriptors.map { _ in LogLineAssembler() }
        watch = ProgramWatch(of: process)
        var generator = SystemRandomNumberGenerator()
        let number = [generator.next(), generator.next()].map { (part: UInt64) in
            let digits = String(part, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        let hello = session.hello(
            maxFrameBytes: setting.maxFrameBytes, readyTimeoutMilliseconds: setting.timeLimit / 1_000_000,
            session: number,
            setting.framing)
        judge = Judge(
            session, hello: hello, sessionNumber: number, framing: setting.framing,
            maxFrameBytes: setting.maxFrameBytes,
            now: now)
        steps = session.steps[...]
        pieces.add([setting.framing.frame(hello)], .together)
        if session.hasSmallPipes {
            // Refused in rare cases: the session is then a milder one.
            Descriptor.setPipeSize(process.inputDescriptor, bytes: 4_096)
            Descriptor.setPipeSize(process.outputDescriptor, bytes: 4_096)
        }
    }

    // MARK: Time

    /// Does all that can be done now.
    func turn(now: Int64) throws(SystemError) {
        guard !isFinished else { return }
        if endSeenAt != nil { return try collectExit(now: now) }
        if judge.isBroken, !isInputClosed { return try kill(now: now) }
        watchPrograms(now: now)
        try keepTime(now: now)
        if exit == nil, !isInputClosed { try takeSteps(now: now) }
        write(now: now)
        if reading == .slow, now >= nextSlowReadAt {
            nextSlowReadAt = now + 1_000_000
            read(limit: true, now: now)
        }
        try listen()
    }

    /// The check itself was busy for so long, in nanoseconds: that is not the handler's time.
    func excuse(_ nanoseconds: Int64) {
        // A handler that keeps the check busy for ever has no claim to it.
        guard nanoseconds > 20_000_000, excused < setting.timeLimit else { return }
        excused += nanoseconds
        startedAt += nanoseconds
        killAt? += nanoseconds
        waitingSince? += nanoseconds
        unfinishedSince? += nanoseconds
    }

    /// When `turn` has something to do even if nothing is heard.
    func nextDeadline(now: Int64) -> Int64 {
        if endSeenAt != nil { return now + 5_000_000 }
        var deadline = killAt ?? (startedAt + setting.timeLimit)
        if let stallUntil { deadline = min(deadline, stallUntil) }
        if notBefore > now { deadline = min(deadline, notBefore) }
        if let waitingSince, session.isPlain, !hasPressedOn { deadline = min(deadline, waitingSince + patience) }
        if waitingSince != nil, case .awaitAnswersBriefly? = steps.first { deadline = min(deadline, now + 50_000_000) }
        if let unfinishedSince { deadline = min(deadline, unfinishedSince + setting.frameTimeout) }
        if let pausedUntil { deadline = min(deadline, pausedUntil) }
        if reading == .slow, !isOutputClosed { deadline = min(deadline, nextSlowReadAt) }
        return max(now, min(deadline, exit == nil ? nextScanAt : .max))
    }

    /// How long a single delivery may take before another one follows.
    private var patience: Int64 { setting.timeLimit / 3 }

    private func keepTime(now: Int64) throws(SystemError) {
        if let pausedUntil, now >= pausedUntil {
            isPaused = false
            self.pausedUntil = nil
        }
        if let unfinishedSince, now - unfinishedSince >= setting.frameTimeout, !isInputClosed {
            judge.frameStuck(milliseconds: setting.frameTimeout / 1_000_000)
            return try kill(now: now)
        }
        if let killAt {
            if now >= killAt { try kill(now: now) }
        } else if now - startedAt >= setting.timeLimit {
            if isPaused, judge.outstanding.isEmpty {
                judge.obstruct("the handler paused, and did not resume within the session's time")
                return try kill(now: now)
            }
            judge.giveUp(now: now, window: setting.timeLimit / 4)
            reading = .open
            steps = []
            deliveries = []
            pieces.removeAll()
            try closeInput(now: now, grace: min(2_000_000_000, setting.timeLimit))
        } else if session.isPlain, !hasPressedOn, let waitingSince, now - waitingSince >= patience,
            !judge.outstanding.isEmpty
        {
            hasPressedOn = true
            judge.pressedOn(now: now)
            deliveries = session.pressing[...]
            deliver(now: now)
        }
    }

    private func watchPrograms(now: Int64) {
        guard exit == nil, !isInputClosed, now >= nextScanAt else { return }
        nextScanAt = now + ProgramWatch.interval
        watch.look(isReady: judge.ready != nil) { judge.sawProgram($0, holdsProtocol: $1) }
    }

    // MARK: The end

    /// Closes the handler's input; it is killed if it has not ended after `grace` nanoseconds.
    func closeInput(now: Int64, grace: Int64) throws(SystemError) {
        try forgetInput()
        isInputClosed = true
        waitingSince = nil
        process.closeInput()
        killAt = now + grace
    }

    /// Ends the session by force.
    func kill(now: Int64) throws(SystemError) {
        try forgetInput()
        if exit == nil { process.signalGroup(9) }
        steps = []
        deliveries = []
        pieces.removeAll()
        waitingSince = nil
        isInputClosed = true
        process.closeInput()
        wasKilled = true
        // It is dead in no time; the poller tells.
        killAt = now + 60_000_000_000
    }
}
