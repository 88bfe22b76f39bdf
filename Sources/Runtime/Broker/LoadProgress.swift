import Configuration
import Reactor

/// How far a load is.
package struct LoadReport: Equatable, Sendable {
    /// What a load does, in this order.
    package enum Phase: String, Sendable {
        case checking = "checking the load"
        case writing = "loading records"
        case confirming = "waiting until the records are confirmed"
    }

    /// The pass that lasts.
    package let phase: Phase
    /// Records that are checked, written or confirmed so far.
    package let records: Int
    /// Bytes of the file that were read in this phase.
    package let bytes: Int
}

/// Tells from time to time how far a load is, and asks whether it is to go on. One thread.
struct LoadProgress {
    /// Nanoseconds between two reports, and between two questions.
    static let reportInterval: Int64 = 2_000_000_000
    static let questionInterval: Int64 = 100_000_000

    private let now: () -> Int64
    private let report: (LoadReport) -> Void
    private let stopSignal: () throws(LoadFault) -> Int32?
    private var nextReport: Int64
    private var nextQuestion: Int64

    /// `now` is a clock in nanoseconds; `stopSignal` answers the number of a signal that came and ends the load.
    init(
        now: @escaping () -> Int64, report: @escaping (LoadReport) -> Void,
        stopSignal: @escaping () throws(LoadFault) -> Int32?
    ) {
        self.now = now
        self.report = report
        self.stopSignal = stopSignal
        let start = now()
        (nextReport, nextQuestion) = (start + LoadProgress.reportInterval, start)
    }

    /// Reports every 2 seconds; throws where the load is to end. Cheap enough for each record.
    mutating func tick(_ phase: LoadReport.Phase, records: Int, bytes: Int) throws(LoadFault) {
        let time = now()
        if time >= nextReport {
            nextReport = time + LoadProgress.reportInterval
            report(LoadReport(phase: phase, records: records, bytes: bytes))
        }
        guard time >= nextQuestion else { return }
        nextQuestion = time + LoadProgress.questionInterval
        guard let signal = try stopSignal() else { return }
        throw LoadFault(.ok, "stopped by \(SignalName.of(signal)) during the load")
    }
}
