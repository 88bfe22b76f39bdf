import Conformance
import HandlerProtocol

/// A judge that is told what a bridge and a handler do, without either of them.
struct Play {
    static let session = "9f86d081884c7d659a2feaa0c55ad015"

    /// Made once: there are thousands of records in them.
    private static let sessions = SessionTable.sessions(
        [.message, .batch], records: RecordSource(), maxFrameBytes: 1 << 16)

    var judge: Judge
    let session: Session
    let framing: Framing
    var now: Int64 = 0
    private var nextID: UInt64 = 1

    init(_ name: String = "plain", framing: Framing = .length, maxFrameBytes: Int = 1 << 20) throws {
        session = Play.sessions.first { $0.name == name } ?? Play.sessions[0]
        self.framing = framing
        let hello = session.hello(
            maxFrameBytes: maxFrameBytes, readyTimeoutMilliseconds: 30_000, session: Play.session, framing)
        judge = Judge(
            session, hello: hello, sessionNumber: Play.session, framing: framing, maxFrameBytes: maxFrameBytes, now: 0)
    }

    /// The deliveries of the session's script, in order.
    var deliveries: [Delivery] {
        session.steps.flatMap { step -> [Delivery] in
            if case .deliver(let list, _) = step { list } else { [] }
        }
    }

    /// Hands out the next deliveries of the script.
    mutating func issue(_ count: Int = 1) {
        for _ in 0..<count {
            let delivery = deliveries[Int(nextID) - 1]
            judge.issue(nextID, delivery, delivery.body(id: nextID, framing), now: now)
            nextID += 1
        }
    }

    /// The handler writes a frame with this body.
    mutating func write(_ body: String) { judge.read(framing.frame(Array(body.utf8)), now: now) }

    mutating func writeRaw(_ bytes: [UInt8]) { judge.read(bytes, now: now) }

    mutating func ready() { write(#"{"type":"ready","protocol":1,"name":"t"}"#) }

    mutating func end(_ exit: HandlerExit = .exited(0)) {
        judge.closedInput()
        judge.exited(exit)
        judge.outputEnded()
        judge.conclude()
    }

    /// The session's time is over, then comes what `late` writes, then the end.
    mutating func giveUp(_ late: (inout Play) -> Void = { _ in }, exit: HandlerExit = .exited(0)) {
        now += 30_000_000_000
        judge.giveUp(now: now, window: 1_000_000_000)
        late(&self)
        judge.exited(exit)
        judge.outputEnded()
        judge.conclude()
    }

    var broken: [String] { judge.findings.map(\.rule) }
}
