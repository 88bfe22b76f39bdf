import Reactor

/// How a handler process ended. Source: wait(2).
package enum ExitStatus: Equatable, Sendable, CustomStringConvertible {
    /// It left with this code, 0 to 255.
    case exited(Int32)
    /// This signal ended it.
    case signaled(Int32)
    /// It is dead, and somebody else reaped it: a `wait` for any child in the same process, or `SIGCHLD` was ignored.
    case unknown

    /// As in `exited with code 1` and `killed by SIGSEGV`.
    package var description: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .signaled(let signal): "killed by \(SignalName.of(signal))"
        case .unknown: "ended, its exit status was lost"
        }
    }
}
