import CLinux

/// A system call that failed: which one, and the `errno` it left.
///
/// It names no file or process: whoever catches it knows what was meant, and says so.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call's name as in its manual page: `epoll_ctl`.
    package let call: String
    /// The error number, errno(3); positive.
    package let errno: Int32

    /// A failure of `call` with the error number `errno`.
    package init(call: String, errno: Int32) {
        self.call = call
        self.errno = errno
    }

    /// As in `epoll_ctl: Bad file descriptor (EBADF)`.
    package var description: String { "\(call): \(SystemError.text(errno))" }

    /// The C library's words for an error number: `Bad file descriptor (EBADF)`. Any thread.
    package static func text(_ errno: Int32) -> String {
        guard let text = unsafe clinux_error_text(errno), let name = unsafe clinux_error_name(errno) else {
            return "error \(errno)"
        }
        // Both are constants of the C library.
        return unsafe "\(String(cString: text)) (\(String(cString: name)))"
    }

    /// The result of a `clinux_` function: at least 0, or thrown as the failure of `call`.
    static func check(_ result: Int32, _ call: String) throws(SystemError) -> Int32 {
        guard result >= 0 else { throw SystemError(call: call, errno: -result) }
        return result
    }
}
