import Foundation

/// A newer librdkafka than the system's, which the same binary is run with; `scripts/test` provides it.
enum NewerLibrary {
    /// The folder with its `librdkafka.so.1`.
    static let folder = ProcessInfo.processInfo.environment["ACKPIPE_NEWER_LIBRDKAFKA"].flatMap {
        $0.isEmpty ? nil : $0
    }

    static let isThere = folder != nil

    /// Why a test is skipped.
    static let reason = "ACKPIPE_NEWER_LIBRDKAFKA names no folder with a newer librdkafka (scripts/test fetches one)"

    /// For the environment of the daemon.
    static var environment: [String: String] { folder.map { ["LD_LIBRARY_PATH": $0] } ?? [:] }
}
