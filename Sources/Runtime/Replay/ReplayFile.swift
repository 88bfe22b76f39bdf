import Configuration
import Glibc
import Reactor

/// The file of a replay, open: a regular file, a pipe, a FIFO or a terminal. Any thread; closed with the last reference.
package final class ReplayFile: Sendable {
    /// As it was given, or `stdin`.
    package let path: String
    /// Readable.
    package let descriptor: Int32
    /// In bytes; nil for what has no size before it ends.
    package let size: Int?

    /// Opens the file; `-` is stdin. Waits for a FIFO's writer, as the shell's `<` does.
    ///
    /// Throws what is wrong with it, exit code 65.
    package init(_ path: String) throws(LoadFault) {
        let isStandardInput = path == "-"
        self.path = isStandardInput ? "stdin" : path
        descriptor = isStandardInput ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw LoadFault(file: self.path, "cannot be opened: \(SystemError.text(errno))")
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            close(descriptor)
            throw LoadFault(file: self.path, "is a directory; name a file of records, one a line")
        }
        size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    deinit { close(descriptor) }
}
