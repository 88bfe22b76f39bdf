import CLinux
package import Reactor
import Synchronization

/// A small process beside the daemon which ends the handlers' process groups when the daemon is gone, however it went.
///
/// It holds the reading end of a pipe that only the daemon can write to: when the daemon dies, also by `SIGKILL`, the
/// kernel closes the pipe, and the guard sends `SIGKILL` to every group that is still registered. Each child registers
/// its own group before it execs (`WorkerProcess.launch`), so that no moment is left uncovered. A process that left its
/// group (setsid(2), setpgid(2)) is out of reach. Named `ackpipe-guard`; in a session of its own, holding none of the
/// daemon's descriptors.
package final class Guard: Sendable {
    /// The guard's pid. A loop that reaps strangers, as PID 1 must, leaves this one to `stop`.
    package let processID: Int32
    /// Our end of its pipe; a message is the number of a group, or minus that number. Closed by `stop`.
    let pipe: Int32
    /// The number of `pipe` may belong to another descriptor by now.
    private let isStopped = Atomic<Bool>(false)

    /// A guard that listens at the other end of `pipe`.
    init(processID: Int32, pipe: Int32) {
        self.processID = processID
        self.pipe = pipe
    }

    /// Forks the guard, and ignores `SIGPIPE` in this process: a guard that was killed must not take it along.
    ///
    /// To be called at the very start: the guard is a copy of the daemon as it is now, secrets and all, and keeps it.
    package static func start() throws(SystemError) -> Guard {
        try SignalDisposition.ignorePipe()
        var pipe: Int32 = -1
        let processID = unsafe clinux_guard_start(&pipe)
        guard processID > 0 else { throw SystemError(call: "fork", errno: -processID) }
        return Guard(processID: processID, pipe: pipe)
    }

    /// Takes a group off the guard's list. Any thread.
    ///
    /// To be called while the group's leader is a zombie: once it has been reaped, its number may be another's. After `stop`
    /// it does nothing.
    package func forget(processGroup: Int32) {
        guard !isStopped.load(ordering: .acquiring) else { return }
        // Fails only if the guard is dead, and then it has no list.
        _ = clinux_guard_tell(pipe, -processGroup)
    }

    /// Lets the guard go, which ends every group that is still registered, and reaps it. Once, after the last worker.
    package func stop() {
        isStopped.store(true, ordering: .releasing)
        Descriptor.close(pipe)
        // Fails only if somebody else reaped it.
        _ = clinux_wait_for(processID)
    }
}
