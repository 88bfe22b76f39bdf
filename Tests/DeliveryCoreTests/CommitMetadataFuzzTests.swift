import Testing

@testable import DeliveryCore

/// A record that is wrongly said to be settled is lost: whatever happened to a text, it says what was written, or nothing.
@Suite struct CommitMetadataFuzzTests {
    private func randomRuns(
        above base: Int64, _ generator: inout SeededGenerator
    ) -> [ClosedRange<Int64>] {
        var runs: [ClosedRange<Int64>] = []
        // Small and large steps alike: every length of number is met.
        func step(_ generator: inout SeededGenerator) -> Int64 {
            let bits = Int64.random(in: 0...40, using: &generator)
            return .random(in: 0...(1 << bits), using: &generator)
        }
        var lowest = base + 1
        for _ in 0..<Int.random(in: 1...12, using: &generator) {
            let lower = lowest + step(&generator)
            let upper = lower + step(&generator)
            runs.append(lower...upper)
            lowest = upper + 2
        }
        return runs
    }

    @Test func whatWasWrittenIsRead() throws {
        let seed = testSeed(for: "metadata round trip")
        var generator = SeededGenerator(seed: seed)
        for round in 0..<2_000 {
            let base = Int64.random(in: 0...(1 << 50), using: &generator)
            let identity = generator.next()
            let runs = randomRuns(above: base, &generator)
            let text = try #require(CommitMetadata.encode(settledRuns(runs), base: base, identity: identity))
            let read = try CommitMetadata.read(text, base: base, identity: identity)
            #expect(read.runs == runs, "seed \(seed), round \(round)")
            for (otherBase, otherIdentity) in [(base + 1, identity), (base - 1, identity), (base, identity ^ 1)] {
                let other = CommitMetadata.decode(text, base: otherBase, identity: otherIdentity)
                #expect(other.isEmpty, "seed \(seed), round \(round)")
            }
        }
    }

    @Test func noChangedByteAndNoCutIsRead() throws {
        let seed = testSeed(for: "metadata damage")
        var generator = SeededGenerator(seed: seed)
        for round in 0..<4 {
            let runs = randomRuns(above: 100, &generator)
            let text = try #require(CommitMetadata.encode(settledRuns(runs), base: 100, identity: 5))
            for index in text.indices {
                var changed = text
                for byte in UInt8.min ... .max where byte != text[index] {
                    changed[index] = byte
                    if !CommitMetadata.decode(changed, base: 100, identity: 5).isEmpty {
                        Issue.record("seed \(seed), round \(round): byte \(index) changed to \(byte) is read")
                    }
                }
                if !CommitMetadata.decode(Array(text[..<index]), base: 100, identity: 5).isEmpty {
                    Issue.record("seed \(seed), round \(round): cut at \(index), it is read")
                }
            }
        }
    }

    @Test("Random bytes, bytes behind our name, and several damages at once are refused")
    func noRubbishIsRead() throws {
        let seed = testSeed(for: "metadata rubbish")
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        for round in 0..<15_000 {
            var bytes: [UInt8] = []
            switch round % 3 {
            case 0:
                for _ in 0..<Int.random(in: 0...80, using: &generator) {
                    bytes.append(.random(in: 0...255, using: &generator))
                }
            case 1:
                bytes = CommitMetadata.prefix
                for _ in 0..<Int.random(in: 0...80, using: &generator) {
                    bytes.append(alphabet[.random(in: 0..<64, using: &generator)])
                }
            default:
                let runs = settledRuns(randomRuns(above: 100, &generator))
                let text = try #require(CommitMetadata.encode(runs, base: 100, identity: 5))
                bytes = text
                for _ in 0..<Int.random(in: 2...6, using: &generator) {
                    bytes.swapAt(
                        .random(in: 0..<bytes.count, using: &generator), .random(in: 0..<bytes.count, using: &generator)
                    )
                }
                if bytes == text { continue }
            }
            if !CommitMetadata.decode(bytes, base: 100, identity: 5).isEmpty {
                Issue.record("seed \(seed), round \(round): \(bytes) is read")
            }
        }
    }

    @Test("What is accepted is exactly what would be written: no two texts say the same")
    func acceptedTextsAreCanonical() {
        let seed = testSeed(for: "metadata canonical")
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for round in 0..<10_000 {
            var payload: [UInt8] = []
            CommitMetadata.append(UInt64(5), to: &payload)
            CommitMetadata.append(UInt64(100), to: &payload)
            for _ in 0..<Int.random(in: 0...8, using: &generator) {
                payload.append(.random(in: 0...255, using: &generator))
            }
            CommitMetadata.append(CRC32C.checksum(of: payload[...]), to: &payload)
            let text = CommitMetadata.prefix + Base64URL.encode(payload)
            let runs = CommitMetadata.decode(text, base: 100, identity: 5)
            if runs.isEmpty { continue }
            accepted += 1
            let again = CommitMetadata.encode(runs, base: 100, identity: 5)
            #expect(again == text, "seed \(seed), round \(round)")
        }
        #expect(accepted > 500, "too little is accepted to say anything: \(accepted)")
    }
}
