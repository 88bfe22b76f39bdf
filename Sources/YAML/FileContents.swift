package import Configuration
import Glibc

/// Reads whole small files: configuration and secrets. May be called on any thread; blocks.
package enum FileContents {
    /// The bytes of the file at `path`, or the operating system's reason. A file larger than `limit` bytes is refused, so that a
    /// mistaken path (a device, a log) cannot take all memory.
    package static func read(path: String, atMost limit: Int) -> Result<[UInt8], FileProblem> {
        guard !path.utf8.contains(0) else { return .failure(FileProblem("the path holds a NUL character")) }
        // Without O_NONBLOCK the opening of a FIFO that nobody writes to would wait for ever.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(problem(errno)) }
        defer { close(descriptor) }
        // Where O_NONBLOCK would matter after opening (FIFOs that a shell's <(...) makes), waiting is what is wanted.
        guard fcntl(descriptor, F_SETFL, O_RDONLY) == 0 else { return .failure(problem(errno)) }

        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let size = chunk.count
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, size) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return .failure(problem(errno)) }
            guard count > 0 else { return .success(contents) }
            contents += chunk[..<count]
            guard contents.count <= limit else { return .failure(FileProblem("is larger than \(limit) bytes")) }
        }
    }

    /// The text of a file that holds a secret, at most 64 KiB of valid UTF-8. Neither a message nor a position tells any of it.
    package static func readSecret(path: String) -> Result<String, FileProblem> {
        read(path: path, atMost: 64 << 10).flatMap { bytes in
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return .failure(FileProblem("is not valid UTF-8"))
            }
            return .success(text)
        }
    }

    /// The words of strerror(3), which glibc keeps apart for each thread since 2.32.
    private static func problem(_ code: Int32) -> FileProblem {
        guard let words = unsafe strerror(code) else { return FileProblem("error \(code) of the operating system") }
        return FileProblem(unsafe String(cString: words))
    }
}
