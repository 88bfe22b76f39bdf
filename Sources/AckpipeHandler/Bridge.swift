import HandlerProtocol
import Synchronization

/// ackpipe, as this process sees it: what it said in `hello`, and what can be said to it beside verdicts.
///
/// Any thread. After the end of the conversation nothing that is said here goes anywhere.
public final class Bridge: Sendable {
    private struct State {
        var isShuttingDown = false
        var hasEnded = false
        var open: [UInt64: WeakDelivery] = [:]
    }

    private struct WeakDelivery {
        weak var delivery: Delivery?
    }

    let hello: Hello
    private let outbox: Outbox
    /// Whether deliveries are remembered, so that they can be cancelled.
    private let remembers: Bool
    private let state = Mutex(State())

    init(hello: Hello, outbox: Outbox, remembers: Bool) {
        self.hello = hello
        self.outbox = outbox
        self.remembers = remembers
    }

    /// Name and version, as in `ackpipe/0.1.0`.
    public var name: String { hello.bridge }
    /// The service's name.
    public var service: String { hello.service }
    /// The consumer group.
    public var group: String { hello.group }
    /// What the service consumes; a pattern begins with `^`.
    public var topics: [String] { hello.topics }
    /// The number of this process in its pool, from 0; a replacement takes over the number.
    public var worker: Int { hello.worker }
    /// Deliveries that wait for a verdict at most.
    public var maxInFlight: Int { hello.maxInFlight }
    /// The time for a verdict.
    public var ackTimeout: Duration { .milliseconds(hello.ackTimeoutMilliseconds) }
    /// How far `Delivery.extend` can move a deadline in all.
    public var maxExtend: Duration { .milliseconds(hello.maxExtendMilliseconds) }
    /// The time between a cancel and the end of the process.
    public var cancelGrace: Duration { .milliseconds(hello.cancelGraceMilliseconds) }

    /// Whether the end was announced: nothing new is delivered. What was is still owed a verdict.
    public var isShuttingDown: Bool { state.withLock { $0.isShuttingDown } }

    /// Deliver nothing more to this process for so long, or until `resume`. What is in the pipe still comes.
    public func pause(for duration: Duration? = nil) {
        send { try $0.pause(milliseconds: duration?.milliseconds, into: &$1) }
        outbox.flush()
    }

    /// Go on after `pause`.
    public func resume() {
        send { try $0.resume(into: &$1) }
        outbox.flush()
    }

    /// How important a log line is.
    public enum LogLevel: Sendable { case debug, info, warn, error }

    /// A line in ackpipe's log, with facts beside it. What is too much is dropped there, and counted.
    public func log(_ level: LogLevel, _ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        let inner: LogFrame.Level =
            switch level {
            case .debug: .debug
            case .info: .info
            case .warn: .warn
            case .error: .error
            }
        let frame = LogFrame(
            level: inner, message: message.cut(at: 16 * 1024),
            fields: fields.map { LogFrame.Field(name: $0.key, value: $0.value.cut(at: 4096)) })
        send { try $0.log(frame, into: &$1) }
    }

    /// How a metric's value is meant.
    public enum MetricKind: Sendable {
        /// An increment, 0 or more.
        case counter
        /// The value now.
        case gauge
        /// One observation.
        case histogram
    }

    /// A metric of the handler's own; its name and those of labels match `[a-z_][a-z0-9_]{0,63}`, and there are at most 8
    /// labels. One that ackpipe would refuse is dropped, with a line on stderr.
    public func metric(
        _ name: String, _ value: Double = 1, _ kind: MetricKind = .counter,
        _ labels: KeyValuePairs<String, String> = [:]
    ) {
        let inner: MetricFrame.Kind =
            switch kind {
            case .counter: .counter
            case .gauge: .gauge
            case .histogram: .histogram
            }
        let frame = MetricFrame(
            name: name, kind: inner, value: value,
            labels: labels.map { MetricFrame.Label(name: $0.key, value: $0.value.cut(at: 256)) })
        guard frame.isAcceptable else {
            return Complaint.write("the metric \"\(name)\" is dropped: its name, a label or its value is none")
        }
        send { try $0.metric(frame, into: &$1) }
    }

    // What the library itself says

    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func announceShutdown() { state.withLock { $0.isShuttingDown = true } }

    func end() { state.withLock { $0.hasEnded = true } }

    func remember(_ delivery: Delivery) {
        if remembers { state.withLock { $0.open[delivery.id] = WeakDelivery(delivery: delivery) } }
    }

    func cancel(_ ids: [UInt64]) {
        for id in ids { state.withLock { $0.open[id]?.delivery }?.cancel() }
        outbox.flush()
    }

    /// Cancels whatever is being worked on.
    func cancelAll() {
        for delivery in state.withLock({ $0.open.values.compactMap(\.delivery) }) { delivery.cancel() }
    }

    /// Whether somebody still holds a delivery that has no verdict.
    var hasOpenDeliveries: Bool { state.withLock { $0.open.values.contains { $0.delivery != nil } } }

    func ack(_ id: UInt64) {
        let hasEnded = forget(id)
        let waiting = outbox.ack(id)
        if hasEnded || waiting == Self.largestHeap { outbox.flush() }
    }

    func nack(_ id: UInt64, _ detail: FailureDetail) {
        _ = forget(id)
        sendVerdict([detail]) { try $0.nack(id: id, $2[0], into: &$1) }
    }

    func result(_ id: UInt64, _ failed: [RecordFailure]) {
        _ = forget(id)
        sendVerdict(failed.map(\.detail)) { encoder, buffer, details in
            try encoder.result(
                id: id, failed: zip(failed, details).map { RecordFailure(index: $0.index, detail: $1) }, into: &buffer)
        }
    }

    func extend(_ id: UInt64, _ duration: Duration) {
        send { try $0.extend(id: id, milliseconds: duration.milliseconds, into: &$1) }
        outbox.flush()
    }

    func pong(_ nonce: String) {
        send { try $0.pong(nonce: nonce, into: &$1) }
        outbox.flush()
    }

    func flush() { outbox.flush() }

    /// Answers that wait before they are written without further ado.
    private static let largestHeap = 64

    private func forget(_ id: UInt64) -> Bool {
        state.withLock { state in
            if remembers { state.open[id] = nil }
            return state.hasEnded
        }
    }

    /// A verdict must arrive: where its texts make it too large, they are left out.
    private func sendVerdict(
        _ details: [FailureDetail],
        _ encode: (HandlerFrameEncoder, inout OutboundBuffer, [FailureDetail]) throws -> Void
    ) {
        do {
            try outbox.send { encoder, buffer in try encode(encoder, &buffer, details) }
        } catch {
            let bare = details.map {
                FailureDetail(error: nil, action: $0.action, delayMilliseconds: $0.delayMilliseconds)
            }
            send { encoder, buffer in try encode(encoder, &buffer, bare) }
        }
    }

    private func send(_ encode: (HandlerFrameEncoder, inout OutboundBuffer) throws -> Void) {
        do {
            try outbox.send(encode)
        } catch {
            Complaint.write("a frame is not sent: \(error)")
        }
    }
}

extension MetricFrame {
    /// Whether the bridge would take it: what it does not take is a protocol error, which replaces the process.
    var isAcceptable: Bool {
        value.isFinite && (kind != .counter || value >= 0) && labels.count <= 8
            && ([name] + labels.map(\.name)).allSatisfy { name in
                (1...64).contains(name.utf8.count) && !(name.first?.isNumber ?? true)
                    && name.utf8.allSatisfy { $0 == 0x5F || (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
            }
    }
}
