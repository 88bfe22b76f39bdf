import HandlerProtocol

/// Verdicts as a busy handler writes them, many frames a read, into frames of the protocol.
struct Decoding: Scenario {
    enum Kind {
        /// One frame a record.
        case ack
        /// One frame for 100 records; each counts.
        case ackMany
        /// One frame for a batch; each frame counts as one.
        case result
    }

    private static let firstID: UInt64 = 1_000_000
    private static let idsOfAFrame: UInt64 = 100

    private let kind: Kind
    /// What one read brings.
    private let chunk: [UInt8]
    /// What counts as records in it, and the sum of the ids that they name.
    private let recordsOfAChunk: Int
    private let sumOfAChunk: UInt64
    private var reader = FrameReader(framing: .length, maxFrameBytes: 64 << 20)
    private var conversation: HandlerConversation
    private var ids: [UInt64] = []
    private var records = 0
    private var sum: UInt64 = 0
    private var error: ProtocolError?

    init(_ kind: Kind) {
        self.kind = kind
        var chunk: [UInt8] = []
        var sum: UInt64 = 0
        var records = 0
        for number in 0..<UInt64(kind == .ackMany ? 4 : 50) {
            let id = Self.firstID + number
            switch kind {
            case .ack: chunk += Self.frame("{\"type\":\"ack\",\"id\":\(id)}")
            case .result: chunk += Self.frame("{\"type\":\"result\",\"id\":\(id),\"failed\":[]}")
            case .ackMany:
                let ids = (0..<Self.idsOfAFrame).map { id * Self.idsOfAFrame + $0 }
                chunk += Self.frame("{\"type\":\"ack\",\"ids\":[\(ids.map(String.init).joined(separator: ","))]}")
                sum += ids.reduce(0, +)
                records += ids.count
                continue
            }
            sum += id
            records += 1
        }
        self.chunk = chunk
        sumOfAChunk = sum
        recordsOfAChunk = records
        let hello = Hello(
            bridge: "ackpipe/0", worker: 0, service: "s", group: "g", topics: ["orders"], mode: .message,
            maxInFlight: 64, maxFrameBytes: 64 << 20, ackTimeoutMilliseconds: 300_000, maxExtendMilliseconds: 3_600_000,
            readyTimeoutMilliseconds: 30_000, cancelGraceMilliseconds: 5_000, features: [], session: "5d41402abc4b2a76")
        conversation = HandlerConversation(offer: .init(hello: hello))
        reader.append(Self.frame("{\"type\":\"ready\",\"protocol\":1,\"name\":\"hot path\"}").span)
        takeFrames()
    }

    private static func frame(_ body: String) -> [UInt8] {
        let count = body.utf8.count
        return [0, 0, UInt8(count >> 8), UInt8(count & 0xFF)] + Array(body.utf8)
    }

    mutating func run(_ records: Int) {
        let end = self.records + records
        // A span of a field would hold on to all of them.
        let chunk = chunk
        while self.records < end, error == nil {
            reader.append(chunk.span)
            takeFrames()
        }
    }

    private mutating func takeFrames() {
        // In a local variable, since the reader is busy while it asks.
        var conversation = conversation
        defer { self.conversation = conversation }
        do throws(ProtocolError) {
            while true {
                takeAcknowledgements(conversation)
                let frame = try reader.next { body throws(ProtocolError) in try conversation.receive(body) }
                guard let frame else { return }
                take(frame)
            }
        } catch { self.error = error }
    }

    /// As the service does: most frames are acknowledgements, and need no value of a frame.
    private mutating func takeAcknowledgements(_ conversation: HandlerConversation) {
        guard conversation.acceptsPlainAcknowledgements else { return }
        while let found = reader.nextAcknowledgement(ids: &ids) {
            switch found {
            case .id(let id), .through(let id):
                sum &+= id
                records += 1
            case .ids:
                for id in ids { sum &+= id }
                records += ids.count
            }
        }
    }

    private mutating func take(_ frame: HandlerFrame) {
        switch frame {
        case .ack(.id(let id), _), .result(let id, _, _):
            sum &+= id
            records += 1
        case .ack(.ids(let ids), _):
            for id in ids { sum &+= id }
            records += ids.count
        default: break
        }
    }

    mutating func fault(after records: Int) -> String? {
        if let error { return "\(error)" }
        if self.records != records { return "\(self.records) verdicts, not \(records)" }
        let expected = sumOfAChunk &* UInt64(records / recordsOfAChunk)
        return sum == expected ? nil : "the ids add up to \(sum), not \(expected)"
    }
}
