import Foundation
import Glibc
import Handlers
import Reactor
import Testing

@Suite struct WorkerProcessTests {
    init() throws { try SignalDisposition.ignorePipe() }

    @Test("Ten megabytes go through cat and back without a deadlock, though neither pipe holds them")
    func echo() throws {
        var input = [UInt8](repeating: 0, count: 10 << 20)
        for index in input.indices { input[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) }
        let finished = try run(command(["cat"]), input: input)
        #expect(finished.output == input)
        #expect(finished.status == .exited(0))
    }

    @Test("Arguments reach the program as they are: no shell reads them")
    func argumentVector() throws {
        let arguments = ["$(id)", "a b", "", "*", "'\"\\", "ä\n;"]
        let finished = try run(command(["printf", "%s|"] + arguments))
        #expect(finished.text == arguments.map { $0 + "|" }.joined())
    }

    @Test("The handler's environment is exactly what was given")
    func environment() throws {
        let scrubbed = HandlerEnvironment.scrubbed(
            ["PATH=/usr/bin:/bin", "ACKPIPE_SASL_PASSWORD=secret", "KEEP=a=b"], setting: ["ACKPIPE_FRAMING": "length"])
        let finished = try run(command(["env"], environment: scrubbed))
        #expect(finished.text == "PATH=/usr/bin:/bin\nKEEP=a=b\nACKPIPE_FRAMING=length\n")
    }

    @Test("On the standard streams the handler has descriptors 0, 1 and 2 and no other, whatever the daemon has open")
    func descriptorsOfStandardStreams() throws {
        let leaked = fcntl(open("/dev/null", O_RDONLY), F_DUPFD, 300)
        defer { close(leaked) }
        #expect(leaked >= 300)
        #expect(fcntl(leaked, F_GETFD) & FD_CLOEXEC == 0)
        let finished = try run(shell("ls /proc/$$/fd; :"))
        #expect(finished.text.split(separator: "\n") == ["0", "1", "2"])
    }

    @Test("With the protocol on 3 and 4, stdin is the null device, and stdout and stderr are log")
    func descriptorsOfProtocolChannel() throws {
        let script = "readlink /proc/$$/fd/0; ls /proc/$$/fd; echo whoops >&2; cat <&3 >&4"
        let finished = try run(shell(script, channel: .descriptors), input: Array("frame".utf8))
        #expect(finished.text == "frame")
        let stdout = String(decoding: finished.logs[0], as: UTF8.self)
        #expect(stdout.split(separator: "\n") == ["/dev/null", "0", "1", "2", "3", "4"])
        #expect(finished.log == "whoops\n")
    }

    @Test("The handler's ends of the pipes block, ours do not")
    func blockingEnds() throws {
        // Octal 4000 is O_NONBLOCK.
        let finished = try run(shell("grep -h flags /proc/$$/fdinfo/0 /proc/$$/fdinfo/1 /proc/$$/fdinfo/2"))
        let flags = finished.text.split(separator: "\n").compactMap { $0.split(separator: "\t").last }
        #expect(flags.count == 3)
        for flag in flags { #expect((Int(flag, radix: 8) ?? -1) & 0o4000 == 0, "flags \(flag)") }
        let worker = try WorkerProcess.launch(command(["cat"]), guardedBy: nil)
        var buffer = ReadBuffer(capacity: 8)
        #expect(worker.read(into: &buffer) == .wouldBlock)
        #expect(worker.readLog(0, into: &buffer) == .wouldBlock)
    }

    @Test("Signals are blocked and ignored for the daemon alone: the handler begins with an empty mask and defaults")
    func signals() throws {
        var blocked = sigset_t()
        var before = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let own = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        // SIGPIPE is number 13: the test would prove nothing if this process did not ignore it.
        #expect(mask("SigIgn", in: own) & 1 << 12 != 0)
        let status = try run(command(["cat", "/proc/self/status"])).text
        for field in ["SigBlk", "SigIgn", "SigCgt", "SigPnd"] { #expect(mask(field, in: status) == 0, "\(field)") }
    }

    private func mask(_ field: String, in status: String) -> UInt64 {
        let line = status.split(separator: "\n").first { $0.hasPrefix(field) }
        return line.flatMap { UInt64($0.split(separator: "\t").last ?? "", radix: 16) } ?? UInt64.max
    }

    @Test("The handler leads a process group of its own")
    func processGroup() throws {
        let worker = try WorkerProcess.launch(command(["cat"]), guardedBy: nil)
        #expect(getpgid(worker.processID) == worker.processID)
        #expect(getpgid(worker.processID) != getpgrp())
    }

    @Test(
        "The exit code and the signal are told",
        arguments: [("exit 3", Handlers.ExitStatus.exited(3)), ("kill -SEGV $$", .signaled(SIGSEGV))])
    func exitStatus(script: String, expected: Handlers.ExitStatus) throws {
        #expect(try run(shell(script)).status == expected)
    }

    @Test("A running handler has no exit status, and a killed one has, again and again")
    func collectExit() throws {
        let worker = try WorkerProcess.launch(command(["cat"]), guardedBy: nil)
        #expect(worker.collectExit() == nil)
        worker.signalProcess(SIGKILL)
        try eventually({ "no exit status" }) { worker.collectExit() != nil }
        #expect(worker.collectExit() == .signaled(SIGKILL))
        #expect(worker.collectExit()?.description == "killed by SIGKILL")
        // Reaped: the number is not the handler's any more, and a signal would hit whoever has it now.
        #expect(kill(worker.processID, 0) == -1)
        worker.signalGroup(SIGKILL)
        worker.close()
        worker.close()
    }

    @Test("What was written before death is read after it")
    func lastWords() throws {
        let worker = try WorkerProcess.launch(shell("echo verdict; echo reason >&2; exit 9"), guardedBy: nil)
        try eventually({ "no exit status" }) { worker.collectExit() != nil }
        var buffer = ReadBuffer(capacity: 64)
        #expect(worker.read(into: &buffer) == .bytes(8))
        #expect(worker.read(into: &buffer) == .endOfFile)
        #expect(worker.readLog(0, into: &buffer) == .bytes(7))
        #expect(worker.collectExit() == .exited(9))
    }

    @Test("Whatever a handler left behind in its group dies with it")
    func leftovers() throws {
        let finished = try run(shell("sleep 1000 >/dev/null 2>&1 & echo $!; exit 0"))
        #expect(finished.status == .exited(0))
        let orphan = try #require(Int32(finished.text.trimmingCharacters(in: .newlines)))
        try eventually({ "pid \(orphan) is alive: \(state(of: orphan))" }) { isGone(orphan) }
    }

    @Test("Closing a handler that runs ends it and its group, and leaves no zombie")
    func closeWhileRunning() throws {
        let worker = try WorkerProcess.launch(command(["cat"]), guardedBy: nil)
        worker.close()
        #expect(kill(worker.processID, 0) == -1)
        #expect(worker.collectExit() == .signaled(SIGKILL))
        var buffer = ReadBuffer(capacity: 8)
        #expect(worker.read(into: &buffer) == .endOfFile)
        #expect(worker.write([UInt8(1)].span.bytes) == .endOfFile)
    }

    @Test("A signal to the group reaches those whom the handler started")
    func signalGroup() throws {
        let worker = try WorkerProcess.launch(shell("sleep 1000 & echo $!; wait"), guardedBy: nil)
        var buffer = ReadBuffer(capacity: 64)
        try eventually({ "the shell told no pid" }) { worker.read(into: &buffer) != .wouldBlock }
        let text = buffer.withBytes { bytes in String(decoding: bytes.withUnsafeBytes { Array($0) }, as: UTF8.self) }
        let started = try #require(Int32(text.trimmingCharacters(in: .newlines)))
        worker.signalGroup(SIGTERM)
        try eventually({ "pid \(started) is alive: \(state(of: started))" }) { isGone(started) }
        try eventually({ "no exit status" }) { worker.collectExit() != nil }
        #expect(worker.collectExit() == .signaled(SIGTERM))
    }

    @Test("A handler that never reads takes no more than the pipe holds, and is no reason to wait")
    func neverReads() throws {
        let worker = try WorkerProcess.launch(command(["sleep", "1000"]), guardedBy: nil)
        let block = [UInt8](repeating: 0x78, count: 1 << 20)
        var total = 0
        var last = Transfer.bytes(0)
        while case .bytes(let count) = last, total < 64 << 20 {
            total += count
            last = worker.write(block.span.bytes)
        }
        #expect(last == .wouldBlock)
        #expect(total <= 1 << 20)
    }

    @Test("Writing to a handler that has closed its input is an end of file")
    func handlerClosesInput() throws {
        let worker = try WorkerProcess.launch(shell("exec <&-; echo closed; sleep 1000"), guardedBy: nil)
        var buffer = ReadBuffer(capacity: 64)
        try eventually({ "the shell said nothing" }) { worker.read(into: &buffer) != .wouldBlock }
        #expect(worker.write([UInt8(1)].span.bytes) == .endOfFile)
    }

    @Test("A hundred handlers, launched from several threads, cost no descriptor in the end")
    func manyLaunches() throws {
        let before = openPipes()
        let threads = try (0..<4).map { _ in
            try ServiceThread.start(name: "launcher", stackSize: 512 << 10) {
                for _ in 0..<25 {
                    let finished = try? run(shell("cat; exit 7"), input: Array("hello".utf8))
                    #expect(finished?.text == "hello")
                    #expect(finished?.status == .exited(7))
                }
            }
        }
        for thread in threads { thread.join() }
        // Other tests run at the same time: a leak of four pipes a launch would be 400.
        let after = openPipes()
        #expect(after < before + 100, "\(before) open pipes before, \(after) after")
    }

    private func openPipes() -> Int {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return entries.count
    }
}

/// Has the process ended? A zombie that its new parent has not reaped yet counts as ended.
func isGone(_ process: Int32) -> Bool {
    let state = state(of: process)
    return state.isEmpty || state.hasPrefix("Z") || state.hasPrefix("X")
}

/// The process's state letter, proc(5), and its name; empty if there is none.
func state(of process: Int32) -> String {
    guard let line = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let end = line.lastIndex(of: ")")
    else { return "" }
    return line[end...].dropFirst(2).prefix(1) + " " + line[..<end]
}
