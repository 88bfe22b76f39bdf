import CLinux
import Glibc

/// Wakes a thread that waits in a `Poller`. Source: eventfd(2).
///
/// The descriptor is closed when the last reference goes: whoever gave the number away (to librdkafka, say) keeps a
/// reference until it is no longer used.
package final class WakeUp: Sendable {
    /// Readable after `signal`, until `drain`. Add it to the poller of the thread to be woken. Nonblocking.
    package let descriptor: Int32

    /// A wake-up that has not been signalled.
    package init() throws(SystemError) { descriptor = try SystemError.check(clinux_eventfd(), "eventfd") }

    deinit { Descriptor.close(descriptor) }

    /// Makes the descriptor readable. Any thread; async-signal-safe; several signals before a `drain` are one.
    package func signal() {
        var one: UInt64 = 1
        // Fails only where the counter is full, and then the descriptor is readable already.
        _ = unsafe write(descriptor, &one, 8)
    }

    /// Takes the signal back. Call it before looking at what one was woken for, so that nothing is missed.
    package func drain() {
        var count: UInt64 = 0
        // Fails only where there was no signal.
        _ = unsafe read(descriptor, &count, 8)
    }
}
