import Glibc
import Handlers
import Reactor
import Testing

/// What a child wrote until it ended.
struct Finished {
    var output: [UInt8] = []
    var logs: [[UInt8]] = []
    var status: Handlers.ExitStatus?

    var text: String { String(decoding: output, as: UTF8.self) }
    var log: String { String(decoding: logs.last ?? [], as: UTF8.self) }
}

/// A wait that took too long, with what was seen until then.
struct TookTooLong: Error, CustomStringConvertible {
    let description: String
}

/// An environment with nothing but where the programs are.
let plainEnvironment = ["PATH=/usr/local/bin:/usr/bin:/bin"]

func command(
    _ arguments: [String], environment: [String] = plainEnvironment, channel: Channel = .standardStreams
) -> HandlerCommand {
    HandlerCommand(arguments: arguments, environment: environment, channel: channel)
}

/// Launches a shell script.
func shell(_ script: String, channel: Channel = .standardStreams) -> HandlerCommand {
    command(["sh", "-c", script], channel: channel)
}

/// Runs a command to its end as the daemon does, with one poller: feeds it `input`, closes its input, takes all that
/// it writes. Throws after 30 seconds.
func run(_ command: HandlerCommand, input: [UInt8] = [], guardedBy guardian: Guard? = nil) throws -> Finished {
    let worker = try launchWhenWritten(command, guardedBy: guardian)
    defer { worker.close() }
    return try talk(to: worker, input: input)
}

/// Launches a script that this test has just written.
///
/// Another test's child may hold a copy of the descriptor that wrote it until it has execed; the kernel then says
/// ETXTBSY, and a moment later does not.
func launchWhenWritten(
    _ command: HandlerCommand, guardedBy guardian: Guard? = nil
) throws(LaunchError) -> WorkerProcess {
    for _ in 0..<1_000 {
        do {
            return try WorkerProcess.launch(command, guardedBy: guardian)
        } catch .failed(let error, _) where error.errno == ETXTBSY {
            sched_yield()
        }
    }
    return try WorkerProcess.launch(command, guardedBy: guardian)
}

private enum Token {
    static let input: UInt64 = 0
    static let exit: UInt64 = 1
    static let output: UInt64 = 2
    static let log: UInt64 = 3
}

func talk(to worker: WorkerProcess, input: [UInt8] = []) throws -> Finished {
    let poller = try Poller()
    var finished = Finished(logs: worker.logDescriptors.map { _ in [] })
    var buffer = ReadBuffer(capacity: 256 << 10)
    var written = 0
    var open = Set([Token.output, Token.exit] + worker.logDescriptors.indices.map { Token.log + UInt64($0) })
    try poller.add(worker.inputDescriptor, token: Token.input, reading: false, writing: true)
    try poller.add(worker.exitDescriptor, token: Token.exit, reading: true, writing: false)
    try poller.add(worker.outputDescriptor, token: Token.output, reading: true, writing: false)
    for (index, descriptor) in worker.logDescriptors.enumerated() {
        try poller.add(descriptor, token: Token.log + UInt64(index), reading: true, writing: false)
    }
    let deadline = MonotonicClock.nanoseconds() + 30_000_000_000
    var ready: [Readiness] = []
    while !open.isEmpty {
        try poller.wait(timeoutMilliseconds: 1_000, into: &ready)
        guard MonotonicClock.nanoseconds() < deadline else {
            throw TookTooLong(
                description: "after 30 s still open: \(open.sorted()); written \(written) of \(input.count) bytes, "
                    + "read \(finished.output.count), log: \(finished.log.suffix(500))")
        }
        for event in ready {
            switch event.token {
            case Token.input:
                let rest = input[written...]
                let moved = worker.write(rest.span.bytes)
                if case .bytes(let count) = moved { written += count }
                if written == input.count || moved == .endOfFile {
                    try poller.remove(worker.inputDescriptor)
                    worker.closeInput()
                }
            case Token.exit:
                finished.status = worker.collectExit()
                if finished.status != nil {
                    try poller.remove(worker.exitDescriptor)
                    open.remove(Token.exit)
                }
            case Token.output:
                try take(event, worker.read(into: &buffer), &finished.output, worker.outputDescriptor)
            default:
                let index = Int(event.token - Token.log)
                let moved = worker.readLog(index, into: &buffer)
                try take(event, moved, &finished.logs[index], worker.logDescriptors[index])
            }
        }
    }
    return finished

    func take(_ event: Readiness, _ moved: Transfer, _ bytes: inout [UInt8], _ descriptor: Int32) throws {
        switch moved {
        case .bytes: buffer.withBytes { block in block.withUnsafeBytes { bytes.append(contentsOf: $0) } }
        case .wouldBlock: break
        case .endOfFile:
            try poller.remove(descriptor)
            open.remove(event.token)
        case .failed(let error): throw error
        }
    }
}

/// Asks until the answer is yes, for at most 10 seconds; then fails with what `seen` tells.
func eventually(_ seen: () -> String, _ condition: () -> Bool) throws {
    let poller = try Poller()
    let deadline = MonotonicClock.nanoseconds() + 10_000_000_000
    var ready: [Readiness] = []
    while !condition() {
        guard MonotonicClock.nanoseconds() < deadline else { throw TookTooLong(description: "after 10 s: \(seen())") }
        try poller.wait(timeoutMilliseconds: 5, into: &ready)
    }
}
