/// Deliveries on their way from the thread that reads to those that work. It is bounded by `max_in_flight` without further
/// means (protocol.md, section 14).
final class DeliveryQueue: Sendable {
    private struct State {
        var waiting: [Delivery] = []
        /// The first of `waiting` that was not taken.
        var first = 0
        var takers: [(number: UInt64, continuation: CheckedContinuation<Delivery?, Never>)] = []
        var lastTaker: UInt64 = 0
        var hasEnded = false
        /// Nobody takes anything any more: what comes is given back.
        var isAbandoned = false
    }

    private let state = Monitor(State())

    /// Adds a delivery, which is taken in the order of arrival.
    func add(_ delivery: Delivery) {
        let taker: CheckedContinuation<Delivery?, Never>? = state.withLock { state in
            if state.isAbandoned { return nil }
            if !state.takers.isEmpty { return state.takers.removeFirst().continuation }
            state.waiting.append(delivery)
            return nil
        }
        taker?.resume(returning: delivery)
    }

    /// The next one if there is one now.
    func takeNow() -> Delivery? { state.withLock { Self.take(&$0) } }

    /// The next one; nil at the end. Blocks the thread.
    func take() -> Delivery? {
        let taken: Delivery?? = state.wait { state in
            if let delivery = Self.take(&state) { return .some(delivery) }
            return state.hasEnded ? .some(nil) : nil
        }
        return taken ?? nil
    }

    /// The next one; nil at the end, and where the task is cancelled while it waits.
    func next() async -> Delivery? {
        let number = state.withLock { state in
            state.lastTaker += 1
            return state.lastTaker
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = Task.isCancelled
                let now: Delivery?? = state.withLock { state in
                    if isCancelled { return .some(nil) }
                    if let delivery = Self.take(&state) { return .some(delivery) }
                    if state.hasEnded { return .some(nil) }
                    state.takers.append((number, continuation))
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            let taker: CheckedContinuation<Delivery?, Never>? = state.withLock { state in
                guard let place = state.takers.firstIndex(where: { $0.number == number }) else { return nil }
                return state.takers.remove(at: place).continuation
            }
            taker?.resume(returning: nil)
        }
    }

    /// Nothing more comes, and what was not taken is dropped.
    func end() {
        let (takers, dropped) = state.withLock { state in
            let left = (state.takers, Array(state.waiting[state.first...]))
            state.hasEnded = true
            state.takers = []
            state.waiting = []
            state.first = 0
            return left
        }
        for taker in takers { taker.continuation.resume(returning: nil) }
        _ = dropped
    }

    /// Nobody takes anything any more. What waits, and what still comes, goes with its last reference: it is released.
    func abandon() {
        let dropped = state.withLock { state in
            state.isAbandoned = true
            let left = Array(state.waiting[state.first...])
            state.waiting = []
            state.first = 0
            return left
        }
        _ = dropped
    }

    private static func take(_ state: inout State) -> Delivery? {
        guard state.first < state.waiting.count else { return nil }
        let delivery = state.waiting[state.first]
        state.first += 1
        if state.first == state.waiting.count {
            state.waiting.removeAll(keepingCapacity: true)
            state.first = 0
        } else if state.first >= 1024, state.first * 2 > state.waiting.count {
            state.waiting.removeFirst(state.first)
            state.first = 0
        }
        return delivery
    }
}
