import Foundation

/// Follows a process' resident memory and keeps its peak.
final class MemoryProbe: @unchecked Sendable {
    private let process: AckpipeProcess
    private(set) var peak = 0

    init(_ process: AckpipeProcess) { self.process = process }

    /// Looks once; answers what is resident now, in bytes. The kernel's own high-water mark counts too (proc(5), VmHWM).
    @discardableResult
    func look() -> Int {
        let now = process.residentBytes ?? 0
        peak = max(peak, now, highWater)
        return now
    }

    /// In MiB, for messages.
    var report: String { "peak RSS \(peak >> 20) MiB, now \((process.residentBytes ?? 0) >> 20) MiB" }

    private var highWater: Int {
        guard let status = try? String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) })
        else { return 0 }
        return kilobytes << 10
    }
}
