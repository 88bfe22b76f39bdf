package import Configuration

/// How a service ended: what the process answers with, and the last line of the log.
package struct ServiceOutcome: Equatable, Sendable {
    package var code: ExitCode
    /// One sentence that names the culprit and the remedy.
    package var reason: String

    /// An end with this exit code.
    package init(_ code: ExitCode, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}
