import CLinux
import Glibc
import Reactor
import Testing

@Suite struct DescriptorTests {
    init() throws { try SignalDisposition.ignorePipe() }

    @Test("A read brings what was written, and the buffer holds only the latest read")
    func readReplaces() throws {
        let pipe = try TestPipe()
        var buffer = ReadBuffer(capacity: 16)
        #expect(pipe.write("first") == .bytes(5))
        #expect(Descriptor.read(pipe.readEnd, into: &buffer) == .bytes(5))
        #expect(pipe.write("2nd") == .bytes(3))
        #expect(Descriptor.read(pipe.readEnd, into: &buffer) == .bytes(3))
        let text = buffer.withBytes { bytes in String(decoding: bytes.withUnsafeBytes { Array($0) }, as: UTF8.self) }
        #expect(text == "2nd")
    }

    @Test("A read never brings more than the buffer's capacity")
    func capacity() throws {
        let pipe = try TestPipe()
        var buffer = ReadBuffer(capacity: 4)
        #expect(pipe.write("abcdefg") == .bytes(7))
        #expect(Descriptor.read(pipe.readEnd, into: &buffer) == .bytes(4))
        #expect(Descriptor.read(pipe.readEnd, into: &buffer) == .bytes(3))
    }

    @Test("An empty pipe would block, and one whose writer has closed is at its end")
    func emptyAndEnded() throws {
        let pipe = try TestPipe()
        var buffer = ReadBuffer(capacity: 4)
        #expect(Descriptor.read(pipe.readEnd, into: &buffer) == .wouldBlock)
        pipe.closeWriteEnd()
        #expect(Descriptor.read(pipe.readEnd, into: &buffer) == .endOfFile)
        #expect(buffer.count == 0)
    }

    @Test("Writing to a pipe that nobody reads is an end of file, not a signal")
    func brokenPipe() throws {
        let (readEnd, writeEnd) = try Descriptor.pipe()
        defer { Descriptor.close(writeEnd) }
        Descriptor.close(readEnd)
        #expect(Descriptor.write(writeEnd, [UInt8(1)].span.bytes) == .endOfFile)
    }

    @Test("A closed descriptor is an error that names the call")
    func closedDescriptor() {
        var buffer = ReadBuffer(capacity: 4)
        #expect(Descriptor.read(-1, into: &buffer) == .failed(SystemError(call: "read", errno: EBADF)))
        #expect(
            Descriptor.write(-1, [UInt8(1)].span.bytes) == .failed(SystemError(call: "write", errno: EBADF)))
    }

    @Test("A pipe is made larger where the system permits, and a refusal is an answer")
    func pipeSize() throws {
        let pipe = try TestPipe()
        #expect(Descriptor.setPipeSize(pipe.writeEnd, bytes: 128 << 10))
        #expect(!Descriptor.setPipeSize(pipe.writeEnd, bytes: -1))
    }
}

@Suite struct SystemErrorTests {
    @Test("An error number that the C library does not know is told as a number")
    func unknown() {
        #expect(SystemError(call: "read", errno: 4095).description == "read: error 4095")
    }

    @Test("A signal has the name that people know it by")
    func signalNames() {
        #expect(SignalName.of(SIGKILL) == "SIGKILL")
        #expect(SignalName.of(SIGSEGV) == "SIGSEGV")
        #expect(SignalName.of(99) == "signal 99")
    }
}

@Suite struct ClockTests {
    @Test("The monotonic clock goes forward, and the wall clock knows the year")
    func clocks() {
        let first = MonotonicClock.nanoseconds()
        #expect(MonotonicClock.nanoseconds() >= first)
        // 2025-01-01 to 2100-01-01: units are milliseconds.
        #expect((1_735_689_600_000..<4_102_444_800_000).contains(WallClock.milliseconds()))
    }
}

@Suite struct OwnProcessTests {
    @Test("The environment is read whole")
    func environment() {
        let entries = OwnProcess.environment()
        #expect(entries.contains { $0.hasPrefix("PATH=/") || $0.hasPrefix("HOME=/") })
        var count = 0
        while environ[count] != nil { count += 1 }
        #expect(entries.count == count)
    }

    @Test("Letting go of the start's code makes the resident program smaller, and it goes on running")
    func releaseStartCode() throws {
        // Pages of files, of which code is the most: the third number of proc(5), /proc/PID/statm.
        func filePages() throws -> Int {
            var text = [CChar](repeating: 0, count: 256)
            let file = try #require(fopen("/proc/self/statm", "r"))
            defer { fclose(file) }
            _ = fgets(&text, Int32(text.count), file)
            let words = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return try #require(Int(words.split(separator: " ")[2]))
        }
        let before = try filePages()
        OwnProcess.releaseStartCode()
        let after = try filePages()
        #expect(after < before, "\(before) pages before, \(after) after")
    }
}
