@unsafe @preconcurrency import Glibc
import HandlerProtocol
import Reactor
import Synchronization

/// The protocol's descriptors, taken away from everything else in the process.
enum ProtocolPipes {
    private static let readSize = 256 * 1024

    /// Takes private, close-on-exec copies of the descriptors; stdin is the null device then, and stdout is the log
    /// (protocol.md, 4.1). Throws what is wrong with how the process was started.
    static func take(_ environment: [String] = OwnProcess.environment()) throws(BrokenConversation) -> (
        Framing, Transport
    ) {
        func value(_ name: String) -> String? {
            environment.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.utf8.count + 1)) }
        }
        let word = value("ACKPIPE_FRAMING")
        if word == nil, isatty(0) == 1 {
            throw BrokenConversation(
                description:
                    "ackpipe did not start this: ackpipe run -b BROKERS -t TOPIC -g GROUP -- \(ProgramName.own)")
        }
        guard let framing = Framing(rawValue: word ?? "length") else {
            throw BrokenConversation(description: "ACKPIPE_FRAMING is \"\(word ?? "")\": length or lines is needed")
        }
        let (source, target) = try descriptors(value("ACKPIPE_PROTOCOL_FDS"))
        do throws(SystemError) {
            let input = try copy(source)
            let output = try copy(target)
            try guardStandardStreams(source, target)
            try SignalDisposition.ignorePipe()
            return (framing, transport(input, output))
        } catch {
            throw BrokenConversation(
                description: "cannot take the protocol's descriptors \(source) and \(target): \(error)")
        }
    }

    private static func descriptors(_ text: String?) throws(BrokenConversation) -> (Int32, Int32) {
        guard let text else { return (0, 1) }
        let numbers = text.split(separator: ",").compactMap { Int32($0) }
        guard numbers.count == 2, numbers.allSatisfy({ $0 >= 0 }) else {
            throw BrokenConversation(description: "ACKPIPE_PROTOCOL_FDS is \"\(text)\": two descriptors are needed")
        }
        return (numbers[0], numbers[1])
    }

    private static func copy(_ descriptor: Int32) throws(SystemError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 5)
        guard copy >= 0 else { throw SystemError(call: "fcntl (F_DUPFD_CLOEXEC)", errno: errno) }
        return copy
    }

    private static func guardStandardStreams(_ source: Int32, _ target: Int32) throws(SystemError) {
        if source == 0 {
            let null = try Descriptor.openNull()
            guard dup2(null, 0) == 0 else { throw SystemError(call: "dup2", errno: errno) }
            Descriptor.close(null)
        } else {
            Descriptor.close(source)
        }
        if target == 1 {
            guard dup2(2, 1) == 1 else { throw SystemError(call: "dup2", errno: errno) }
        } else {
            Descriptor.close(target)
        }
        // A pipe is block-buffered otherwise, and what is printed comes late.
        _ = unsafe setvbuf(stdout, nil, _IOLBF, 0)
    }

    private static func transport(_ input: Int32, _ output: Int32) -> Transport {
        let buffer = Mutex(ReadBuffer(capacity: readSize))
        return Transport(
            read: { reader in
                buffer.withLock { buffer in
                    switch Descriptor.read(input, into: &buffer) {
                    case .bytes:
                        buffer.withBytes { reader.append(Span<UInt8>(_bytes: $0)) }
                        return .bytes
                    case .endOfFile: return .end
                    case .wouldBlock: return .failed("the descriptor does not block")
                    case .failed(let error): return .failed("\(error)")
                    }
                }
            },
            write: { bytes in
                // Unsafe for types with padding, which a byte has not.
                var rest = unsafe bytes.bytes
                while rest.byteCount > 0 {
                    guard case .bytes(let count) = Descriptor.write(output, rest) else { return false }
                    rest = rest.extracting(droppingFirst: count)
                }
                return true
            })
    }
}

/// What only the log can be told.
enum Complaint {
    /// Writes a line to stderr.
    static func write(_ text: String) {
        let line = Array("ackpipe handler: \(text)\n".utf8)
        // There is nobody to tell if the log is gone.
        _ = unsafe Descriptor.write(2, line.span.bytes)
    }
}

/// The program's name without its folder.
enum ProgramName {
    static var own: String {
        CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "handler"
    }
}
