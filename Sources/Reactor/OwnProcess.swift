import CLinux

/// This process as others see it.
package enum OwnProcess {
    /// Keeps other processes of the same user, handlers above all, out of this one's memory, and out of those files
    /// in `/proc` that show it: environment, open descriptors, memory. Root is not kept out.
    ///
    /// Source: prctl(2), `PR_SET_DUMPABLE`. It also turns core dumps and debuggers away. Children get the attribute
    /// back when they exec. Call it first of all: what was readable before may have been read.
    package static func hideFromPeers() throws(SystemError) {
        _ = try SystemError.check(clinux_hide_process(), "prctl")
    }

    /// Lets go of the pages of program code that only the start has used: about 5 MB of resident memory. What is used again
    /// comes back from the page cache, some microseconds later. Any thread, once the start is over.
    package static func releaseStartCode() { clinux_release_code() }

    /// The environment, as `NAME=value`. Bytes that are not UTF-8 become U+FFFD.
    ///
    /// Before any other thread starts: a thread may change the environment while it is read (setenv(3)).
    package static func environment() -> [String] {
        guard var entry = unsafe clinux_environment() else { return [] }
        var entries: [String] = []
        while let text = unsafe entry.pointee {
            unsafe entries.append(String(cString: text))
            unsafe entry += 1
        }
        return entries
    }
}
