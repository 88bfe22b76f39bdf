/// What became of one read or write on a nonblocking descriptor.
package enum Transfer: Equatable {
    /// So many bytes were moved: at least 1, unless none were asked for.
    case bytes(Int)
    /// Nothing can be moved now; the `Poller` says when.
    case wouldBlock
    /// Reading: every writer has closed and everything was read. Writing: the reader has closed (`EPIPE`).
    case endOfFile
    /// The call failed for another reason, which for a pipe means a mistake of ours.
    case failed(SystemError)
}
