import Foundation

/// The built program, running; killed at the end of its test if it still runs.
final class AckpipeProcess: @unchecked Sendable {
    /// The release binary that scripts/test built, or the debug one beside the tests.
    static let binary: String = {
        if let path = ProcessInfo.processInfo.environment["ACKPIPE_BINARY"] { return path }
        return Repository.root.appendingPathComponent(".build/debug/ackpipe").path
    }()

    private let process = Process()
    private let outputPath: String
    private let errorPath: String
    let scratch: Scratch

    /// Starts `ackpipe` with these arguments; `environment` is added to the test's own.
    init(_ arguments: [String], in scratch: Scratch, environment: [String: String] = [:], name: String = "ackpipe")
        throws
    {
        self.scratch = scratch
        let unique = "\(name)-\(UUID().uuidString.prefix(8))"
        outputPath = scratch.path("\(unique).out")
        errorPath = scratch.path("\(unique).log")
        process.executableURL = URL(fileURLWithPath: AckpipeProcess.binary)
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("ACKPIPE_") }
        variables.merge(environment) { $1 }
        process.environment = variables
        _ = FileManager.default.createFile(atPath: outputPath, contents: nil)
        _ = FileManager.default.createFile(atPath: errorPath, contents: nil)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
        try process.run()
    }

    deinit { killNow() }

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// What it wrote to stdout and to its log so far.
    var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    var log: String {
        guard let data = FileManager.default.contents(atPath: errorPath) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    /// The last part of the log, for failure messages.
    var logTail: String { String(log.suffix(3_000)) }

    func signal(_ number: Int32) { kill(pid, number) }

    func killNow() {
        if process.isRunning { kill(pid, SIGKILL) }
    }

    /// Waits for the end; answers the exit code, or minus the signal that ended it.
    func waitForExit(within seconds: Double = 120) async throws -> Int32 {
        try await eventually("ackpipe ends", within: seconds, seen: { self.logTail }) { process.isRunning ? nil : () }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// Waits until the log contains `text`.
    func waitForLog(_ text: String, within seconds: Double = 60) async throws {
        try await eventually("the log says '\(text)'", within: seconds, seen: { self.logTail }) {
            log.contains(text) ? () : nil
        }
    }

    /// Seconds from the first line of the log that says `text` to the last line, by the daemon's own clock: the tests share
    /// two threads, and whoever waits for its turn would measure that.
    func loggedSeconds(since text: String) throws -> Double {
        func time(_ line: Substring) -> Date? {
            try? Date(
                String(line.prefix { $0 != " " }),
                strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true))
        }
        let lines = log.split(separator: "\n")
        guard let start = lines.first(where: { $0.contains(text) }).flatMap(time), let end = lines.compactMap(time).last
        else { throw Timeout(description: "the log has no time for '\(text)': \(logTail)") }
        return end.timeIntervalSince(start)
    }

    /// Resident memory in bytes, or nil when it is gone. Source: /proc/PID/statm.
    var residentBytes: Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8) else { return nil }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
    }

    /// Pids of the direct children, the guard left out. The guard gets its name in its first moments only.
    var workerPids: [Int32] { children.filter { name(of: $0) != "ackpipe-guard" }.sorted() }

    var guardPid: Int32? { children.first { name(of: $0) == "ackpipe-guard" } }

    private var children: Set<Int32> {
        let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        let all = threads.compactMap {
            try? String(contentsOfFile: "/proc/\(pid)/task/\($0)/children", encoding: .utf8)
        }
        return Set((all + [text ?? ""]).flatMap { $0.split(separator: " ") }.compactMap { Int32($0) })
    }

    private func name(of pid: Int32) -> String {
        ((try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) ?? "").trimmingCharacters(
            in: .whitespacesAndNewlines)
    }
}
