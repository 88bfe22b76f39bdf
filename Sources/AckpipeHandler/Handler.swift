import Glibc
import HandlerProtocol

/// A handler for ackpipe. Call one of these functions from the program's `main`, before anything is printed:
///
///     Handler.serve { record in
///         try charge(record.valueText)      // returns: acknowledged; throws: delivered again
///     }
///
/// It takes the protocol's descriptors away from stdin and stdout, so that what is printed anywhere in the program is a line
/// in ackpipe's log, and serves until ackpipe closes the pipe; then it returns. The program then ends, with exit code 0.
///
/// What is no frame of ackpipe's ends the process with a text on stderr and exit code 76 (EX_PROTOCOL), and so does, with 64
/// (EX_USAGE), a start without ackpipe.
///
/// `setup` runs once, before the first record: if it throws, ackpipe is told why, waits, and tries again with a new process.
public enum Handler {
    /// Serves records one after the other, on the calling thread. A thrown error is a failed attempt: `Retry`, `Reject`,
    /// `Skip` and `Release` say what else is to be done. In batch mode each batch is handed over record by record, up to the
    /// first failure.
    public static func serve(
        _ options: HandlerOptions = HandlerOptions(), setup: (@Sendable (Bridge) throws -> Void)? = nil,
        _ handle: (Record) throws -> Void
    ) {
        serve(options, setup: setup) { (record: Record, _: Delivery) in try handle(record) }
    }

    /// The same with the delivery, for deadlines and `Bridge`.
    public static func serve(
        _ options: HandlerOptions = HandlerOptions(), setup: (@Sendable (Bridge) throws -> Void)? = nil,
        _ handle: (Record, Delivery) throws -> Void
    ) {
        inOrder(options, setup) { Attempt.records($0, handle) }
    }

    /// Serves batches one after the other, on the calling thread. A thrown error is the failure of the whole batch; the
    /// outcome can name single records. In message mode each batch has one record.
    public static func serveBatches(
        _ options: HandlerOptions = HandlerOptions(), setup: (@Sendable (Bridge) throws -> Void)? = nil,
        _ handle: (Batch) throws -> BatchOutcome
    ) {
        inOrder(options, setup) { Attempt.batch($0, handle) }
    }

    /// Serves so many records at a time, each on a thread of its own: for code that blocks. `--order` and `--lane-window` say
    /// what may run at the same time; with a window above 1 the order within a lane is yours to keep.
    public static func serve(
        concurrency: Int, _ options: HandlerOptions = HandlerOptions(),
        setup: (@Sendable (Bridge) throws -> Void)? = nil, _ handle: @escaping @Sendable (Record) throws -> Void
    ) {
        serve(concurrency: concurrency, options, setup: setup) { (record: Record, _: Delivery) in try handle(record) }
    }

    /// The same with the delivery.
    public static func serve(
        concurrency: Int, _ options: HandlerOptions = HandlerOptions(),
        setup: (@Sendable (Bridge) throws -> Void)? = nil,
        _ handle: @escaping @Sendable (Record, Delivery) throws -> Void
    ) {
        orExit { () throws(BrokenConversation) in
            try serving(options, concurrency, setup).onThreads { Attempt.records($0, handle) }
        }
    }

    /// Serves so many batches at a time, each on a thread of its own.
    public static func serveBatches(
        concurrency: Int, _ options: HandlerOptions = HandlerOptions(),
        setup: (@Sendable (Bridge) throws -> Void)? = nil,
        _ handle: @escaping @Sendable (Batch) throws -> BatchOutcome
    ) {
        orExit { () throws(BrokenConversation) in
            try serving(options, concurrency, setup).onThreads { Attempt.batch($0, handle) }
        }
    }

    private static func inOrder(
        _ options: HandlerOptions, _ setup: Session.Setup?, _ attempt: (Delivery) -> Void
    ) {
        orExit { () throws(BrokenConversation) in
            let serving = try serving(options, 1, setup)
            if options.readsWhileWorking { try serving.readingAhead(attempt) } else { try serving.inTurn(attempt) }
        }
    }

    static func serving(
        _ options: HandlerOptions, _ concurrency: Int, _ setup: Session.Setup?
    ) throws(BrokenConversation) -> Serving {
        let framing: Framing
        let transport: Transport
        do throws(BrokenConversation) {
            (framing, transport) = try ProtocolPipes.take()
        } catch {
            leave(error, usageError)
        }
        return Serving(
            options: options, concurrency: concurrency, framing: framing, transport: transport, setup: setup)
    }

    /// EX_USAGE and EX_PROTOCOL of sysexits.h.
    private static var usageError: Int32 { 64 }
    private static var protocolError: Int32 { 76 }

    static func leave(_ error: BrokenConversation, _ code: Int32? = nil) -> Never {
        Complaint.write(error.description)
        exit(code ?? protocolError)
    }

    private static func orExit(_ body: () throws(BrokenConversation) -> Void) {
        do throws(BrokenConversation) { try body() } catch { leave(error) }
    }
}
