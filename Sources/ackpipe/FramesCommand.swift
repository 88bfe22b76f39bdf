import Configuration
import Glibc
import Reactor
import Runtime

/// `ackpipe frames`: reads a captured stream and tells what is in it.
enum FramesCommand {
    private static let readSize = 256 * 1024

    static func perform(_ settings: FramesSettings) -> ExitCode {
        let name = settings.path ?? "stdin"
        var descriptor = STDIN_FILENO
        if let path = settings.path {
            descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                StandardStream.error("ackpipe: cannot open '\(path)': \(SystemError.text(errno))\n")
                return .usage
            }
        }
        defer { if settings.path != nil { Descriptor.close(descriptor) } }
        var listing = FrameListing(settings, write: { StandardStream.output($0) })
        var buffer = ReadBuffer(capacity: readSize)
        while true {
            switch Descriptor.read(descriptor, into: &buffer) {
            case .bytes:
                if !buffer.withBytes({ listing.add(Span<UInt8>(_bytes: $0)) }) { return listing.end() }
            case .endOfFile: return listing.end()
            case .wouldBlock:
                StandardStream.error("ackpipe: cannot read '\(name)': it does not wait for what comes\n")
                return .usage
            case .failed(let error):
                StandardStream.error("ackpipe: cannot read '\(name)': \(error)\n")
                return .usage
            }
        }
    }
}
