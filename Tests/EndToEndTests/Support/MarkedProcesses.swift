import Foundation

/// Finds the processes that a test's daemon started, however they were started and whoever is their parent now.
///
/// A variable in the daemon's environment is inherited by all of them. A dead process shows no environment any more, so
/// one that nobody reaped yet does not count. Source: proc(5), /proc/PID/environ.
struct MarkedProcesses {
    private let value = UUID().uuidString

    /// To be added to the daemon's environment.
    var environment: [String: String] { ["E2E_MARK": value] }

    /// "pid command" of each one that is alive.
    func alive() -> [String] {
        let mark = Data("E2E_MARK=\(value)".utf8)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.filter { Int32($0) != nil }.compactMap { pid in
            guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ"),
                environment.range(of: mark) != nil
            else { return nil }
            let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
            return "\(pid) \(String(decoding: command.map { $0 == 0 ? 32 : $0 }, as: UTF8.self))"
        }
    }

    /// Those that are neither the daemon nor its guard: the handlers, and what they started.
    func handlers() -> [String] { alive().filter { !$0.contains(AckpipeProcess.binary) } }

    /// Waits until none is left.
    func requireNone(within seconds: Double = 30) async throws {
        try await eventually("no process is left", within: seconds, seen: { alive().joined(separator: "; ") }) {
            alive().isEmpty ? () : nil
        }
    }
}
