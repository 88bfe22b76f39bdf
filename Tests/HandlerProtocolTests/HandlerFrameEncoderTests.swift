import DeliveryCore
import Testing

@testable import HandlerProtocol

@Suite struct HandlerFrameEncoderTests {
    private func written(
        _ framing: Framing = .length, limit: Int = 1 << 26, session: String? = nil,
        _ write: (HandlerFrameEncoder, inout OutboundBuffer) throws -> Void
    ) throws -> [HandlerFrame] {
        var buffer = OutboundBuffer()
        try write(HandlerFrameEncoder(framing: framing, maxFrameBytes: limit, session: session), &buffer)
        return try bodies(pending(buffer), framing: framing).map { try decode($0) }
    }

    @Test("Each frame is read by the bridge as it was meant", arguments: Framing.allCases)
    func roundTrip(framing: Framing) throws {
        let detail = FailureDetail(error: "no \"such\"\n\u{2028}\u{0} ü", action: .reject, delayMilliseconds: 7)
        let frames: [HandlerFrame] = [
            .ready(Ready(protocolVersion: 1, name: "ü/1", features: ["cancel"], concurrency: 3, maxInFlight: 9)),
            .ready(Ready(protocolVersion: 1, name: "")), .initError("no \u{85} database"),
            .ack(.id(1), hasOutputs: false), .ack(.ids([1, 1 << 52]), hasOutputs: false), .nack(id: 2, detail),
            .nack(id: 2, FailureDetail()),
            .result(
                id: 3, failed: [RecordFailure(index: 0, detail: detail), RecordFailure(index: 9)], hasOutputs: false),
            .extend(id: 4, milliseconds: 60_000), .pause(milliseconds: nil), .pause(milliseconds: 5), .resume,
            .log(
                LogFrame(
                    level: .warn, message: "m\t", fields: [.init(name: "b", value: "2"), .init(name: "a", value: "3")])),
            .metric(MetricFrame(name: "m", kind: .gauge, value: -1.5e300, labels: [.init(name: "l", value: "v\"")])),
            .pong(nonce: "n"),
        ]
        for frame in frames {
            let read = try written(framing) { encoder, buffer in
                switch frame {
                case .ready(let ready): try encoder.ready(ready, into: &buffer)
                case .initError(let error): try encoder.initError(error, into: &buffer)
                case .ack(.id(let id), _): try encoder.ack([id], into: &buffer)
                case .ack(.ids(let ids), _): try encoder.ack(ids[...], into: &buffer)
                case .ack(.through, _): Issue.record("no frame for it")
                case .nack(let id, let detail): try encoder.nack(id: id, detail, into: &buffer)
                case .result(let id, let failed, _): try encoder.result(id: id, failed: failed, into: &buffer)
                case .extend(let id, let ms): try encoder.extend(id: id, milliseconds: ms, into: &buffer)
                case .pause(let ms): try encoder.pause(milliseconds: ms, into: &buffer)
                case .resume: try encoder.resume(into: &buffer)
                case .log(let log): try encoder.log(log, into: &buffer)
                case .metric(let metric): try encoder.metric(metric, into: &buffer)
                case .pong(let nonce): try encoder.pong(nonce: nonce, into: &buffer)
                }
            }
            #expect(read == [frame])
        }
    }

    @Test("The session stands in every frame where it is chosen")
    func session() throws {
        var buffer = OutboundBuffer()
        let encoder = HandlerFrameEncoder(framing: .lines, session: "f0")
        try encoder.ack([1], into: &buffer)
        #expect(String(decoding: pending(buffer), as: UTF8.self) == "{\"type\":\"ack\",\"id\":1,\"session\":\"f0\"}\n")
    }

    @Test("A frame over the limit is taken back, and what stood before it stays")
    func tooLarge() throws {
        let frames = try written(limit: 40) { encoder, buffer in
            try encoder.ack([1], into: &buffer)
            #expect(throws: EncodingFailure.tooLarge(bytes: 64, limit: 40)) {
                try encoder.nack(id: 2, FailureDetail(error: "0123456789012345678901234567890"), into: &buffer)
            }
            try encoder.ack([3], into: &buffer)
        }
        #expect(frames == [.ack(.id(1), hasOutputs: false), .ack(.id(3), hasOutputs: false)])
    }

    @Test("A field that is given twice is written once, with its last value")
    func repeatedField() throws {
        let frames = try written { encoder, buffer in
            let fields = [("a", "1"), ("b", "2"), ("a", "3")].map { LogFrame.Field(name: $0, value: $1) }
            try encoder.log(LogFrame(level: .info, message: "m", fields: fields), into: &buffer)
        }
        #expect(
            frames == [
                .log(
                    LogFrame(
                        level: .info, message: "m",
                        fields: [.init(name: "b", value: "2"), .init(name: "a", value: "3")]))
            ])
    }
}
