import CLinux
import Glibc

/// Signals as readable events. Source: signalfd(2).
package final class SignalSource {
    /// Readable while a signal waits to be taken. Nonblocking.
    package let descriptor: Int32

    /// Listens to `signals` (numbers of signal(7)), blocking them in the calling thread.
    ///
    /// Threads inherit the mask: call it before any other thread starts, or the kernel hands the signal to one that
    /// has not blocked it, and its default action ends the process.
    package init(signals: [Int32]) throws(SystemError) {
        let result = unsafe signals.withUnsafeBufferPointer { block in
            unsafe clinux_signalfd(block.baseAddress, Int32(block.count))
        }
        descriptor = try SystemError.check(result, "signalfd")
    }

    deinit { Descriptor.close(descriptor) }

    /// Takes the signals that came, lowest number first; the same signal sent twice before may come once (signal(7)).
    package func take() throws(SystemError) -> [Int32] {
        var signals = [Int32](repeating: 0, count: 32)
        let result = unsafe signals.withUnsafeMutableBufferPointer { block in
            unsafe clinux_signalfd_take(descriptor, block.baseAddress, Int32(block.count))
        }
        let count = try SystemError.check(result, "read (signalfd)")
        return Array(signals.prefix(Int(count)))
    }
}

/// What the whole process does with a signal that is not blocked. Source: sigaction(2).
package enum SignalDisposition {
    /// Makes a write to a pipe whose reader is gone answer `EPIPE` instead of ending the daemon.
    ///
    /// Children are started with every disposition back at its default.
    package static func ignorePipe() throws(SystemError) {
        _ = try SystemError.check(clinux_signal_ignore(SIGPIPE), "sigaction")
    }

    /// Makes dead children wait to be reaped.
    ///
    /// Whoever started the daemon may have left `SIGCHLD` ignored, and then the kernel reaps them at once and their
    /// exit status is lost (waitpid(2)).
    package static func keepDeadChildren() throws(SystemError) {
        _ = try SystemError.check(clinux_signal_default(SIGCHLD), "sigaction")
    }
}

/// The names of signals.
package enum SignalName {
    /// As in `SIGKILL`; `signal 99` for a number that the C library does not know. Any thread.
    package static func of(_ signal: Int32) -> String {
        guard let name = unsafe clinux_signal_name(signal) else { return "signal \(signal)" }
        // A constant of the C library.
        return unsafe "SIG" + String(cString: name)
    }
}
