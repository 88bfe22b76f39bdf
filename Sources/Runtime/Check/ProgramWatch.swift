import Glibc
import Handlers
import Reactor

/// Looks which programs a handler has started, and whether they hold the protocol's pipes. Source: proc(5).
///
/// What was there when the handler became ready belongs to it: a shell that started the real handler, or a part of it that reads
/// the frames.
struct ProgramWatch {
    /// Nanoseconds between two looks.
    static let interval: Int64 = 10_000_000

    private let root: Int32
    /// As `/proc/PID/fd` shows the handler's ends of the pipes.
    private let pipes: Set<String>
    /// There since the start.
    private var own: Set<Int32> = []
    private var wasReady = false
    private var reported: Set<Int32> = []

    init(of process: WorkerProcess) {
        root = process.processID
        pipes = Set(
            [process.inputDescriptor, process.outputDescriptor].compactMap {
                ProgramWatch.link("/proc/self/fd/\($0)")
            })
    }

    /// Tells `tell` of each program once, by its command line, when it is seen to hold a pipe, or else when it is first seen.
    mutating func look(isReady: Bool, _ tell: (String, Bool) -> Void) {
        let found = descendants()
        guard wasReady else {
            own.formUnion(found.map(\.process))
            wasReady = isReady
            return
        }
        let parentCommand = { (process: Int32) in ProgramWatch.commandLine(process) }
        for (process, parent) in found where !own.contains(process) && !reported.contains(process) {
            let name = ProgramWatch.commandLine(process)
            // Forked and not (yet) another program: descriptors go with the exec.
            guard !name.isEmpty, name != parentCommand(parent) else { continue }
            reported.insert(process)
            tell(String(name.prefix(60)), holdsPipe(process))
        }
    }

    private func holdsPipe(_ process: Int32) -> Bool {
        ProgramWatch.entries("/proc/\(process)/fd").contains { entry in
            ProgramWatch.link("/proc/\(process)/fd/\(entry)").map(pipes.contains) ?? false
        }
    }

    private func descendants() -> [(process: Int32, parent: Int32)] {
        var found: [(process: Int32, parent: Int32)] = []
        var open = [root]
        while let parent = open.popLast(), found.count < 256 {
            for thread in ProgramWatch.entries("/proc/\(parent)/task") {
                let text = ProgramWatch.text("/proc/\(parent)/task/\(thread)/children")
                for word in text.split(separator: " ") {
                    guard let child = Int32(word) else { continue }
                    found.append((child, parent))
                    open.append(child)
                }
            }
        }
        return found
    }

    private static func commandLine(_ process: Int32) -> String {
        text("/proc/\(process)/cmdline").split(separator: "\0").joined(separator: " ")
    }

    /// Nothing where it is not there, or not for us: a process may end at any moment.
    private static func text(_ path: String) -> String {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { Descriptor.close(file) }
        var buffer = ReadBuffer(capacity: 4_096)
        guard case .bytes = Descriptor.read(file, into: &buffer) else { return "" }
        return buffer.withBytes { bytes in
            String(decoding: unsafe bytes.withUnsafeBytes { unsafe Array($0) }, as: UTF8.self)
        }
    }

    private static func link(_ path: String) -> String? {
        var target = [CChar](repeating: 0, count: 256)
        let count = unsafe readlink(path, &target, 256)
        guard count > 0 else { return nil }
        return String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func entries(_ path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { _ = unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
