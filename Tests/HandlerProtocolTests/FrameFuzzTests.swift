import Testing

@testable import HandlerProtocol

/// Any byte string on a worker's stdout is ordinary input: it decodes or is an error, and never a crash.
@Suite struct FrameFuzzTests {
    private static let samples = [
        "{\"type\":\"ready\",\"protocol\":1,\"name\":\"h\",\"features\":[\"ping\"],\"concurrency\":8,\"session\":\"ab\"}",
        "{\"type\":\"init_error\",\"error\":\"no database\"}", "{\"type\":\"ack\",\"id\":1}",
        "{\"type\":\"ack\",\"ids\":[2,3,5]}", "{\"type\":\"ack\",\"through\":64}",
        "{\"type\":\"nack\",\"id\":4,\"error\":\"\\ud83d\\ude00 é\",\"action\":\"retry\",\"delay_ms\":1.5e3}",
        "{\"type\":\"result\",\"id\":1,\"failed\":[{\"index\":1,\"error\":\"t\"},{\"index\":2,\"action\":\"skip\"}]}",
        "{\"type\":\"ack\",\"id\":1,\"produce\":[{\"topic\":\"t\",\"value\":null,\"headers\":[]}]}",
        "{\"type\":\"extend\",\"id\":12,\"ms\":60000}", "{\"type\":\"pause\",\"ms\":30000}", "{\"type\":\"resume\"}",
        "{\"type\":\"log\",\"level\":\"warn\",\"message\":\"slow\",\"fields\":{\"a\":[1,{\"b\":null}],\"c\":\"d\"}}",
        "{\"type\":\"metric\",\"name\":\"a_b\",\"kind\":\"histogram\",\"value\":-1.5e-3,\"labels\":{\"x\":\"y\"}}",
        "{\"type\":\"pong\",\"nonce\":\"5d41402a\"}",
    ]
    private static let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "null", "true", "1e999", "-", "0",
        "9007199254740992",
        "1e-400", "\"type\"", "\"ack\"", "\"id\":", "\u{0}", "\n", "\r", "\u{2028}", "\u{FEFF}", "[[[[[[[[", "x_", ".",
    ]

    private func mutated(_ generator: inout SeededGenerator) -> [UInt8] {
        if Int.random(in: 0..<10, using: &generator) == 0 {
            return (0..<Int.random(in: 0...64, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
        }
        var bytes = Array((Self.samples.randomElement(using: &generator) ?? "").utf8)
        for _ in 0..<Int.random(in: 0...4, using: &generator) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[at] = .random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(.random(in: 0...255, using: &generator), at: at)
            case 3: bytes.insert(contentsOf: (Self.tokens.randomElement(using: &generator) ?? "").utf8, at: at)
            case 4: bytes.removeLast(bytes.count - at)
            default: bytes += bytes[at...]
            }
        }
        return bytes
    }

    /// What a reader fed in `pieces` makes of the stream: each frame, then the error, if any.
    private func outcome(_ pieces: [ArraySlice<UInt8>], _ framing: Framing) -> ([HandlerFrame], ProtocolError.Rule?) {
        var reader = FrameReader(framing: framing, maxFrameBytes: 4_096)
        let decoder = HandlerFrameDecoder()
        var frames: [HandlerFrame] = []
        for piece in pieces {
            reader.append(Array(piece).span)
            do throws(ProtocolError) {
                while let frame = try reader.next({ (body) throws(ProtocolError) in try decoder.decode(body) }) {
                    frames.append(frame)
                }
            } catch {
                return (frames, error.rule)
            }
        }
        _ = reader.describePartial()
        return (frames, nil)
    }

    @Test(arguments: Framing.allCases)
    func aHundredThousandRandomAndMutatedFramesDecodeOrAreErrors(_ framing: Framing) {
        let seed = SeededGenerator.seed(for: "frame fuzz, \(framing)")
        var generator = SeededGenerator(state: seed)
        var decoded = 0
        var rules: Set<ProtocolError.Rule> = []
        for round in 0..<50_000 {
            let first = mutated(&generator)
            let second = mutated(&generator)
            var stream: [UInt8]
            switch framing {
            case .lines: stream = first + [0x0A] + second + [0x0A]
            case .length: stream = framed(first) + framed(second)
            }
            // Now and then the framing itself is damaged.
            if Int.random(in: 0..<8, using: &generator) == 0 {
                stream[Int.random(in: 0..<stream.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            let whole = outcome([stream[...]], framing)
            let cut = Int.random(in: 0...stream.count, using: &generator)
            let split = outcome([stream[..<cut], stream[cut...]], framing)
            decoded += whole.0.count
            if let rule = whole.1 { rules.insert(rule) }
            if whole.0 != split.0 || whole.1 != split.1 {
                Issue.record("seed \(seed), round \(round): \(whole) is \(split) when split at \(cut): \(stream)")
            }
        }
        #expect(decoded > 10_000, "the mutations leave too little that is valid")
        #expect(rules.count >= 6, "too few rules are met: \(rules)")
    }
}
