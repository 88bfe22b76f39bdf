internal import Glibc

/// Why the relay could not be started.
package struct RelayError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What failed, and what to do.
    package let description: String
}

/// Gives the embedded broker a port of the user's choosing: librdkafka's mock cluster listens on a port of its own
/// choice, and no version lets one set it. Clients bootstrap here; the metadata that they are answered names the real
/// port, which they use from then on.
///
/// One thread passes bytes both ways over poll(2). Each direction of a connection buffers at most 64 KiB.
@safe
package final class BootstrapRelay {
    /// The port listened on, on 127.0.0.1.
    package let port: UInt16
    /// Written to end the thread.
    private let stopPipe: Int32
    private var thread: pthread_t?

    /// Listens on 127.0.0.1 at `port`, or at a free port for 0, and passes connections on to `bootstrapServers`, of
    /// which the first counts and must be `127.0.0.1:PORT`, as the embedded broker says it.
    ///
    /// Throws where the port is taken or the system refuses.
    package init(port: UInt16, bootstrapServers: String) throws(RelayError) {
        let first = bootstrapServers.split(separator: ",").first ?? ""
        guard let target = first.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw RelayError(description: "cannot relay to \"\(bootstrapServers)\": no port in it")
        }
        let (listener, chosen) = try RelaySocket.listen(onPort: port)
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            let reason = RelaySocket.lastError()
            Glibc.close(listener)
            throw RelayError(description: "cannot start the relay: \(reason)")
        }
        for descriptor in ends { RelaySocket.closeOnExec(descriptor) }
        self.port = chosen
        stopPipe = ends[1]
        let loop = RelayLoop(listener: listener, stop: ends[0], target: target)
        var started = pthread_t()
        let passed = unsafe Unmanaged.passRetained(loop).toOpaque()
        let result = unsafe pthread_create(
            &started, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<RelayLoop>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, passed)
        guard result == 0 else {
            unsafe Unmanaged<RelayLoop>.fromOpaque(passed).release()
            for descriptor in [listener, ends[0], ends[1]] { Glibc.close(descriptor) }
            throw RelayError(description: "cannot start a thread: \(unsafe String(cString: strerror(result)))")
        }
        thread = started
    }

    deinit { stop() }

    /// Closes all connections and frees the port. Calling it again does nothing.
    package func stop() {
        guard let thread else { return }
        var byte: UInt8 = 1
        unsafe _ = write(stopPipe, &byte, 1)
        pthread_join(thread, nil)
        Glibc.close(stopPipe)
        self.thread = nil
    }
}

/// The relay's thread: owns every descriptor but the writing end of the stop pipe.
private final class RelayLoop {
    /// More clients than this wait in the listening socket's backlog.
    private static let connectionLimit = 256

    private let listener: Int32
    private let stop: Int32
    private let target: UInt16
    private var connections: [RelayConnection] = []

    init(listener: Int32, stop: Int32, target: UInt16) {
        self.listener = listener
        self.stop = stop
        self.target = target
    }

    func run() {
        while turn() {}
        for connection in connections { connection.close() }
        Glibc.close(listener)
        Glibc.close(stop)
    }

    /// Waits for something to do and does it; false once the stop pipe was written to.
    private func turn() -> Bool {
        let accepting = connections.count < RelayLoop.connectionLimit
        var waits = [
            pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
            pollfd(fd: accepting ? listener : -1, events: Int16(POLLIN), revents: 0),
        ]
        for connection in connections { waits += connection.waits }
        guard unsafe poll(&waits, nfds_t(waits.count), -1) >= 0 else { return errno == EINTR }
        if waits[0].revents != 0 { return false }
        for (place, connection) in connections.enumerated() {
            connection.move(client: waits[2 + 2 * place].revents, broker: waits[3 + 2 * place].revents)
        }
        for connection in connections where connection.isFinished { connection.close() }
        connections.removeAll { $0.isFinished }
        if waits[1].revents != 0 { accept() }
        return true
    }

    private func accept() {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return }
        // Without the broker there is nobody to talk to; the client sees a closed connection and comes again.
        guard let broker = RelaySocket.connect(toPort: target) else {
            Glibc.close(client)
            return
        }
        for descriptor in [client, broker] { RelaySocket.makeNonBlocking(descriptor) }
        RelaySocket.closeOnExec(client)
        connections.append(RelayConnection(client: client, broker: broker))
    }
}
