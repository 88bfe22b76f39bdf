import Glibc

/// A state that threads share, and can wait for. Sources: pthread_mutex_lock(3), pthread_cond_timedwait(3).
///
/// `Synchronization.Mutex` has no way to wait. The memory of mutex and condition is this object's, at one address as long
/// as it lives.
@safe final class Monitor<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State
    private var waiting = 0

    /// A monitor of this state.
    init(_ state: sending State) {
        self.state = state
        _ = unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        _ = unsafe pthread_condattr_init(&attributes)
        _ = unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        _ = unsafe pthread_cond_init(condition, &attributes)
        _ = unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        _ = unsafe pthread_cond_destroy(condition)
        _ = unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Runs `body` alone with the state, and wakes whoever waits. Any thread; `body` is short and never waits.
    func withLock<Result, Failure: Error>(_ body: (inout State) throws(Failure) -> Result) throws(Failure) -> Result {
        _ = unsafe pthread_mutex_lock(mutex)
        defer {
            if waiting > 0 { _ = unsafe pthread_cond_broadcast(condition) }
            _ = unsafe pthread_mutex_unlock(mutex)
        }
        return try body(&state)
    }

    /// Waits until `body` answers something, for `limit` at most; nil when it did not.
    func wait<Result>(atMost limit: Duration? = nil, for body: (inout State) -> Result?) -> Result? {
        var end = timespec()
        if let limit {
            _ = unsafe clock_gettime(CLOCK_MONOTONIC, &end)
            let milliseconds = limit.milliseconds
            end.tv_sec += Int(milliseconds / 1000)
            end.tv_nsec += Int(milliseconds % 1000) * 1_000_000
            if end.tv_nsec >= 1_000_000_000 {
                end.tv_sec += 1
                end.tv_nsec -= 1_000_000_000
            }
        }
        _ = unsafe pthread_mutex_lock(mutex)
        defer { _ = unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            waiting += 1
            defer { waiting -= 1 }
            if limit == nil {
                _ = unsafe pthread_cond_wait(condition, mutex)
            } else if unsafe pthread_cond_timedwait(condition, mutex, &end) == ETIMEDOUT {
                return body(&state)
            }
        }
    }
}
