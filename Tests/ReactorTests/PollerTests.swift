import Glibc
import Reactor
import Testing

/// A pipe whose reading end is nonblocking; closed when the test ends.
final class TestPipe {
    let readEnd: Int32
    private(set) var writeEnd: Int32

    init() throws {
        (readEnd, writeEnd) = try Descriptor.pipe()
        try Descriptor.setNonblocking(readEnd)
        try Descriptor.setNonblocking(writeEnd)
    }

    deinit {
        Descriptor.close(readEnd)
        closeWriteEnd()
    }

    func write(_ text: String) -> Transfer { Descriptor.write(writeEnd, Array(text.utf8).span.bytes) }

    func closeWriteEnd() {
        if writeEnd >= 0 { Descriptor.close(writeEnd) }
        writeEnd = -1
    }
}

@Suite struct PollerTests {
    let poller: Poller

    init() throws { poller = try Poller() }

    func events(timeout: Int32 = 0) throws -> [Readiness] {
        var ready: [Readiness] = []
        try poller.wait(timeoutMilliseconds: timeout, into: &ready)
        return ready
    }

    @Test("A descriptor is told as readable for as long as bytes wait in it")
    func levelTriggered() throws {
        let pipe = try TestPipe()
        try poller.add(pipe.readEnd, token: 7, reading: true, writing: false)
        #expect(try events().isEmpty)
        #expect(pipe.write("x") == .bytes(1))
        let expected = [Readiness(token: 7, readable: true, writable: false, hangUp: false)]
        #expect(try events() == expected)
        #expect(try events() == expected)
        var buffer = ReadBuffer(capacity: 8)
        #expect(Descriptor.read(pipe.readEnd, into: &buffer) == .bytes(1))
        #expect(try events().isEmpty)
    }

    @Test("Each signal of a wake-up is told once, though nobody takes it back")
    func wakeUps() throws {
        let wakeUp = try WakeUp()
        try poller.add(wakeUp, token: 3)
        #expect(try events().isEmpty)
        let expected = [Readiness(token: 3, readable: true, writable: false, hangUp: false)]
        for _ in 0..<3 {
            wakeUp.signal()
            #expect(try events(timeout: 1_000) == expected)
            #expect(try events().isEmpty)
        }
        wakeUp.signal()
        wakeUp.signal()
        #expect(try events(timeout: 1_000) == expected)
        #expect(try events().isEmpty)
    }

    @Test("A full pipe is not writable, and becomes so when it is read")
    func writability() throws {
        let pipe = try TestPipe()
        try poller.add(pipe.writeEnd, token: 1, reading: false, writing: true)
        #expect(try events().map(\.writable) == [true])
        let block = [UInt8](repeating: 0, count: 65536)
        while case .bytes = Descriptor.write(pipe.writeEnd, block.span.bytes) {}
        #expect(try events().isEmpty)
        var buffer = ReadBuffer(capacity: 1 << 20)
        _ = Descriptor.read(pipe.readEnd, into: &buffer)
        #expect(try events().map(\.writable) == [true])
    }

    @Test("A hang-up is told even where nothing is listened for, until the descriptor is removed")
    func hangUp() throws {
        let pipe = try TestPipe()
        try poller.add(pipe.readEnd, token: 2, reading: false, writing: false)
        pipe.closeWriteEnd()
        #expect(try events() == [Readiness(token: 2, readable: false, writable: false, hangUp: true)])
        try poller.remove(pipe.readEnd)
        #expect(try events().isEmpty)
    }

    @Test("What is listened for can be changed, and with it the token")
    func change() throws {
        let pipe = try TestPipe()
        #expect(pipe.write("x") == .bytes(1))
        try poller.add(pipe.readEnd, token: 1, reading: false, writing: false)
        #expect(try events().isEmpty)
        try poller.change(pipe.readEnd, token: UInt64.max, reading: true, writing: false)
        #expect(try events().map(\.token) == [UInt64.max])
    }

    @Test("A descriptor that is not open is refused with the call's name and the reason")
    func badDescriptor() {
        let error = #expect(throws: SystemError.self) {
            try poller.add(-1, token: 0, reading: true, writing: false)
        }
        #expect(error?.description == "epoll_ctl: Bad file descriptor (EBADF)")
    }

    @Test("A wait ends after its time-out, not before")
    func timeout() throws {
        let start = MonotonicClock.nanoseconds()
        #expect(try events(timeout: 30).isEmpty)
        #expect(MonotonicClock.nanoseconds() - start >= 30_000_000)
    }
}
