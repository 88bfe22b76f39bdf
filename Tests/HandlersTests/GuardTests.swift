import CLinux
import Foundation
import Glibc
import Reactor
import Testing

@testable import Handlers

@Suite struct GuardTests {
    @Test("When the daemon is gone, the handler and everything that it started in its group are ended")
    func endsGroups() throws {
        let guardian = try Guard.start()
        let worker = try WorkerProcess.launch(
            shell("sleep 1000 & echo $!; sh -c 'trap : TERM; sleep 1000' & wait"), guardedBy: guardian)
        defer { worker.close() }
        let grandchild = try firstNumber(worker)
        #expect(!isGone(grandchild))
        // Closes the pipe, as the daemon's death does.
        guardian.stop()
        try eventually({ "alive: \(state(of: worker.processID)), \(state(of: grandchild))" }) {
            isGone(worker.processID) && isGone(grandchild)
        }
        #expect(worker.collectExit() == .signaled(SIGKILL))
    }

    @Test(
        "A handler registers before it runs, and is forgotten when it has ended; so is one that could not be executed")
    func messages() throws {
        let (readEnd, writeEnd) = try Descriptor.pipe()
        defer {
            Descriptor.close(readEnd)
            Descriptor.close(writeEnd)
        }
        try Descriptor.setNonblocking(readEnd)
        // This test listens in the guard's place.
        let guardian = Guard(processID: 0, pipe: writeEnd)
        let worker = try WorkerProcess.launch(shell("exit 0"), guardedBy: guardian)
        #expect(numbers(readEnd) == [worker.processID])
        try eventually({ "no exit status" }) { worker.collectExit() != nil }
        #expect(numbers(readEnd) == [-worker.processID])
        worker.close()
        #expect(numbers(readEnd) == [])
        let scratch = try Scratch()
        let broken = try scratch.file("script", "no interpreter line\n")
        #expect(throws: LaunchError.self) { _ = try WorkerProcess.launch(command([broken]), guardedBy: guardian) }
        let failed = numbers(readEnd)
        try #require(failed.count == 2 && failed[0] > 1 && failed[1] == -failed[0], "\(failed)")
        #expect(kill(failed[0], 0) == -1, "reaped: no zombie is left of it")
    }

    @Test("A guard that was stopped writes nothing more, least of all to whatever has its descriptor's number now")
    func stopped() throws {
        let guardian = try Guard.start()
        guardian.stop()
        var pipes: [(read: Int32, write: Int32)] = []
        defer {
            for pipe in pipes {
                Descriptor.close(pipe.read)
                Descriptor.close(pipe.write)
            }
        }
        // Other tests open descriptors too: whichever of these has the number must stay empty.
        for _ in 0..<16 {
            let (readEnd, writeEnd) = try Descriptor.pipe()
            try Descriptor.setNonblocking(readEnd)
            pipes.append((readEnd, writeEnd))
        }
        guardian.forget(processGroup: 4_711)
        for pipe in pipes { #expect(!numbers(pipe.read).contains(-4_711)) }
    }

    private func numbers(_ readEnd: Int32) -> [Int32] {
        var buffer = ReadBuffer(capacity: 64)
        guard case .bytes = Descriptor.read(readEnd, into: &buffer) else { return [] }
        return buffer.withBytes { bytes in
            (0..<bytes.byteCount / 4).map { bytes.unsafeLoadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
        }
    }

    @Test("A group that was forgotten outlives the guard")
    func forgets() throws {
        let guardian = try Guard.start()
        let bystander = try WorkerProcess.launch(command(["cat"]), guardedBy: guardian)
        defer { bystander.close() }
        guardian.forget(processGroup: bystander.processID)
        guardian.stop()
        #expect(!isGone(bystander.processID))
        #expect(bystander.collectExit() == nil)
    }

    @Test("The guard ends every one of its groups, whatever came and went")
    func manyGroups() throws {
        let guardian = try Guard.start()
        // Numbers above the largest pid: they belong to nobody.
        for number in Int32(1 << 23)..<Int32(1 << 23) + 3_000 { _ = clinux_guard_tell(guardian.pipe, number) }
        let worker = try WorkerProcess.launch(command(["cat"]), guardedBy: guardian)
        defer { worker.close() }
        for number in Int32(1 << 23)..<Int32(1 << 23) + 1_500 { guardian.forget(processGroup: number) }
        guardian.stop()
        try eventually({ "alive: \(state(of: worker.processID))" }) { worker.collectExit() != nil }
        #expect(worker.collectExit() == .signaled(SIGKILL))
    }

    @Test("The guard has its own session and name, none of the daemon's descriptors, and outlives the usual signals")
    func ownLife() throws {
        let guardian = try Guard.start()
        let folder = "/proc/\(guardian.processID)"
        try eventually({ "still starting: \(state(of: guardian.processID))" }) {
            state(of: guardian.processID).hasSuffix("(ackpipe-guard")
                && (try? FileManager.default.contentsOfDirectory(atPath: folder + "/fd").count) == 4
        }
        #expect(getsid(guardian.processID) == guardian.processID)
        for signal in [SIGTERM, SIGINT, SIGHUP] { kill(guardian.processID, signal) }
        let worker = try WorkerProcess.launch(command(["cat"]), guardedBy: guardian)
        defer { worker.close() }
        // A guard that one of the signals had ended would have ended nothing.
        guardian.stop()
        try eventually({ "alive: \(state(of: worker.processID))" }) { worker.collectExit() != nil }
        #expect(kill(guardian.processID, 0) == -1, "the guard was reaped")
    }

    @Test("A handler is not started unguarded: with a dead guard the launch fails and names it")
    func deadGuard() throws {
        let guardian = try Guard.start()
        defer { guardian.stop() }
        kill(guardian.processID, SIGKILL)
        try eventually({ "alive: \(state(of: guardian.processID))" }) { isGone(guardian.processID) }
        let error = #expect(throws: LaunchError.self) {
            _ = try WorkerProcess.launch(command(["cat"]), guardedBy: guardian)
        }
        #expect(error?.description.contains("telling the guard process, which has died") == true, "\(error as Any)")
        #expect(error?.isGuardLost == true)
        guardian.forget(processGroup: 1 << 23)
    }

    private func firstNumber(_ worker: WorkerProcess) throws -> Int32 {
        var buffer = ReadBuffer(capacity: 64)
        try eventually({ "the handler told no pid" }) { worker.read(into: &buffer) != .wouldBlock }
        let text = buffer.withBytes { bytes in String(decoding: bytes.withUnsafeBytes { Array($0) }, as: UTF8.self) }
        return try #require(Int32(text.trimmingCharacters(in: .newlines)), "\(text)")
    }
}
