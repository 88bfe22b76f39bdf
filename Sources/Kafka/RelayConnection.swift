internal import Glibc

/// One client of the relay: two sockets, and a bounded buffer for each direction.
final class RelayConnection {
    private static let bufferSize = 64 * 1024

    /// Bytes on their way from one socket to the other.
    private struct Direction {
        var buffer: [UInt8] = []
        /// The source has ended; what is buffered still goes out.
        var hasEnded = false
        /// The end was passed on.
        var isShut = false
    }

    private let client: Int32
    private let broker: Int32
    private var toBroker = Direction()
    private var toClient = Direction()
    private var isBroken = false

    init(client: Int32, broker: Int32) {
        self.client = client
        self.broker = broker
    }

    /// Both directions have ended, or a socket failed.
    var isFinished: Bool { isBroken || (toBroker.isShut && toClient.isShut) }

    /// What poll(2) is to wait for: the client's socket, then the broker's. A socket that can do nothing now is left
    /// out, since POLLHUP would otherwise come at once for ever.
    var waits: [pollfd] {
        [
            RelayConnection.wait(client, reading: toBroker, writing: toClient),
            RelayConnection.wait(broker, reading: toClient, writing: toBroker),
        ]
    }

    /// Moves what can be moved, given poll's answer for both sockets.
    func move(client clientEvents: Int16, broker brokerEvents: Int16) {
        if clientEvents != 0 { read(from: client, into: &toBroker) }
        if brokerEvents != 0 { read(from: broker, into: &toClient) }
        write(&toBroker, to: broker)
        write(&toClient, to: client)
    }

    /// Closes both sockets.
    func close() {
        Glibc.close(client)
        Glibc.close(broker)
    }

    private static func wait(_ descriptor: Int32, reading: Direction, writing: Direction) -> pollfd {
        var events: Int32 = 0
        if !reading.hasEnded, reading.buffer.count < bufferSize { events |= POLLIN }
        if !writing.buffer.isEmpty { events |= POLLOUT }
        return pollfd(fd: events == 0 ? -1 : descriptor, events: Int16(events), revents: 0)
    }

    private func read(from descriptor: Int32, into direction: inout Direction) {
        let space = RelayConnection.bufferSize - direction.buffer.count
        guard space > 0, !direction.hasEnded else { return }
        var chunk = [UInt8](repeating: 0, count: space)
        let count = unsafe Glibc.read(descriptor, &chunk, space)
        if count > 0 {
            direction.buffer += chunk[..<count]
        } else if count == 0 {
            direction.hasEnded = true
        } else if errno != EAGAIN && errno != EINTR {
            isBroken = true
        }
    }

    private func write(_ direction: inout Direction, to descriptor: Int32) {
        if !direction.buffer.isEmpty {
            let count = unsafe send(descriptor, direction.buffer, direction.buffer.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                direction.buffer.removeFirst(count)
            } else if errno != EAGAIN && errno != EINTR {
                isBroken = true
            }
        }
        if direction.hasEnded, direction.buffer.isEmpty, !direction.isShut {
            shutdown(descriptor, Int32(SHUT_WR))
            direction.isShut = true
        }
    }
}

/// The relay's door to the socket calls.
enum RelaySocket {
    /// A listening socket on 127.0.0.1, and the port that it got.
    static func listen(onPort port: UInt16) throws(RelayError) -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw RelayError(description: "cannot create a socket: \(lastError())") }
        var on: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        let bound = unsafe withLoopback(port) { address, size in unsafe bind(descriptor, address, size) }
        guard bound == 0, Glibc.listen(descriptor, 64) == 0 else {
            let reason = errno == EADDRINUSE ? "it is in use; choose another with --port" : lastError()
            Glibc.close(descriptor)
            throw RelayError(description: "cannot listen on 127.0.0.1:\(port): \(reason)")
        }
        var own = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &own) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe _ = getsockname(descriptor, address, &size)
            }
        }
        makeNonBlocking(descriptor)
        return (descriptor, UInt16(bigEndian: own.sin_port))
    }

    /// A connection to 127.0.0.1 at `port`; the loopback interface answers at once, so this does not wait.
    static func connect(toPort port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        let result = unsafe withLoopback(port) { address, size in unsafe Glibc.connect(descriptor, address, size) }
        if result == 0 { return descriptor }
        Glibc.close(descriptor)
        return nil
    }

    /// Lets reads and writes return at once.
    static func makeNonBlocking(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    /// Keeps the descriptor from processes that are started later.
    static func closeOnExec(_ descriptor: Int32) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

    /// The description of `errno`.
    static func lastError() -> String { unsafe String(cString: strerror(errno)) }

    private static func withLoopback(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe body(generic, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
