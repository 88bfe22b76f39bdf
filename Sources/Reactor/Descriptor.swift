import CLinux
import Glibc

/// The one door to `read(2)`, `write(2)`, `close(2)` and `pipe2(2)`: an interrupted call is made again, and "not now"
/// and "nobody there" are answers, not errors.
///
/// Descriptors are plain numbers here; each function's caller owns the one it passes. Any thread.
package enum Descriptor {
    /// Reads once, up to the buffer's capacity, replacing what the buffer held.
    package static func read(_ descriptor: Int32, into buffer: inout ReadBuffer) -> Transfer {
        while true {
            let count = unsafe buffer.fill { block in unsafe Glibc.read(descriptor, block.baseAddress, block.count) }
            if count > 0 { return .bytes(count) }
            if count == 0 { return .endOfFile }
            if errno != EINTR { return refusal(errno, "read") }
        }
    }

    /// Writes once; may take fewer bytes than given.
    ///
    /// The process must ignore `SIGPIPE` (`SignalDisposition.ignorePipe`).
    package static func write(_ descriptor: Int32, _ bytes: RawSpan) -> Transfer {
        while true {
            let count = unsafe bytes.withUnsafeBytes { block in
                unsafe Glibc.write(descriptor, block.baseAddress, block.count)
            }
            if count >= 0 { return .bytes(count) }
            if errno == EPIPE { return .endOfFile }
            if errno != EINTR { return refusal(errno, "write") }
        }
    }

    /// Gives the descriptor back. Linux frees the number even where `close(2)` reports an error, so none is reported.
    ///
    /// Take it out of a `Poller` before (see `Poller.remove`).
    package static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    /// A pipe, pipe(7): both ends close-on-exec and blocking, owned by the caller.
    package static func pipe() throws(SystemError) -> (readEnd: Int32, writeEnd: Int32) {
        var ends: [Int32] = [-1, -1]
        let result = unsafe ends.withUnsafeMutableBufferPointer { block in unsafe clinux_pipe(block.baseAddress) }
        _ = try SystemError.check(result, "pipe2")
        return (ends[0], ends[1])
    }

    /// The null device, null(4), for reading and writing; close-on-exec, owned by the caller.
    package static func openNull() throws(SystemError) -> Int32 {
        try SystemError.check(clinux_open_null(), "open /dev/null")
    }

    /// Makes reads and writes answer `wouldBlock` instead of waiting. The flag belongs to this end of a pipe alone.
    package static func setNonblocking(_ descriptor: Int32) throws(SystemError) {
        _ = try SystemError.check(clinux_set_nonblocking(descriptor), "fcntl")
    }

    /// Asks for a pipe that holds `bytes`, and answers whether it was granted.
    ///
    /// It is refused above `/proc/sys/fs/pipe-max-size` and when the user has many large pipes already (pipe(7)); the
    /// pipe then stays as it is, 64 KiB as a rule, which costs speed and nothing else.
    @discardableResult
    package static func setPipeSize(_ descriptor: Int32, bytes: Int32) -> Bool {
        clinux_set_pipe_size(descriptor, bytes) >= 0
    }

    private static func refusal(_ error: Int32, _ call: String) -> Transfer {
        error == EAGAIN ? .wouldBlock : .failed(SystemError(call: call, errno: error))
    }
}
