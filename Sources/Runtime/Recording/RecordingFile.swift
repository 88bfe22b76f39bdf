import Glibc
import HandlerProtocol
import Reactor

/// A file that lines are appended to, through a buffer. One thread; a write waits as long as the disk does.
final class RecordingFile {
    /// Why the file cannot be written, for people.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// As much waits in the buffer, at most, before it is written; a longer line is written as a whole.
    static let blockSize = 64 << 10

    let path: String
    /// Lines that are not written yet; they come here whole.
    var buffer = OutboundBuffer()
    /// Bytes that are in the file.
    private(set) var size: Int
    private let descriptor: Int32

    /// Opens the file, or makes it with mode 0600. Only a regular file that nobody else is recording into will do: what a
    /// pipe's reader does not take would hold up the service.
    init(path: String) throws(Fault) {
        self.path = path
        // Without O_NONBLOCK the opening of a FIFO that nobody reads from would wait for ever.
        descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            throw Fault(description: "--record \(path): cannot be opened: \(SystemError.text(errno))")
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Fault(description: "--record \(path): not a regular file; name one, or a new one")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Fault(description: "--record \(path): another process is recording into it; name another file")
        }
        size = Int(status.st_size)
        endUnfinishedLine()
    }

    deinit { close(descriptor) }

    /// Bytes of the file when all is written.
    var sizeWithPending: Int { size + buffer.pendingCount }

    /// Writes what waits. Where that fails nothing but whole lines is left in the file, and nothing in the buffer.
    func flush() throws(Fault) {
        while buffer.pendingCount > 0 {
            let written = buffer.withPending { bytes in
                unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            }
            if written < 0, errno == EINTR { continue }
            let reason = written < 0 ? errno : ENOSPC
            // Of a line that is half there nobody could read anything.
            let whole = written < 0 ? 0 : wholeLines(in: written)
            if whole < written { _ = ftruncate(descriptor, off_t(size + whole)) }
            size += whole
            buffer.consume(whole)
            guard whole > 0 else {
                buffer.consume(buffer.pendingCount)
                throw Fault(description: "\(path): cannot be written: \(SystemError.text(reason))")
            }
        }
    }

    /// How many of the first `count` bytes that wait are whole lines.
    private func wholeLines(in count: Int) -> Int {
        buffer.withPending { bytes in
            var end = count
            while end > 0, bytes[end - 1] != UInt8(ascii: "\n") { end -= 1 }
            return end
        }
    }

    /// A crash of the machine may have left half a line: the next one does not continue it.
    private func endUnfinishedLine() {
        guard size > 0 else { return }
        var last: UInt8 = 0
        let reading = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard reading >= 0 else { return }
        defer { close(reading) }
        guard unsafe pread(reading, &last, 1, off_t(size - 1)) == 1, last != UInt8(ascii: "\n") else { return }
        var end = UInt8(ascii: "\n")
        if unsafe write(descriptor, &end, 1) == 1 { size += 1 }
    }
}
