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

    /// A broker with the topic `t`, as a process that runs with the newer library too: the mock cluster of 2.0.2 answers
    /// a question for the ends of several partitions (ListOffsets, version 5) with a field of the wrong width, which the
    /// newer client, the first to ask so, refuses.
    static func broker(partitions: Int, in scratch: Scratch) async throws -> (AckpipeProcess, Cluster) {
        let process = try AckpipeProcess(
            ["broker", "--port", "0", "--topic", "t:\(partitions)"], in: scratch, environment: environment,
            name: "broker")
        try await process.waitForLog("embedded broker ready")
        let log = process.log
        let address = log.range(of: "brokers=").map { log[$0.upperBound...].prefix { !$0.isWhitespace } } ?? ""
        return (process, Cluster(at: String(address), ("t", partitions)))
    }
}
