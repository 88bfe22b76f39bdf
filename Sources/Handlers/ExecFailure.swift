import Glibc
import Reactor

/// Says why execve(2) refused a file that is there and may be executed: its own words ("No such file or directory" for
/// a script that exists) send people the wrong way.
enum ExecFailure {
    /// The error for `path`, which execve(2) refused with the error number `errno`. Reads the file's first line.
    static func explain(path: String, errno: Int32) -> LaunchError {
        let interpreter = interpreter(of: path)
        switch errno {
        case ENOENT:
            guard access(path) else { return .notFound(command: path, searched: "") }
            return .notExecutable(path: path, reason: missing(interpreter))
        case ENOEXEC:
            return .notExecutable(
                path: path,
                reason: "it is neither a program for this machine nor a script that begins with #! and its "
                    + "interpreter; add a first line such as #!/bin/sh, or name the interpreter in the command")
        case EACCES:
            return .notExecutable(
                path: path,
                reason: "permission denied by the file, its interpreter\(interpreter.map { " (\($0))" } ?? "") or a "
                    + "file system mounted noexec; check with ls -l and findmnt -T")
        case ETXTBSY:
            // Passes by itself: somebody is installing the file at this moment.
            return .failed(SystemError(call: "execve", errno: errno), step: "'\(path)' is open for writing")
        case E2BIG:
            return .failed(
                SystemError(call: "execve", errno: errno),
                step: "its arguments and environment are too long together")
        case let error:
            return .failed(SystemError(call: "execve", errno: error), step: "executing '\(path)'")
        }
    }

    private static func missing(_ interpreter: String?) -> String {
        guard let interpreter else {
            return "its loader is missing: it was built for another system (another C library, say)"
        }
        if interpreter.hasSuffix("\r") {
            return "its first line names the interpreter '\(interpreter.dropLast())' followed by a carriage return; "
                + "convert its line ends from CRLF to LF"
        }
        return "its interpreter '\(interpreter)', named in its first line, does not exist; install it or correct the "
            + "line"
    }

    /// The program named after `#!`, or nil where the file does not begin so.
    private static func interpreter(of path: String) -> String? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { Descriptor.close(file) }
        // The kernel looks at 256 bytes (execve(2)).
        var buffer = ReadBuffer(capacity: 256)
        guard case .bytes = Descriptor.read(file, into: &buffer) else { return nil }
        let start = buffer.withBytes { bytes in
            String(decoding: unsafe bytes.withUnsafeBytes { unsafe Array($0) }, as: UTF8.self)
        }
        guard start.hasPrefix("#!") else { return nil }
        let line = start.unicodeScalars.dropFirst(2).prefix { $0 != "\n" }
        let words = String(String.UnicodeScalarView(line)).split { $0 == " " || $0 == "\t" }
        return words.first.map(String.init)
    }

    private static func access(_ path: String) -> Bool { unsafe Glibc.access(path, F_OK) == 0 }
}
