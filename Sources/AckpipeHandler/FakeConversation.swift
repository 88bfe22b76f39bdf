import DeliveryCore
import HandlerProtocol

/// One conversation of a `FakeBridge`: all frames are written before the first answer is looked at, and the input ends as
/// soon as all verdicts are there.
final class FakeConversation: Sendable {
    private struct State {
        /// What the handler has not read yet.
        var rest: [UInt8] = []
        var reader: FrameReader
        var conversation: HandlerConversation
        /// By id; nil where there is no verdict yet.
        var verdicts: [[FakeBridge.Verdict]?]
        var breach: String?
        var hasRefused = false
        var hasTimedOut = false

        var isDone: Bool { breach != nil || hasRefused || verdicts.allSatisfy { $0 != nil } }
    }

    /// How many records each delivery has, by id from 1.
    private let sizes: [Int]
    private let isBatch: Bool
    private let timeLimit: Duration
    private let state: Monitor<State>

    init(_ bridge: FakeBridge, _ records: [Record]) {
        let size = bridge.batchSize ?? 1
        sizes = stride(from: 0, to: records.count, by: size).map { min(size, records.count - $0) }
        isBatch = bridge.batchSize != nil
        timeLimit = bridge.timeLimit
        let framing: Framing = bridge.usesLines ? .lines : .length
        let hello = Hello(
            bridge: "fake/1", worker: 0, service: "test", group: "test", topics: ["topic"],
            mode: isBatch ? .batch : .message, maxInFlight: max(64, sizes.count),
            maxFrameBytes: Framing.largestFrameLimit, ackTimeoutMilliseconds: 300_000,
            maxExtendMilliseconds: 3_600_000, readyTimeoutMilliseconds: 30_000, cancelGraceMilliseconds: 5_000,
            features: ["cancel", "ping", "session"], session: String(repeating: "0", count: 32))
        state = Monitor(
            State(
                reader: FrameReader(framing: framing, maxFrameBytes: Framing.largestFrameLimit),
                conversation: HandlerConversation(offer: HandlerConversation.Offer(hello: hello)),
                verdicts: Array(repeating: nil, count: sizes.count)))
        var buffer = OutboundBuffer()
        var encoder = FrameEncoder(
            framing: framing, maxFrameBytes: Framing.largestFrameLimit, keyForm: .auto, valueForm: .auto)
        encoder.hello(hello, into: &buffer)
        var problem: String?
        do throws(EncodingFailure) {
            try write(records, &encoder, &buffer)
        } catch {
            problem = "a record cannot be delivered: \(error)"
        }
        if !bridge.cancelled.isEmpty {
            let ids = bridge.cancelled.sorted().map { UInt64($0 + 1) }
            encoder.cancel(ids: ids, reason: .revoked, into: &buffer)
        }
        let bytes = buffer.withPending { span in span.indices.map { span[$0] } }
        state.withLock {
            $0.rest = bytes
            $0.breach = problem
        }
    }

    private func write(
        _ records: [Record], _ encoder: inout FrameEncoder, _ buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        var next = 0
        for (number, size) in sizes.enumerated() {
            let id = UInt64(number + 1)
            if isBatch { encoder.beginBatch(id: id, shared: SharedMembers(), into: &buffer) }
            for _ in 0..<size {
                let record = records[next].decoded
                next += 1
                let place = RecordPlace(
                    topic: QuotedTopic(record.topic), partition: record.partition, offset: record.offset,
                    timestamp: record.timestamp, timestampType: .create)
                if isBatch {
                    encoder.beginRecord(
                        attempt: record.attempt, redelivered: record.isRedelivered, place: place, into: &buffer)
                } else {
                    encoder.beginMessage(
                        id: id, attempt: record.attempt, redelivered: record.isRedelivered, place: place, into: &buffer)
                }
                try fields(record, &encoder, &buffer)
                if isBatch { try encoder.endRecord(into: &buffer) } else { try encoder.endMessage(into: &buffer) }
            }
            if isBatch { try encoder.endBatch(into: &buffer) }
        }
    }

    private func fields(
        _ record: BridgeRecord, _ encoder: inout FrameEncoder, _ buffer: inout OutboundBuffer
    ) throws(EncodingFailure) {
        if let key = record.key.bytes {
            try encoder.key(key.span, into: &buffer)
        } else {
            try encoder.key(nil, into: &buffer)
        }
        if let value = record.value.bytes {
            try encoder.value(value.span, into: &buffer)
        } else {
            try encoder.value(nil, into: &buffer)
        }
        for header in record.headers {
            if let value = header.value {
                try encoder.header(name: header.name.span, value: value.span, into: &buffer)
            } else {
                try encoder.header(name: header.name.span, value: nil, into: &buffer)
            }
        }
    }

    /// The handler's end of the pipes.
    var transport: Transport {
        Transport(
            read: { reader in
                let limit = self.timeLimit
                let part: [UInt8]? = self.state.wait(atMost: limit) { state in
                    if state.breach != nil { return [] }
                    if !state.rest.isEmpty {
                        let part = Array(state.rest.prefix(64 * 1024))
                        state.rest.removeFirst(part.count)
                        return part
                    }
                    return state.isDone ? [] : nil
                }
                guard let part else {
                    self.state.withLock { $0.hasTimedOut = true }
                    return .end
                }
                if part.isEmpty { return .end }
                reader.append(part.span)
                return .bytes
            },
            write: { bytes in
                self.state.withLock { state in self.take(bytes, &state) }
                return true
            })
    }

    private func take(_ bytes: Span<UInt8>, _ state: inout State) {
        state.reader.append(bytes)
        while state.breach == nil {
            do throws(ProtocolError) {
                let conversation = state.conversation
                let received = try state.reader.next { (body) throws(ProtocolError) in
                    var after = conversation
                    let frame = try after.receive(body)
                    return (frame, after)
                }
                guard let (frame, after) = received else { return }
                state.conversation = after
                judge(frame, &state)
            } catch {
                state.breach = "\(error)"
            }
        }
    }

    private func judge(_ frame: HandlerFrame, _ state: inout State) {
        switch frame {
        case .ack(.id(let id), _): settle(id, &state) { Array(repeating: .ack, count: $0) }
        case .ack(.ids(let ids), _):
            for id in ids { settle(id, &state) { Array(repeating: .ack, count: $0) } }
        case .nack(let id, let detail): settle(id, &state) { Array(repeating: Self.verdict(detail), count: $0) }
        case .result(let id, let failed, _):
            guard isBatch else { return state.breach = "V6: a result for a message" }
            settle(id, &state) { count in
                var verdicts = Array(repeating: FakeBridge.Verdict.ack, count: count)
                for failure in failed where failure.index < count {
                    verdicts[failure.index] = Self.verdict(failure.detail)
                }
                return verdicts
            }
        case .initError(let error):
            state.hasRefused = true
            state.breach = "it refused to start: \(error)"
        default: break
        }
    }

    private func settle(_ id: UInt64, _ state: inout State, _ verdicts: (Int) -> [FakeBridge.Verdict]) {
        guard id >= 1, id <= UInt64(sizes.count) else { return state.breach = "V3: id \(id) was never issued" }
        let place = Int(id) - 1
        if state.verdicts[place] != nil { return state.breach = "V1: a second verdict for id \(id)" }
        state.verdicts[place] = verdicts(sizes[place])
    }

    private static func verdict(_ detail: FailureDetail) -> FakeBridge.Verdict {
        switch detail.action {
        case .retry: .retry(detail.error, after: detail.delayMilliseconds.map { .milliseconds($0) })
        case .reject: .reject(detail.error)
        case .skip: .skip(detail.error)
        case .release: .release
        }
    }

    func breach(_ text: String) { state.withLock { $0.breach = $0.breach ?? text } }

    /// Runs the handler's side; what breaks it is a breach too.
    func play(_ body: () throws -> Void) throws {
        do { try body() } catch let broken as BrokenConversation { breach(broken.description) }
    }

    /// The same for one that waits.
    func play(_ body: () async throws -> Void) async throws {
        do { try await body() } catch let broken as BrokenConversation { breach(broken.description) }
    }

    /// What became of each record. Waits for the last answers, which may come after the loop has ended.
    func verdicts() throws(FakeBridge.Breach) -> [FakeBridge.Verdict] {
        let _: Bool? = state.wait(atMost: timeLimit) { $0.isDone || $0.hasTimedOut ? true : nil }
        let (verdicts, breach) = state.withLock { ($0.verdicts, $0.breach) }
        if let breach { throw FakeBridge.Breach(description: breach) }
        let missing = verdicts.indices.filter { verdicts[$0] == nil }.map { $0 + 1 }
        if !missing.isEmpty { throw FakeBridge.Breach(description: "no verdict within the time for \(missing)") }
        return verdicts.flatMap { $0 ?? [] }
    }
}
