import DeliveryCore
import HandlerProtocol
import Synchronization

/// One attempt to have a record, or a batch, handled. It is owed one verdict, from any thread.
///
/// A delivery whose last reference goes without a verdict is answered by itself, so that nothing waits for it for ever: as
/// a failed attempt whose text says so, since code that forgets its answer has a mistake in it. One that was never handed out
/// is released.
public final class Delivery: Sendable {
    private struct State {
        var isAnswered = false
        var isCancelled = false
        var hasBegun = false
        var deadline: ContinuousClock.Instant
        var onCancel: (@Sendable () -> Void)?
    }

    /// Grows by 1 from 1 for each process; it is new for each attempt, and no key for recognising a record.
    public let id: UInt64
    /// The records, never empty; one where this is no batch.
    public let records: [Record]
    /// Whether it came as a batch, whose records can have a verdict each.
    public let isBatch: Bool
    /// What else can be said to ackpipe.
    public let bridge: Bridge
    private let state: Mutex<State>

    init(id: UInt64, records: [Record], isBatch: Bool, bridge: Bridge) {
        self.id = id
        self.records = records
        self.isBatch = isBatch
        self.bridge = bridge
        state = Mutex(State(deadline: ContinuousClock.now + bridge.ackTimeout))
    }

    deinit {
        let (isAnswered, hasBegun) = state.withLock { ($0.isAnswered, $0.hasBegun) }
        if isAnswered || bridge.hasEnded { return }
        let dropped = FailureDetail(error: "the handler dropped this delivery without a verdict")
        bridge.nack(id, hasBegun ? dropped : FailureDetail(action: .release))
    }

    /// The record, or the first one of a batch.
    public var record: Record { records[0] }

    /// All records as a batch, for an answer by index.
    public var batch: Batch { Batch(records: records, delivery: self) }

    // Verdicts

    /// Success, of all records. Answers false where there was a verdict before: the first one is final.
    @discardableResult
    public func ack() -> Bool {
        guard claim() else { return false }
        bridge.ack(id)
        return true
    }

    /// Failure, of all records: `Retry`, `Reject`, `Skip` and `Release` say what is to be done; any other error is a failed
    /// attempt. Answers false where there was a verdict before.
    @discardableResult
    public func nack(_ error: any Error) -> Bool {
        guard claim() else { return false }
        bridge.nack(id, FailureDetail(error))
        return true
    }

    /// A failed attempt, for this reason; it is delivered again after a time of your choice or after the bridge's backoff.
    @discardableResult
    public func nack(_ reason: String, after delay: Duration? = nil) -> Bool { nack(Retry(reason, after: delay)) }

    /// What became of each record of a batch. Answers false where there was a verdict before.
    @discardableResult
    public func answer(_ outcome: BatchOutcome) -> Bool {
        do throws(OutcomeMistake) {
            return answer(try outcome.failed(of: records.count))
        } catch {
            return nack(error)
        }
    }

    /// `failed` in the order of the indices.
    func answer(_ failed: [RecordFailure]) -> Bool {
        guard let first = failed.first else { return ack() }
        guard claim() else { return false }
        if isBatch { bridge.result(id, failed) } else { bridge.nack(id, first.detail) }
        return true
    }

    // Time

    /// Whether ackpipe has cancelled it: its verdict no longer counts, and the sooner the work ends the better. Known only
    /// where reading goes on while work is done: with a concurrency above 1, in `async` handlers, or with
    /// `HandlerOptions.readsWhileWorking`.
    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Throws `CancellationError` where it was cancelled: for a place in long work where it can stop.
    public func checkCancellation() throws(CancellationError) { if isCancelled { throw CancellationError() } }

    /// The time that is left for a verdict, by this process's reckoning: a delivery that was in the pipe before its clock
    /// began has more. Negative where it has passed.
    public var remaining: Duration { state.withLock { ContinuousClock.now.duration(to: $0.deadline) } }

    /// Says that the work goes on for so long from now. In all, no more than `Bridge.maxExtend` is granted.
    public func extend(by duration: Duration) {
        let isOpen = state.withLock { state in
            if state.isAnswered || state.isCancelled { return false }
            state.deadline = max(state.deadline, ContinuousClock.now + duration)
            return true
        }
        if isOpen { bridge.extend(id, duration) }
    }

    // What the library itself needs

    /// Whether work may begin: it was not cancelled while it waited. The clock of `remaining` begins anew.
    func begin() -> Bool {
        state.withLock { state in
            if state.isAnswered { return false }
            state.hasBegun = true
            state.deadline = ContinuousClock.now + bridge.ackTimeout
            return true
        }
    }

    /// Called once when it is cancelled, at once where it is already.
    func onCancel(_ body: @escaping @Sendable () -> Void) {
        let isCancelled = state.withLock { state in
            state.onCancel = body
            return state.isCancelled
        }
        if isCancelled { body() }
    }

    /// The bridge cancelled it: one that has not begun is given back at once.
    func cancel() {
        let (tellsWorker, givesBack) = state.withLock { state in
            let wasOpen = !state.isAnswered && !state.isCancelled
            state.isCancelled = true
            if wasOpen, !state.hasBegun { state.isAnswered = true }
            return (wasOpen ? state.onCancel : nil, wasOpen && !state.hasBegun)
        }
        if givesBack { bridge.nack(id, FailureDetail(action: .release)) }
        tellsWorker?()
    }

    private func claim() -> Bool {
        state.withLock { state in
            if state.isAnswered { return false }
            state.isAnswered = true
            state.onCancel = nil
            return true
        }
    }
}
