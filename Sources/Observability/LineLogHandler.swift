import Glibc
package import Logging

/// Writes each event as one line to a descriptor, with one `write(2)`, so that lines of several threads, and of the handlers that
/// share the descriptor, do not mix. Blocks as long as the descriptor does: a log that nobody reads stops the daemon rather than
/// losing what it has to say. What cannot be written is dropped, since there is nowhere to tell; the process must ignore SIGPIPE for that. May be used on any thread.
package struct LineLogHandler: LogHandler {
    /// The least important level that is written.
    package var logLevel: Logger.Level
    /// Written with every event; an event's own metadata beats it.
    package var metadata: Logger.Metadata = [:]
    /// Asked for more metadata at each event; its values beat `metadata` and are beaten by the event's own.
    package var metadataProvider: Logger.MetadataProvider?
    private let format: LogFormat
    private let descriptor: CInt

    /// Writes to `descriptor`, which stays the caller's and must stay open; 2 is stderr.
    package init(format: LogFormat, level: Logger.Level = .info, descriptor: CInt = 2) {
        self.format = format
        self.logLevel = level
        self.descriptor = descriptor
    }

    /// One value of `metadata`.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one event; called by `Logger`, which has checked the level.
    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        if let own = event.metadata { all.merge(own) { $1 } }
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let milliseconds = Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
        var line = LogLine.make(
            format, milliseconds: milliseconds, level: event.level, message: event.message.description, metadata: all)
        write(&line)
    }

    private func write(_ line: inout String) {
        line.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, unsafe !rest.isEmpty {
                let count = unsafe Glibc.write(descriptor, start, rest.count)
                if count > 0 {
                    unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if count < 0 && errno == EAGAIN {
                    // Somebody who shares the open file description made it non-blocking; the log goes on blocking.
                    var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = unsafe poll(&poller, 1, -1)
                } else if count < 0 && errno != EINTR {
                    return
                } else if count == 0 {
                    return
                }
            }
        }
    }
}
