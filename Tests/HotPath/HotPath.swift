import CAllocations
import Glibc

/// Runs one scenario of the hot path for a number of records and tells how many allocations they took.
///
/// Instructions are counted from outside: `scripts/budget` runs this under callgrind, which looks at what lies between
/// `counted_work_begins` and `counted_work_ends`.
@main
enum HotPath {
    static func main() {
        let arguments = CommandLine.arguments
        if arguments == [arguments[0], "--list"] {
            for name in scenarios.map(\.name) { print(name) }
            return
        }
        guard arguments.count == 3, let count = Int(arguments[2]), count > 0 else {
            leave("usage: hotpath SCENARIO COUNT | hotpath --list", code: 64)
        }
        guard let entry = scenarios.first(where: { $0.name == arguments[1] }) else {
            leave("no scenario '\(arguments[1])'; there are: \(scenarios.map(\.name).joined(separator: " "))", code: 64)
        }
        var scenario = entry.make()
        // Until every reused block has the size that it keeps.
        scenario.run(entry.warmUp)
        let before = allocations_so_far()
        if before == 0 { leave("allocations are not counted: the C library's own allocator was called", code: 1) }
        counted_work_begins()
        scenario.run(count)
        counted_work_ends()
        let allocations = allocations_so_far() - before
        if let fault = scenario.fault(after: entry.warmUp + count) { leave("\(entry.name): \(fault)", code: 1) }
        print("\(entry.name) records=\(count) allocations=\(allocations)")
    }

    private static func leave(_ message: String, code: Int32) -> Never {
        print("hotpath: error: \(message)")
        exit(code)
    }
}
