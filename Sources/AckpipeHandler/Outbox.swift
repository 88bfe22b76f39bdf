import Glibc
import HandlerProtocol
import Synchronization

/// What this process says to ackpipe: answers are collected, and many of them leave with one write.
///
/// Whoever is about to wait for something calls `flush` first (protocol.md, F6), and a thread calls it soon after the first
/// answer came in, so that no answer waits for work that takes long.
final class Outbox: Sendable {
    /// Ids in one `ack` at most: a frame stays small whatever limit `hello` told.
    private static let idsInOneFrame = 1000

    private struct State {
        var acks: [UInt64] = []
        var frames = OutboundBuffer()
        var encoder: HandlerFrameEncoder
        /// Something waits to be written.
        var isArmed = false
        /// Nothing can be written any more.
        var isClosed = false
    }

    private let state: Monitor<State>
    /// Held while bytes are written, so that one frame is behind the other; and the block that is written.
    private let writing = Mutex(OutboundBuffer())
    private let write: @Sendable (Span<UInt8>) -> Bool

    /// Answers go to `write`, which takes all bytes and answers false when nobody reads any more.
    init(framing: Framing, write: @escaping @Sendable (Span<UInt8>) -> Bool) {
        state = Monitor(State(encoder: HandlerFrameEncoder(framing: framing)))
        self.write = write
    }

    /// How frames are told apart.
    var framing: Framing { state.withLock { $0.encoder.framing } }

    /// What `hello` said of frames, and the session if it is chosen.
    func agree(maxFrameBytes: Int, session: String?) {
        state.withLock {
            $0.encoder.maxFrameBytes = maxFrameBytes
            $0.encoder.session = session
        }
    }

    /// An answer of success; answers how many wait now.
    @discardableResult
    func ack(_ id: UInt64) -> Int {
        state.withLock { state in
            state.acks.append(id)
            state.isArmed = true
            return state.acks.count
        }
    }

    /// Any other frame; throws where it is larger than `hello` lets it be.
    func send(
        _ encode: (HandlerFrameEncoder, inout OutboundBuffer) throws -> Void
    ) throws {
        try state.withLock { state in
            try encode(state.encoder, &state.frames)
            state.isArmed = true
        }
    }

    /// Writes all that waits. Blocks while the pipe is full, which ackpipe does not let it be for long.
    func flush() {
        writing.withLock { block in
            let hasBytes = state.withLock { state in
                state.isArmed = false
                guard !state.isClosed else {
                    state.acks = []
                    state.frames.consume(state.frames.pendingCount)
                    return false
                }
                Self.encodeAcks(&state)
                swap(&state.frames, &block)
                return block.pendingCount > 0
            }
            guard hasBytes else { return }
            let isOpen = block.withPending { write($0) }
            block.consume(block.pendingCount)
            if !isOpen { state.withLock { $0.isClosed = true } }
        }
    }

    private static func encodeAcks(_ state: inout State) {
        var rest = state.acks[...]
        var count = idsInOneFrame
        while !rest.isEmpty {
            do throws(EncodingFailure) {
                try state.encoder.ack(rest.prefix(count), into: &state.frames)
                rest = rest.dropFirst(count)
            } catch {
                // A single id fits every limit that a bridge may tell.
                if count == 1 { break }
                count = 1
            }
        }
        state.acks.removeAll(keepingCapacity: true)
    }

    /// Writes what waits, and nothing after that.
    func close() {
        flush()
        state.withLock { $0.isClosed = true }
    }

    /// For a thread of its own: writes soon after something came in, until `close`.
    func flushInTime(_ delay: Duration) {
        while true {
            let hasWork: Bool? = state.wait { state in
                if state.isArmed { return true }
                return state.isClosed ? false : nil
            }
            guard hasWork == true else { return }
            // Asleep, and not waiting: an answer that comes meanwhile wakes nobody.
            usleep(UInt32(delay.milliseconds * 1000))
            flush()
        }
    }
}
