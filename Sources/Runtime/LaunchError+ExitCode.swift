package import Configuration
package import Handlers

extension LaunchError {
    /// As shells answer: 127 where there is no such command, 126 where it cannot be run (POSIX XCU 2.8.2).
    package var exitCode: ExitCode {
        switch self {
        case .notFound: .commandNotFound
        case .notExecutable: .cannotExecute
        case .failed: .operatingSystem
        }
    }
}
