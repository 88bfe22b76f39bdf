import Conformance
import Handlers
import Reactor

/// Where sessions are played: several at a time, on one thread.
final class CheckStage {
    private let command: HandlerCommand
    private let setting: SessionPlay.Setting
    private let guardProcess: Guard
    private let atATime: Int
    private let poller: Poller
    private var plays: [UInt64: SessionPlay] = [:]
    private var nextPlay: UInt64 = 1

    init(
        _ command: HandlerCommand, _ setting: SessionPlay.Setting, _ guardProcess: Guard, atATime: Int
    ) throws(SystemError) {
        self.command = command
        self.setting = setting
        self.guardProcess = guardProcess
        self.atATime = atATime
        poller = try Poller()
    }

    /// Plays these sessions, and answers their outcomes in the same order; `tell` is called after each.
    func play(_ sessions: [Session], _ tell: () -> Void) throws -> [SessionOutcome] {
        var waiting = Array(sessions.enumerated())[...]
        var places: [UInt64: Int] = [:]
        var outcomes = [SessionOutcome?](repeating: nil, count: sessions.count)
        var ready: [Readiness] = []
        while !waiting.isEmpty || !plays.isEmpty {
            while plays.count < atATime, let (place, session) = waiting.popFirst() {
                places[try start(session)] = place
            }
            var now = MonotonicClock.nanoseconds()
            for play in plays.values { try play.turn(now: now) }
            let busySince = now
            now = MonotonicClock.nanoseconds()
            for play in plays.values { play.excuse(now - busySince) }
            let next = plays.values.map { $0.nextDeadline(now: now) }.min() ?? now
            let milliseconds = min(1_000, (next - now + 999_999) / 1_000_000)
            try poller.wait(timeoutMilliseconds: Int32(milliseconds), into: &ready)
            now = MonotonicClock.nanoseconds()
            for event in ready {
                try plays[event.token / CheckStage.tokens]?.hear(event.token % CheckStage.tokens, now: now)
            }
            for (number, play) in plays where play.isFinished {
                try play.close()
                plays[number] = nil
                if let place = places[number] { outcomes[place] = play.outcome }
                tell()
            }
            let heard = MonotonicClock.nanoseconds()
            for play in plays.values { play.excuse(heard - now) }
        }
        return outcomes.compactMap { $0 }
    }

    /// Tokens of one session.
    private static let tokens: UInt64 = 16

    private func start(_ session: Session) throws -> UInt64 {
        let process = try WorkerProcess.launch(command, guardedBy: guardProcess)
        let number = nextPlay
        nextPlay += 1
        let play = SessionPlay(
            session, process, setting, poller, firstToken: number * CheckStage.tokens, now: MonotonicClock.nanoseconds()
        )
        plays[number] = play
        try play.listenFromNowOn()
        return number
    }
}
