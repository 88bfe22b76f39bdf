import HandlerProtocol
import Synchronization

/// Where frames come from and go to: pipes, or a test's memory.
struct Transport: Sendable {
    enum Arrival { case bytes, end, failed(String) }

    /// Waits for bytes and puts them into the reader.
    var read: @Sendable (inout FrameReader) -> Arrival
    /// Writes all bytes; false when nobody reads any more.
    var write: @Sendable (Span<UInt8>) -> Bool
}

/// Why the conversation cannot go on.
struct BrokenConversation: Error, CustomStringConvertible { let description: String }

/// The conversation of one process: reads frames until the end of the input, and hands deliveries on.
final class Session: Sendable {
    /// What is done before `ready`.
    typealias Setup = @Sendable (Bridge) throws -> Void

    private let options: HandlerOptions
    private let concurrency: Int
    /// Whether the thread that reads does not work.
    private let readsAhead: Bool
    private let transport: Transport
    private let framing: Framing
    private let setup: Setup?
    let outbox: Outbox
    private let greeted = Mutex<Bridge?>(nil)

    init(
        _ options: HandlerOptions, concurrency: Int, readsAhead: Bool, framing: Framing, transport: Transport,
        setup: Setup?
    ) {
        self.options = options
        self.concurrency = max(1, concurrency)
        self.readsAhead = readsAhead
        self.transport = transport
        self.framing = framing
        self.setup = setup
        outbox = Outbox(framing: framing, write: transport.write)
    }

    /// The bridge, from `hello` on.
    var bridge: Bridge? { greeted.withLock { $0 } }

    /// Serves until the input ends, or the handler refused to start. `deliver` gets each delivery, on this thread. Throws
    /// where the bridge said what is no frame.
    func run(deliver: (Delivery) -> Void) throws(BrokenConversation) {
        var reader = FrameReader(framing: framing, maxFrameBytes: Framing.largestFrameLimit)
        var known: Bridge?
        defer { known?.end() }
        while true {
            while let frame = try next(&reader) {
                if let bridge = known {
                    take(frame, bridge, deliver)
                } else {
                    known = try greet(frame)
                    if known == nil { return }
                }
            }
            outbox.flush()
            switch transport.read(&reader) {
            case .bytes: continue
            case .failed(let reason): throw BrokenConversation(description: "cannot read frames: \(reason)")
            case .end:
                if reader.isInsideFrame {
                    throw BrokenConversation(description: "bad frame: the input ended within one")
                }
                return
            }
        }
    }

    private func next(_ reader: inout FrameReader) throws(BrokenConversation) -> BridgeFrame? {
        let decoded: Result<BridgeFrame, BridgeFrameFault>?
        do throws(ProtocolError) {
            decoded = try reader.next { body in
                do throws(BridgeFrameFault) {
                    return .success(try BridgeFrameDecoder().decode(body))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            // Its sentence is meant for the other direction.
            let what = error.rule == .lineTooLong ? "a line that is too long" : "what is no frame's length"
            throw BrokenConversation(description: "bad frame: \(error.rule.rawValue): \(what) [\(error.excerpt)]")
        }
        switch decoded {
        case nil: return nil
        case .success(let frame): return frame
        case .failure(let fault):
            throw BrokenConversation(description: "bad frame: \(fault) (byte \(fault.atByte) of it)")
        }
    }

    /// Answers `hello`; nil where setting up failed, and the bridge was told so.
    private func greet(_ frame: BridgeFrame) throws(BrokenConversation) -> Bridge? {
        guard case .hello(let hello) = frame else {
            throw BrokenConversation(description: "bad frame: H1: the first frame is not \"hello\"")
        }
        let bridge = Bridge(hello: hello, outbox: outbox, remembers: readsAhead)
        do {
            try setup?(bridge)
        } catch {
            Complaint.write("it cannot start: \(error)")
            send { try $0.initError(FailureDetail(error).error ?? "", into: &$1) }
            outbox.close()
            return nil
        }
        let session = options.usesSession && hello.features.contains("session") ? hello.session : nil
        outbox.agree(maxFrameBytes: hello.maxFrameBytes, session: session)
        var ready = Ready(protocolVersion: 1, name: (options.name ?? ProgramName.own).cut(at: 256))
        ready.features = readsAhead ? ["cancel", "ping"].filter(hello.features.contains) : []
        ready.concurrency = concurrency
        ready.maxInFlight = options.maxInFlight.map { max(1, $0) }
        send { [ready] in try $0.ready(ready, into: &$1) }
        outbox.flush()
        greeted.withLock { $0 = bridge }
        return bridge
    }

    /// Asks for nothing more, where the conversation has begun.
    func pause() {
        guard let bridge, !bridge.hasEnded else { return }
        send { try $0.pause(milliseconds: nil, into: &$1) }
        outbox.flush()
    }

    private func take(_ frame: BridgeFrame, _ bridge: Bridge, _ deliver: (Delivery) -> Void) {
        switch frame {
        case .message(let id, let record):
            hand(Delivery(id: id, records: [Record(decoded: record)], isBatch: false, bridge: bridge), deliver)
        case .batch(let id, let records):
            hand(
                Delivery(id: id, records: records.map(Record.init(decoded:)), isBatch: true, bridge: bridge), deliver)
        case .cancel(let ids, _): bridge.cancel(ids)
        case .ping(let nonce): bridge.pong(nonce)
        case .shutdown: bridge.announceShutdown()
        case .hello, .assigned, .revoked, .committed, .unknown: break
        }
    }

    private func hand(_ delivery: Delivery, _ deliver: (Delivery) -> Void) {
        delivery.bridge.remember(delivery)
        deliver(delivery)
    }

    private func send(_ encode: (HandlerFrameEncoder, inout OutboundBuffer) throws -> Void) {
        do {
            try outbox.send(encode)
        } catch {
            Complaint.write("a frame is not sent: \(error)")
        }
    }
}
