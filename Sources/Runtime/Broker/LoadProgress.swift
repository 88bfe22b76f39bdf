import Configuration
import Logging
import Reactor

/// Tells from time to time how far a load is, and asks whether it is to go on. One thread.
struct LoadProgress {
    /// Nanoseconds between two lines in the log, and between two questions.
    private static let logInterval: Int64 = 2_000_000_000
    private static let questionInterval: Int64 = 100_000_000

    private let log: Logger
    private let stopSignal: () throws(LoadFault) -> Int32?
    private let now: () -> Int64
    private var nextLog: Int64
    private var nextQuestion: Int64

    /// `stopSignal` answers the number of a signal that came and ends the load; `now` is a clock in nanoseconds.
    init(
        log: Logger, stopSignal: @escaping () throws(LoadFault) -> Int32?,
        now: @escaping () -> Int64 = MonotonicClock.nanoseconds
    ) {
        self.log = log
        self.stopSignal = stopSignal
        self.now = now
        let start = now()
        (nextLog, nextQuestion) = (start + LoadProgress.logInterval, start)
    }

    /// Writes a line every 2 seconds; throws where the load is to end. Cheap enough for each record.
    mutating func tick(_ message: Logger.Message, _ facts: () -> Logger.Metadata) throws(LoadFault) {
        let time = now()
        if time >= nextLog {
            nextLog = time + LoadProgress.logInterval
            log.info(message, metadata: facts())
        }
        guard time >= nextQuestion else { return }
        nextQuestion = time + LoadProgress.questionInterval
        guard let signal = try stopSignal() else { return }
        log.info("stopping", metadata: ["signal": "\(SignalName.of(signal))"])
        throw LoadFault(.ok, "stopped by a signal during the load")
    }
}
