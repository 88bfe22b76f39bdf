import DeliveryCore
import HandlerProtocol
import Handlers
import Observability

/// What the runner keeps for one running handler process: its pipes' state, and what was written and not yet sent.
final class WorkerConnection {
    let index: WorkerIndex
    /// Grows with each process at this place of the pool.
    let life: UInt32
    let process: WorkerProcess
    @CheckedInDebug var outbound = OutboundBuffer()
    @CheckedInDebug var reader: FrameReader
    @CheckedInDebug var conversation: HandlerConversation
    var logs: [LogLineAssembler]
    var logLimit: RateLimiter
    @CheckedInDebug var marks = WriteMarks()

    /// It stands in the list of those that may have bytes to be written.
    var isToBeFlushed = false
    /// The poller tells when the input takes bytes again.
    var awaitsInput = false
    /// The input is closed when the buffer is empty.
    var closesWhenEmpty = false
    var isInputClosed = false
    var isOutputClosed = false
    /// The handler closed its stdout and still runs.
    var outputClosedAt: Instant?
    /// Since when the handler's stdin is closed from its side.
    var inputRefusedAt: Instant?
    /// Since when a frame is unfinished.
    var unfinishedSince: Instant?
    /// Nothing that it says counts any more.
    var isBroken = false
    /// What it did against the protocol, for the dead letter of a record that it was at.
    var brokenRule: String?

    init(
        index: WorkerIndex, life: UInt32, process: WorkerProcess, reader: FrameReader,
        conversation: HandlerConversation
    ) {
        self.index = index
        self.life = life
        self.process = process
        self.reader = reader
        self.conversation = conversation
        logs = process.logDescriptors.map { _ in LogLineAssembler() }
        // A handler that floods its stderr costs the log a thousand lines a second at most; the rest is counted.
        logLimit = RateLimiter(perSecond: 1_000, burst: 2_000)
    }

    /// The handler's last lines on its log streams, for the report of its end.
    var lastLines: [String] { logs.flatMap(\.tail) }
}

/// Where each delivery's frame ends in the stream of bytes to one worker, so that its clock starts when it is written.
struct WriteMarks {
    private var marks: [(id: UInt64, end: UInt64)] = []
    private var first = 0
    private(set) var writtenThrough: UInt64 = 0
    /// The last delivery whose frame stands in the stream; ids only grow.
    private(set) var lastAdded: UInt64 = 0

    /// How many marks are kept.
    var count: Int { marks.count }

    mutating func add(id: UInt64, end: UInt64) {
        marks.append((id, end))
        lastAdded = id
    }

    /// Every byte before `position` has been written.
    mutating func advance(to position: UInt64) {
        while first < marks.count, marks[first].end <= position {
            writtenThrough = marks[first].id
            first += 1
        }
        if first > 1_024, first * 2 > marks.count {
            marks.removeSubrange(..<first)
            first = 0
        } else if first == marks.count {
            marks.removeAll(keepingCapacity: true)
            first = 0
        }
    }
}
