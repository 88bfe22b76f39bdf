import CLinux
import Glibc
package import Reactor

/// One running handler process, with our ends of its pipes.
///
/// One thread at a time: it may be handed from the thread that launched it to another, and is then that one's. The
/// thread that launched it must outlive the handler, which is killed when that thread ends (prctl(2),
/// `PR_SET_PDEATHSIG`).
package final class WorkerProcess: @unchecked Sendable {
    /// Its pid, and the number of its process group, until `collectExit` has answered.
    package let processID: Int32
    /// A pidfd (pidfd_open(2)), readable when the process is dead.
    package let exitDescriptor: Int32
    /// We write the protocol here. Nonblocking.
    package let inputDescriptor: Int32
    /// We read the protocol here. Nonblocking.
    package let outputDescriptor: Int32
    /// We read the handler's log here: stderr, or stdout and stderr (`Channel`). Nonblocking.
    package let logDescriptors: [Int32]

    private let guardian: Guard?
    private var inputIsOpen = true
    private var isClosed = false
    private var exitStatus: ExitStatus?

    private init(_ child: clinux_spawn_result, _ pipes: WorkerPipes, guardedBy guardian: Guard?) {
        processID = child.process
        exitDescriptor = child.pidfd
        inputDescriptor = pipes.input
        outputDescriptor = pipes.output
        logDescriptors = pipes.logs
        self.guardian = guardian
    }

    deinit { close() }

    /// Starts the command: its own process group, registered with the guard; default signal dispositions, an empty
    /// mask, and no descriptor but those of its channel.
    ///
    /// Returns when the program runs, or throws when it never will: the calling thread waits for the exec, a
    /// millisecond or less. The program is looked up in the `PATH` of the command's own environment.
    package static func launch(
        _ command: HandlerCommand, guardedBy guardian: Guard?
    ) throws(LaunchError) -> WorkerProcess {
        let searchPath = HandlerEnvironment.value(of: "PATH", in: command.environment)
        let program = try ResolvedExecutable.resolve(command.arguments.first ?? "", searchPath: searchPath)
        for text in command.arguments + command.environment where text.utf8.contains(0) {
            // An environment entry may be a secret: of such a one only the name is told.
            throw ResolvedExecutable.nul(in: String(text.prefix { $0 != "=" }))
        }
        var pipes: WorkerPipes
        do throws(SystemError) {
            pipes = try WorkerPipes(command.channel)
        } catch {
            throw .failed(error, step: "making its pipes")
        }
        defer { pipes.closeTheirs() }
        var child = clinux_spawn_result()
        let result = spawn(program.path, command, pipes.map, guardian, &child)
        guard result >= 0 else {
            pipes.closeOurs()
            throw failure(of: child.failed_step, errno: -result, path: program.path)
        }
        return WorkerProcess(child, pipes, guardedBy: guardian)
    }

    // MARK: Bytes

    /// Writes to the handler once. `endOfFile`: it has closed its reading end, or `closeInput` was called.
    package func write(_ bytes: RawSpan) -> Transfer {
        inputIsOpen ? Descriptor.write(inputDescriptor, bytes) : .endOfFile
    }

    /// Reads once what the handler says.
    package func read(into buffer: inout ReadBuffer) -> Transfer {
        isClosed ? .endOfFile : Descriptor.read(outputDescriptor, into: &buffer)
    }

    /// Reads once from `logDescriptors[index]`.
    package func readLog(_ index: Int, into buffer: inout ReadBuffer) -> Transfer {
        isClosed ? .endOfFile : Descriptor.read(logDescriptors[index], into: &buffer)
    }

    /// Ends the handler's input. Take the descriptor out of the poller before.
    package func closeInput() {
        guard inputIsOpen else { return }
        inputIsOpen = false
        Descriptor.close(inputDescriptor)
    }

    // MARK: Life and death

    /// Sends a signal to the process alone; nothing happens once it is dead.
    package func signalProcess(_ signal: Int32) {
        guard exitStatus == nil else { return }
        // Fails only for a dead process.
        _ = clinux_signal_pidfd(exitDescriptor, signal)
    }

    /// Sends a signal to everybody in the process group. Until `collectExit` has answered, also if the leader is dead.
    package func signalGroup(_ signal: Int32) {
        guard exitStatus == nil else { return }
        // Fails only where nobody is left to get it.
        _ = clinux_signal_group(processID, signal)
    }

    /// How the process ended, or nil while it runs; never waits, and answers the same ever after.
    ///
    /// What it left behind in its group gets `SIGKILL` first, while the dead leader still holds the group's number and
    /// no stranger can have it; then the guard forgets the group; then the leader is reaped. The pipes stay open: what
    /// the handler wrote before it died can still be read.
    package func collectExit() -> ExitStatus? {
        if exitStatus != nil { return exitStatus }
        guard clinux_is_dead(exitDescriptor) != 0 else { return nil }
        finish(wait: false)
        return exitStatus
    }

    /// Closes every descriptor; take them out of the poller before. Later calls do nothing.
    ///
    /// Meant for after `collectExit`. A process that is still there is killed with its group, and waited for.
    package func close() {
        guard !isClosed else { return }
        if exitStatus == nil { finish(wait: true) }
        isClosed = true
        closeInput()
        Descriptor.close(outputDescriptor)
        for descriptor in logDescriptors { Descriptor.close(descriptor) }
        Descriptor.close(exitDescriptor)
    }

    private func finish(wait: Bool) {
        signalGroup(SIGKILL)
        // Also by itself: before waiting, its death must not hang on the group's number.
        signalProcess(SIGKILL)
        guardian?.forget(processGroup: processID)
        var status: Int32 = 0
        let kind = unsafe clinux_reap(exitDescriptor, wait, &status)
        exitStatus =
            switch kind {
            case Int32(CLINUX_EXITED.rawValue): .exited(status)
            case Int32(CLINUX_SIGNALED.rawValue): .signaled(status)
            default: .unknown
            }
    }
}

extension WorkerProcess {
    private static func spawn(
        _ path: String, _ command: HandlerCommand, _ map: [clinux_descriptor_map], _ guardian: Guard?,
        _ child: inout clinux_spawn_result
    ) -> Int32 {
        var strings: [CChar] = []
        for text in command.arguments + command.environment {
            strings.append(contentsOf: text.utf8.map(CChar.init(bitPattern:)))
            strings.append(0)
        }
        return unsafe path.withCString { path in
            unsafe strings.withUnsafeBufferPointer { strings in
                unsafe map.withUnsafeBufferPointer { map in
                    var request = unsafe clinux_spawn_request()
                    unsafe request.path = path
                    unsafe request.strings = strings.baseAddress
                    unsafe request.string_bytes = strings.count
                    unsafe request.argument_count = command.arguments.count
                    unsafe request.environment_count = command.environment.count
                    unsafe request.map = map.baseAddress
                    unsafe request.map_count = map.count
                    unsafe request.guard = guardian?.pipe ?? -1
                    return unsafe clinux_spawn(&request, &child)
                }
            }
        }
    }

    private static func failure(of step: Int32, errno: Int32, path: String) -> LaunchError {
        func failed(_ call: String, _ step: String) -> LaunchError {
            .failed(SystemError(call: call, errno: errno), step: step)
        }
        return switch UInt32(bitPattern: step) {
        case CLINUX_STEP_EXEC.rawValue: ExecFailure.explain(path: path, errno: errno)
        case CLINUX_STEP_CLONE.rawValue: failed("clone", "making a process (a limit of processes or memory?)")
        case CLINUX_STEP_GROUP.rawValue: failed("setpgid", "making its process group")
        case CLINUX_STEP_GUARD.rawValue:
            failed("write", "telling the guard process, which has died; restart ackpipe")
        case CLINUX_STEP_PARENT.rawValue: failed("prctl", "tying its life to ackpipe's")
        case CLINUX_STEP_DESCRIPTORS.rawValue: failed("dup2", "giving it its pipes")
        default: failed("mmap", "preparing its arguments")
        }
    }
}
