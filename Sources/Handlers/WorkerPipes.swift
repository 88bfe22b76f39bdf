import CLinux
import Glibc
import Reactor

/// The pipes between the daemon and one handler: both ends of each, until the handler has been started.
///
/// Our ends are nonblocking, the handler's are not: the flag belongs to each end of a pipe, pipe(7).
struct WorkerPipes {
    /// We write, the handler reads.
    private(set) var input: Int32 = -1
    /// The handler writes, we read.
    private(set) var output: Int32 = -1
    /// stderr, or stdout and stderr.
    private(set) var logs: [Int32] = []
    /// What the handler gets: our number and its own for each.
    private(set) var map: [clinux_descriptor_map] = []

    /// Large enough that a handler which reads in big steps finds more than one frame; a hint (`setPipeSize`).
    private static let protocolBytes: Int32 = 1 << 20

    /// Makes the pipes, or none.
    init(_ channel: Channel) throws(SystemError) {
        do throws(SystemError) {
            switch channel {
            case .standardStreams:
                try addProtocol(reads: 0, writes: 1)
            case .descriptors:
                map.append(clinux_descriptor_map(from: try Descriptor.openNull(), to: 0))
                try addProtocol(reads: 3, writes: 4)
                try addLog(1)
            }
            try addLog(2)
        } catch {
            closeTheirs()
            closeOurs()
            throw error
        }
    }

    /// Gives back the handler's ends: with ours open alone, its death is an end of file for us.
    mutating func closeTheirs() {
        for entry in map { Descriptor.close(entry.from) }
        map = []
    }

    /// Gives back our ends, where no handler was started.
    mutating func closeOurs() {
        for descriptor in [input, output] + logs where descriptor >= 0 { Descriptor.close(descriptor) }
        (input, output, logs) = (-1, -1, [])
    }

    private mutating func addProtocol(reads: Int32, writes: Int32) throws(SystemError) {
        let toHandler = try Descriptor.pipe()
        input = toHandler.writeEnd
        map.append(clinux_descriptor_map(from: toHandler.readEnd, to: reads))
        let fromHandler = try Descriptor.pipe()
        output = fromHandler.readEnd
        map.append(clinux_descriptor_map(from: fromHandler.writeEnd, to: writes))
        for descriptor in [input, output] {
            try Descriptor.setNonblocking(descriptor)
            Descriptor.setPipeSize(descriptor, bytes: WorkerPipes.protocolBytes)
        }
    }

    private mutating func addLog(_ number: Int32) throws(SystemError) {
        let pipe = try Descriptor.pipe()
        logs.append(pipe.readEnd)
        map.append(clinux_descriptor_map(from: pipe.writeEnd, to: number))
        try Descriptor.setNonblocking(pipe.readEnd)
    }
}
