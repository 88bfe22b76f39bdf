import CLinux
import Glibc
import Synchronization

/// A thread with a name of its own, for as long as a service lives. Source: pthreads(7).
package final class ServiceThread: Sendable {
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Until it is joined.
    private let handle: Mutex<pthread_t?>

    private init(_ thread: pthread_t) { handle = Mutex(thread) }

    deinit {
        // Nobody will join it: its memory is then freed when it ends.
        if let left = handle.withLock({ $0 }) { _ = pthread_detach(left) }
    }

    /// Starts a thread that runs `body`; it inherits the signal mask of the caller.
    ///
    /// `name` is cut at 15 bytes, as Linux wants (prctl(2), `PR_SET_NAME`); `stackSize` is in bytes.
    package static func start(
        name: String, stackSize: Int = 1 << 20, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) -> ServiceThread {
        var attributes = pthread_attr_t()
        try check(unsafe pthread_attr_init(&attributes), "pthread_attr_init")
        defer { _ = unsafe pthread_attr_destroy(&attributes) }
        try check(unsafe pthread_attr_setstacksize(&attributes, stackSize), "pthread_attr_setstacksize")
        var thread = pthread_t()
        // Balanced by the thread, or below where there is none.
        let box = unsafe Unmanaged.passRetained(Body(name: name, run: body))
        let error = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                // Always what was passed below.
                if let argument = unsafe argument {
                    let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                    unsafe clinux_name_thread(body.name)
                    body.run()
                }
                return nil
            }, box.toOpaque())
        guard error == 0 else {
            unsafe box.release()
            throw SystemError(call: "pthread_create", errno: error)
        }
        return ServiceThread(thread)
    }

    /// Waits until the thread has ended. Any other thread; the second call returns at once.
    package func join() {
        let left = handle.withLock { handle in
            let left = handle
            handle = nil
            return left
        }
        if let left { _ = pthread_join(left, nil) }
    }

    private static func check(_ error: Int32, _ call: String) throws(SystemError) {
        guard error == 0 else { throw SystemError(call: call, errno: error) }
    }
}
