import Glibc
package import Reactor

/// Why a handler could not be started. Each description says what to do about it.
package enum LaunchError: Error, Equatable, CustomStringConvertible {
    /// No such program. `searched` is the `PATH` of the handler's environment, or empty where the command is a path.
    case notFound(command: String, searched: String)
    /// The file is there and cannot be run; `reason` is a clause with the remedy.
    case notExecutable(path: String, reason: String)
    /// The system refused, out of processes, memory or descriptors, say; `step` says at what.
    case failed(SystemError, step: String)

    /// One sentence or two for an operator.
    package var description: String {
        switch self {
        case .notFound(let command, ""):
            "the handler \(quoted(command)) does not exist: check the path, which is relative to the directory that "
                + "ackpipe was started in"
        case .notFound(let command, let searched):
            "the handler \(quoted(command)) was not found in PATH (\(searched)): give its full path, or add its "
                + "directory to PATH"
        case .notExecutable(let path, let reason):
            "the handler \(quoted(path)) cannot be executed: \(reason)"
        case .failed(let error, let step):
            "the handler could not be started, \(step): \(error)"
        }
    }

    /// Would starting the same command again fail in the same way? Only what `failed` may pass by itself.
    package var isPermanent: Bool {
        switch self {
        case .notFound, .notExecutable: true
        case .failed(let error, _): error.errno == E2BIG || error.errno == EINVAL
        }
    }

    /// Is the guard process gone? Nothing but its pipe, to which a child writes before it execs, can break here.
    package var isGuardLost: Bool {
        if case .failed(let error, _) = self { error.errno == EPIPE } else { false }
    }

    private func quoted(_ text: String) -> String { "'\(text)'" }
}
