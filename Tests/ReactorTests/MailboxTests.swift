import Glibc
import Reactor
import Synchronization
import Testing

@Suite struct MailboxTests {
    @Test("A message wakes the poller of its receiver, and messages are taken in the order in which they were sent")
    func order() throws {
        let wake = try WakeUp()
        let mailbox = Mailbox<Int>(wake: wake)
        let poller = try Poller()
        try poller.add(wake.descriptor, token: 1, reading: true, writing: false)
        var ready: [Readiness] = []
        try poller.wait(timeoutMilliseconds: 0, into: &ready)
        #expect(ready.isEmpty)
        for number in 1...3 { mailbox.send(number) }
        try poller.wait(timeoutMilliseconds: 0, into: &ready)
        #expect(ready.map(\.token) == [1])
        wake.drain()
        #expect(mailbox.takeAll() == [1, 2, 3])
        #expect(mailbox.takeAll() == [])
        try poller.wait(timeoutMilliseconds: 0, into: &ready)
        #expect(ready.isEmpty)
    }

    @Test("No message is lost or left waiting without a wake-up, whatever the senders' timing")
    func manySenders() throws {
        let wake = try WakeUp()
        let mailbox = Mailbox<Int>(wake: wake)
        let poller = try Poller()
        try poller.add(wake.descriptor, token: 1, reading: true, writing: false)
        let senders = try (0..<3).map { sender in
            try ServiceThread.start(name: "sender \(sender)", stackSize: 256 << 10) {
                for number in 0..<2_000 { mailbox.send(sender * 10_000 + number) }
            }
        }
        var received: [Int] = []
        var ready: [Readiness] = []
        while received.count < 6_000 {
            try poller.wait(timeoutMilliseconds: 10_000, into: &ready)
            try #require(!ready.isEmpty, "no wake-up within 10 s after \(received.count) of 6000 messages")
            wake.drain()
            received += mailbox.takeAll()
        }
        for sender in senders { sender.join() }
        for sender in 0..<3 {
            #expect(received.filter { $0 / 10_000 == sender } == (0..<2_000).map { sender * 10_000 + $0 })
        }
    }
}

@Suite struct ServiceThreadTests {
    @Test("A thread runs its body under its name, cut at what Linux keeps, and can be joined more than once")
    func name() throws {
        let seen = Mutex("")
        try withExtendedLifetime(seen) {
            let thread = try ServiceThread.start(name: "service-payments", stackSize: 256 << 10) {
                var name = [CChar](repeating: 0, count: 16)
                prctl16(&name)
                let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
                seen.withLock { $0 = text }
            }
            thread.join()
            thread.join()
        }
        #expect(seen.withLock { $0 } == "service-payment")
    }

    @Test("A stack that is too small is refused with the reason")
    func smallStack() {
        let error = #expect(throws: SystemError.self) {
            try ServiceThread.start(name: "small", stackSize: 1) {}
        }
        #expect(error == SystemError(call: "pthread_attr_setstacksize", errno: EINVAL))
    }
}

/// The calling thread's name, read from where `ps` reads it.
private func prctl16(_ name: inout [CChar]) {
    let file = open("/proc/thread-self/comm", O_RDONLY)
    defer { close(file) }
    let count = read(file, &name, 15)
    // The file's last byte is a line feed.
    for index in 0..<16 where index >= count || name[index] == 0x0A { name[index] = 0 }
}

@Suite(.serialized) struct SignalSourceTests {
    @Test("A blocked signal is taken as a number, once, and does not act")
    func take() throws {
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let source = try SignalSource(signals: [SIGUSR2, SIGWINCH])
        let poller = try Poller()
        try poller.add(source.descriptor, token: 5, reading: true, writing: false)
        #expect(try source.take() == [])
        // To this thread alone: others in the test process have not blocked it.
        pthread_kill(pthread_self(), SIGUSR2)
        pthread_kill(pthread_self(), SIGWINCH)
        var ready: [Readiness] = []
        try poller.wait(timeoutMilliseconds: 10_000, into: &ready)
        #expect(ready.map(\.token) == [5])
        #expect(try source.take() == [SIGUSR2, SIGWINCH])
        #expect(try source.take() == [])
    }
}
