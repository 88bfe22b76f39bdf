import HandlerProtocol

/// Handlers that wait with `await`, and the stream of deliveries that everything else can be built from.
extension Handler {
    /// Serves so many records at a time, each in a task: for code that waits without blocking. A task is cancelled when ackpipe
    /// cancels its delivery. In all else as `serve` without `async`.
    public static func serve(
        concurrency: Int = 1, _ options: HandlerOptions = HandlerOptions(),
        setup: (@Sendable (Bridge) async throws -> Void)? = nil,
        _ handle: @escaping @Sendable (Record) async throws -> Void
    ) async {
        await serve(concurrency: concurrency, options, setup: setup) { (record: Record, _: Delivery) in
            try await handle(record)
        }
    }

    /// The same with the delivery.
    public static func serve(
        concurrency: Int = 1, _ options: HandlerOptions = HandlerOptions(),
        setup: (@Sendable (Bridge) async throws -> Void)? = nil,
        _ handle: @escaping @Sendable (Record, Delivery) async throws -> Void
    ) async {
        await inTasks(concurrency, options, setup) { await Attempt.records($0, handle) }
    }

    /// Serves so many batches at a time, each in a task.
    public static func serveBatches(
        concurrency: Int = 1, _ options: HandlerOptions = HandlerOptions(),
        setup: (@Sendable (Bridge) async throws -> Void)? = nil,
        _ handle: @escaping @Sendable (Batch) async throws -> BatchOutcome
    ) async {
        await inTasks(concurrency, options, setup) { await Attempt.batch($0, handle) }
    }

    /// The deliveries themselves, to be answered whenever you like: `ack`, `nack`, `answer`. `concurrency` is how many you
    /// work on at once, so that ackpipe lets the clocks of no more than these run.
    ///
    ///     for await delivery in Handler.deliveries(concurrency: 8) {
    ///         group.addTask { delivery.ack() }
    ///     }
    ///
    /// It ends when ackpipe closes the pipe. A loop that is left earlier asks for nothing more, and what comes still is given
    /// back: the process may then end as soon as all its deliveries are answered. Iterate over it once.
    public static func deliveries(
        concurrency: Int = 1, _ options: HandlerOptions = HandlerOptions(),
        setup: (@Sendable (Bridge) async throws -> Void)? = nil
    ) -> Deliveries {
        do throws(BrokenConversation) {
            let serving = try serving(options, concurrency, setup.map(blocking))
            return Deliveries(try serving.startReading(broken: { leave($0) }))
        } catch {
            leave(error)
        }
    }

    private static func inTasks(
        _ concurrency: Int, _ options: HandlerOptions, _ setup: (@Sendable (Bridge) async throws -> Void)?,
        _ attempt: @escaping @Sendable (Delivery) async -> Void
    ) async {
        do throws(BrokenConversation) {
            try await serving(options, concurrency, setup.map(blocking)).inTasks(attempt)
        } catch {
            leave(error)
        }
    }

    /// What waits, for the thread that reads, which has nothing else to do before `ready`.
    static func blocking(_ setup: @escaping @Sendable (Bridge) async throws -> Void) -> Session.Setup {
        { bridge in
            let outcome = Monitor<Result<Void, any Error>?>(nil)
            Task {
                let result: Result<Void, any Error>
                do { result = .success(try await setup(bridge)) } catch { result = .failure(error) }
                outcome.withLock { $0 = result }
            }
            try outcome.wait { $0 }?.get()
        }
    }
}

/// The deliveries of this process, one after the other.
public struct Deliveries: AsyncSequence, Sendable {
    /// What it gives out.
    public typealias Element = Delivery
    /// It ends the process where the conversation breaks, and never throws.
    public typealias Failure = Never

    private let reading: Reading

    init(_ reading: Reading) { self.reading = reading }

    /// Begins to take deliveries.
    public func makeAsyncIterator() -> Iterator { Iterator(Loop(reading)) }

    /// Where a loop over deliveries stands.
    public struct Iterator: AsyncIteratorProtocol {
        private let loop: Loop

        init(_ loop: Loop) { self.loop = loop }

        /// The next delivery; nil at the end. Those that were taken can still be answered then.
        public mutating func next() async -> Delivery? {
            while let delivery = await loop.reading.next() {
                if delivery.begin() { return delivery }
            }
            return nil
        }
    }

    /// Goes when the loop is left, however that happens.
    final class Loop: Sendable {
        let reading: Reading

        init(_ reading: Reading) { self.reading = reading }

        deinit { reading.abandon() }
    }
}
