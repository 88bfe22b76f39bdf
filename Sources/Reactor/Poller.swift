import CLinux

/// What the poller heard of one descriptor.
package struct Readiness: Equatable, Sendable {
    /// The token that the descriptor was added with.
    package let token: UInt64
    /// A read brings bytes or end of file.
    package let readable: Bool
    /// A write takes at least one byte.
    package let writable: Bool
    /// The other side has closed. Bytes may still wait: read until end of file.
    package let hangUp: Bool

    /// An event of the descriptor with this token.
    package init(token: UInt64, readable: Bool, writable: Bool, hangUp: Bool) {
        self.token = token
        self.readable = readable
        self.writable = writable
        self.hangUp = hangUp
    }
}

/// Waits for many descriptors at once. Source: epoll(7), level-triggered: what was not taken is told again. Wake-ups are
/// told once a signal, and need not be taken.
///
/// One thread. Descriptors stay their owners'. An event carries the token that its descriptor was added with, so an
/// event for a descriptor that was closed since, and whose number is in use again, is told apart by its token: give
/// every registration a token of its own, and drop events with a token that you no longer know.
package final class Poller {
    private let descriptor: Int32
    private var events = [clinux_readiness](repeating: clinux_readiness(), count: 256)

    /// A poller that waits for nothing yet.
    package init() throws(SystemError) {
        descriptor = try SystemError.check(clinux_epoll_create(), "epoll_create1")
    }

    deinit { Descriptor.close(descriptor) }

    /// Listens to `fd`. A hang-up is told even if neither reading nor writing is asked for.
    package func add(_ fd: Int32, token: UInt64, reading: Bool, writing: Bool) throws(SystemError) {
        let result = clinux_epoll_add(descriptor, fd, token, Poller.bits(reading: reading, writing: writing))
        _ = try SystemError.check(result, "epoll_ctl")
    }

    /// Listens to a wake-up: each signal is told, or several by one event, and none needs a `drain`: that saves a system call
    /// for each record that comes alone. (EPOLLET; every write to an eventfd is told, also where nothing was read since.)
    package func add(_ wakeUp: WakeUp, token: UInt64) throws(SystemError) {
        let events = UInt32(CLINUX_READABLE) | UInt32(CLINUX_EACH_TIME)
        _ = try SystemError.check(clinux_epoll_add(descriptor, wakeUp.descriptor, token, events), "epoll_ctl")
    }

    /// Changes what is listened for. To hear nothing at all, not even a hang-up, `remove` the descriptor.
    package func change(_ fd: Int32, token: UInt64, reading: Bool, writing: Bool) throws(SystemError) {
        let result = clinux_epoll_change(descriptor, fd, token, Poller.bits(reading: reading, writing: writing))
        _ = try SystemError.check(result, "epoll_ctl")
    }

    /// Stops listening to `fd`; to be called before it is closed.
    ///
    /// Closing alone is not enough: a child that is just being started holds a copy of every descriptor until it has
    /// execed, and epoll(7) goes on reporting for as long as one copy is open.
    package func remove(_ fd: Int32) throws(SystemError) {
        _ = try SystemError.check(clinux_epoll_remove(descriptor, fd), "epoll_ctl")
    }

    /// Waits, and replaces the content of `ready` with up to 256 events.
    ///
    /// -1 waits for ever, 0 not at all. None after the time-out, and also when a signal interrupted the wait: look at
    /// the clock and wait again.
    package func wait(timeoutMilliseconds: Int32, into ready: inout [Readiness]) throws(SystemError) {
        ready.removeAll(keepingCapacity: true)
        let result = unsafe events.withUnsafeMutableBufferPointer { block in
            unsafe clinux_epoll_wait(descriptor, block.baseAddress, Int32(block.count), timeoutMilliseconds)
        }
        let count = try SystemError.check(result, "epoll_wait")
        for event in events.prefix(Int(count)) {
            ready.append(
                Readiness(
                    token: event.token,
                    readable: event.events & UInt32(CLINUX_READABLE) != 0,
                    writable: event.events & UInt32(CLINUX_WRITABLE) != 0,
                    hangUp: event.events & UInt32(CLINUX_HANG_UP) != 0))
        }
    }

    private static func bits(reading: Bool, writing: Bool) -> UInt32 {
        (reading ? UInt32(CLINUX_READABLE) : 0) | (writing ? UInt32(CLINUX_WRITABLE) : 0)
    }
}
