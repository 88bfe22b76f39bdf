import Testing

@testable import DeliveryCore

@Suite struct CommitMetadataTests {
    private let identity: UInt64 = 0x3CE6_2AFE_193A_565C

    /// What `read` refuses the text with; nil where it reads it.
    private func refusal(_ text: [UInt8], base: Int64, identity: UInt64) -> CommitMetadataRefusal? {
        do throws(CommitMetadataRefusal) {
            _ = try CommitMetadata.read(text, base: base, identity: identity)
            return nil
        } catch {
            return error
        }
    }

    /// A text with a right checksum around `payload`, whatever that is.
    private func sealed(base: Int64, _ runs: [UInt8]) -> [UInt8] {
        var payload: [UInt8] = []
        CommitMetadata.append(identity, to: &payload)
        CommitMetadata.append(UInt64(bitPattern: base), to: &payload)
        payload += runs
        CommitMetadata.append(CRC32C.checksum(of: payload[...]), to: &payload)
        return CommitMetadata.prefix + Base64URL.encode(payload)
    }

    private func variable(_ number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        CommitMetadata.appendVariable(number, to: &bytes)
        return bytes
    }

    @Test("The text stays what it is: a later version must read what this one wrote")
    func writesTheTextThatItAlwaysWrote() throws {
        #expect(CommitMetadata.identity(["billing", "orders"]) == identity)
        let runs = settledRuns([4712...4712, 4714...5000, 1_000_000...1_000_003])
        let text = "ackpipe1:POYq_hk6VlwAAAAAAAASZwAAAJ4Ctt08A_1N69M"
        let written = try #require(CommitMetadata.encode(runs, base: 4711, identity: identity))
        #expect(String(decoding: written, as: UTF8.self) == text)
        #expect(try CommitMetadata.read(Array(text.utf8), base: 4711, identity: identity) == runs)
    }

    @Test func hasTheStandardsChecksum() {
        #expect(CRC32C.checksum(of: Array("123456789".utf8)[...]) == 0xE306_9283)
        #expect(CRC32C.checksum(of: []) == 0)
    }

    @Test func tellsPartsOfAnIdentityApart() {
        #expect(CommitMetadata.identity(["ab", "c"]) != CommitMetadata.identity(["a", "bc"]))
        #expect(CommitMetadata.identity(["a", "b"]) != CommitMetadata.identity(["b", "a"]))
        #expect(CommitMetadata.identity(["a"]) != CommitMetadata.identity(["a", ""]))
        #expect(CommitMetadata.identity(["grüße", ""]) == 0x6FA3_8FBB_5F09_B24B)
    }

    @Test func saysNothingWhereNothingIsSettledAbove() {
        #expect(CommitMetadata.encode(SettledRuns(), base: 10, identity: 1) == nil)
        #expect(CommitMetadata.encode(settledRuns([3...10]), base: 10, identity: 1) == nil)
        #expect(CommitMetadata.encode(settledRuns([11...11]), base: 10, identity: 1, limit: 20) == nil)
        #expect(CommitMetadata.encode(settledRuns([11...11]), base: -1001, identity: 1) == nil)
        #expect(CommitMetadata.encode(settledRuns([11...Int64.max]), base: 10, identity: 1) == nil)
    }

    @Test("The base itself is never said to be settled, whatever the runs say")
    func leavesOutTheBase() throws {
        let text = try #require(CommitMetadata.encode(settledRuns([3...4, 8...12]), base: 10, identity: 1))
        #expect(try CommitMetadata.read(text, base: 10, identity: 1).runs == [11...12])
    }

    @Test func reachesToTheHighestOffset() throws {
        let highest = Int64.max - 2
        for runs in [[1...highest], [highest...highest]] {
            let text = try #require(CommitMetadata.encode(settledRuns(runs), base: 0, identity: .max))
            #expect(try CommitMetadata.read(text, base: 0, identity: .max).runs == runs)
        }
        let text = try #require(CommitMetadata.encode(settledRuns([highest...highest]), base: highest - 1, identity: 0))
        #expect(try CommitMetadata.read(text, base: highest - 1, identity: 0).runs == [highest...highest])
    }

    @Test func readsNothingWhereThereIsNoText() throws {
        #expect(try CommitMetadata.read([], base: 10, identity: 1).isEmpty)
    }

    @Test func saysWhyATextIsNotRead() throws {
        let text = try #require(CommitMetadata.encode(settledRuns([12...13]), base: 10, identity: identity))
        #expect(refusal(text, base: 10, identity: identity) == nil)
        #expect(refusal(text, base: 9, identity: identity) == .otherBase(10))
        #expect(refusal(text, base: 10, identity: 1) == .otherIdentity)
        #expect(refusal(Array("checkpoint 7".utf8), base: 10, identity: identity) == .foreign)
        #expect(refusal(Array("ackpipe2:AAAA".utf8), base: 10, identity: identity) == .otherVersion)
        #expect(refusal(Array("ackpipe1:".utf8), base: 10, identity: identity) == .damaged)
        #expect(refusal(text + [0x0A], base: 10, identity: identity) == .damaged)
        #expect(CommitMetadata.decode(text, base: 9, identity: identity).isEmpty)
        #expect(!CommitMetadata.decode(text, base: 10, identity: identity).isEmpty)
        #expect(
            "\(CommitMetadataRefusal.otherBase(10))" == "it was written for offset 10, and the group was moved since")
    }

    @Test("A checksum that is right makes no rubbish right")
    func refusesRunsThatCannotBe() {
        let rubbish: [(String, [UInt8])] = [
            ("no runs", []), ("a distance without length", variable(4)), ("a cut number", [0x00, 0x80]),
            ("a number longer than it need be", [0x00, 0x80, 0x00]),
            ("a number of 64 bits", [0x00] + variable(1 << 63)),
            ("ten bytes and more", Array(repeating: 0xFF, count: 24)),
            ("a distance beyond the last offset", variable(UInt64(Int64.max)) + [0]),
            ("a length beyond the last offset", [0x00] + variable(UInt64(Int64.max))),
            ("a run after the last offset", [0x00] + variable(UInt64(Int64.max - 2 - 11)) + [0, 0]),
        ]
        for (name, runs) in rubbish {
            #expect(refusal(sealed(base: 10, runs), base: 10, identity: identity) == .damaged, "\(name)")
        }
        #expect(refusal(sealed(base: -1, [0, 0]), base: -1, identity: identity) == .damaged, "a base below 0")
        #expect(refusal(sealed(base: .max, [0, 0]), base: .max, identity: identity) == .damaged, "a base too high")
        #expect(refusal(sealed(base: 10, [0, 0]), base: 10, identity: identity) == nil)
        #expect(
            CommitMetadata.decode(sealed(base: 10, [0, 0, 0, 0]), base: 10, identity: identity).runs == [
                11...11, 13...13,
            ])
    }

    @Test("Each text of a lower limit says the lowest runs, and as many as fit")
    func keepsTheLowestRunsThatFit() throws {
        var all: [ClosedRange<Int64>] = []
        for index in Int64(0)..<3_000 { all.append((index * 4_000 + 20)...(index * 4_000 + 20 + index)) }
        let text = try #require(CommitMetadata.encode(settledRuns(all), base: 7, identity: identity))
        #expect(text.count <= CommitMetadata.limit)
        #expect(text.allSatisfy { (0x21...0x7E).contains($0) })
        for limit in Array(0...120) + [500, 1_000, 3_500, 20_000] {
            let kept = CommitMetadata.encode(settledRuns(all), base: 7, identity: identity, limit: limit)
            let runs = CommitMetadata.decode(kept ?? [], base: 7, identity: identity).runs
            #expect(runs == Array(all.prefix(runs.count)), "limit \(limit)")
            #expect(kept?.count ?? 0 <= limit)
            guard runs.count < all.count else { continue }
            let more = settledRuns(Array(all.prefix(runs.count + 1)))
            let larger = try #require(CommitMetadata.encode(more, base: 7, identity: identity, limit: .max))
            #expect(larger.count > limit, "one run more had fitted into \(limit)")
        }
    }

    @Test func holdsTwelveHundredSingleOffsets() throws {
        let all = (Int64(0)..<5_000).map { (2 * $0 + 1)...(2 * $0 + 1) }
        let text = try #require(CommitMetadata.encode(settledRuns(all), base: 0, identity: identity))
        #expect(CommitMetadata.decode(text, base: 0, identity: identity).runs.count >= 1_200)
    }
}

/// The runs of a list that is ascending.
func settledRuns(_ list: [ClosedRange<Int64>]) -> SettledRuns {
    var runs = SettledRuns()
    list.forEach { runs.append($0) }
    return runs
}
