import Glibc
import HandlerProtocol
import Reactor

/// One way or another to have deliveries worked on, over any transport.
struct Serving: Sendable {
    /// Answers that wait while a worker has more to do.
    private static let answersAtOnce = 16
    private static let flushDelay = Duration.milliseconds(5)

    var options: HandlerOptions
    var concurrency: Int
    var framing: Framing
    var transport: Transport
    var setup: Session.Setup?

    /// The calling thread reads and works in turn.
    func inTurn(_ attempt: (Delivery) -> Void) throws(BrokenConversation) {
        let session = session(readsAhead: false)
        let flusher = startFlushing(session)
        defer {
            session.outbox.close()
            flusher?.join()
        }
        try session.run(deliver: attempt)
    }

    /// A thread reads, the calling one works.
    func readingAhead(_ attempt: (Delivery) -> Void) throws(BrokenConversation) {
        let reading = try startReading()
        reading.work(attempt)
        try reading.finish()
    }

    /// A thread reads, and `concurrency` more of them work.
    func onThreads(_ attempt: @escaping @Sendable (Delivery) -> Void) throws(BrokenConversation) {
        let reading = try startReading()
        var threads: [ServiceThread] = []
        for number in 0..<max(1, concurrency) {
            do throws(SystemError) {
                threads.append(
                    try ServiceThread.start(name: "work \(number)", stackSize: 8 << 20) { reading.work(attempt) })
            } catch {
                // Fewer of them do the work, too.
                if threads.isEmpty { throw BrokenConversation(description: "cannot start a thread: \(error)") }
            }
        }
        reading.waitForEnd()
        try reading.finish()
    }

    /// A thread reads, and `concurrency` tasks work.
    func inTasks(_ attempt: @escaping @Sendable (Delivery) async -> Void) async throws(BrokenConversation) {
        let reading = try startReading()
        await withTaskGroup { group in
            for _ in 0..<max(1, concurrency) {
                group.addTask {
                    while let delivery = await reading.next() {
                        // A task of its own, so that cancelling the delivery cancels what it waits for.
                        let task = Task { await attempt(delivery) }
                        delivery.onCancel { task.cancel() }
                        await task.value
                    }
                }
            }
        }
        try reading.finish()
    }

    /// Starts the thread that reads; it fills a queue. A broken conversation is told to `broken`, before the queue ends.
    func startReading(
        broken: @escaping @Sendable (BrokenConversation) -> Void = { _ in }
    ) throws(BrokenConversation) -> Reading {
        let session = session(readsAhead: true)
        let reading = Reading(session, broken: broken)
        do throws(SystemError) {
            reading.started(try ServiceThread.start(name: "read") { reading.read() }, startFlushing(session))
        } catch {
            throw BrokenConversation(description: "cannot start a thread: \(error)")
        }
        return reading
    }

    private func session(readsAhead: Bool) -> Session {
        Session(
            options, concurrency: concurrency, readsAhead: readsAhead, framing: framing, transport: transport,
            setup: setup)
    }

    /// Without it answers are written as soon as the next read has to wait, and no sooner.
    private func startFlushing(_ session: Session) -> ServiceThread? {
        let outbox = session.outbox
        return try? ServiceThread.start(name: "flush") { outbox.flushInTime(Self.flushDelay) }
    }
}

/// A conversation that a thread of its own reads.
final class Reading: Sendable {
    private struct State {
        var threads: [ServiceThread] = []
        var outcome: Result<Void, BrokenConversation>?
    }

    let session: Session
    let queue = DeliveryQueue()
    private let state = Monitor(State())
    private let broken: @Sendable (BrokenConversation) -> Void

    init(_ session: Session, broken: @escaping @Sendable (BrokenConversation) -> Void) {
        self.session = session
        self.broken = broken
    }

    func started(_ threads: ServiceThread?...) { state.withLock { $0.threads += threads.compactMap { $0 } } }

    /// The life of the thread that reads.
    func read() {
        var outcome: Result<Void, BrokenConversation> = .success(())
        do throws(BrokenConversation) {
            try session.run(deliver: { queue.add($0) })
        } catch {
            outcome = .failure(error)
            broken(error)
        }
        queue.end()
        if let bridge = session.bridge { Self.letFinish(bridge) }
        state.withLock { $0.outcome = outcome }
    }

    /// The life of a thread that works.
    func work(_ attempt: (Delivery) -> Void) {
        while true {
            var next = queue.takeNow()
            if next == nil {
                session.outbox.flush()
                next = queue.take()
            }
            guard let delivery = next else { return }
            attempt(delivery)
        }
    }

    /// The next delivery that a task is to work on.
    func next() async -> Delivery? {
        if let delivery = queue.takeNow() { return delivery }
        session.outbox.flush()
        return await queue.next()
    }

    /// What has begun may end within the time that a cancel leaves; then it is cancelled.
    private static func letFinish(_ bridge: Bridge) {
        let end = ContinuousClock.now + bridge.cancelGrace
        while bridge.hasOpenDeliveries {
            if ContinuousClock.now >= end { return bridge.cancelAll() }
            usleep(2_000)
        }
    }

    /// Waits until the input has ended, and what had begun too, or until its time is up.
    func waitForEnd() { _ = state.wait { $0.outcome } }

    /// Nobody takes deliveries any more: ackpipe is asked for none, and what comes still is given back.
    func abandon() {
        queue.abandon()
        session.pause()
    }

    /// Waits for the reader's end and writes what is left; throws what it ended with.
    func finish() throws(BrokenConversation) {
        let outcome = state.wait { $0.outcome } ?? .success(())
        session.outbox.close()
        try outcome.get()
    }
}
