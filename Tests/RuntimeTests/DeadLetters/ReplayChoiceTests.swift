import Configuration
import Testing

@testable import Kafka
@testable import Runtime

@Suite struct ReplayChoiceTests {
    private let letter = DeadLetterRecord(
        originalTopic: "orders", originalPartition: 3, originalTimestamp: 5, time: 1_000, error: "database is away",
        causes: ["exhausted", "ackpipe.exhausted"], replays: 2, keyText: "k", isDamaged: false)

    private func verdict(_ letter: DeadLetterRecord, _ options: String...) throws -> ReplayChoice.Verdict {
        let arguments = ["dead-letter", "replay", "-b", "localhost", "--from-topic", "dlq"] + options
        let outcome = Configuration.CommandLine.resolve(
            arguments: arguments, environment: [:], readFile: { _ in .failure(FileProblem("none")) },
            readSecret: { _ in .failure(FileProblem("none")) })
        guard case .deadLetterReplay(let settings) = try outcome.get() else {
            Issue.record("not a replay: \(outcome)")
            return .leave(.failed)
        }
        return ReplayChoice(settings: settings).verdict(on: letter)
    }

    private let back = ReplayChoice.Verdict.putBack(topic: "orders", partition: 3)

    @Test("Without options each letter goes back into the topic and partition that it came from")
    func everything() throws { #expect(try verdict(letter) == back) }

    @Test("Letters are chosen by original topic, by what the error says, by time, all of them together")
    func filters() throws {
        #expect(try verdict(letter, "-t", "refunds", "-t", "orders") == back)
        #expect(try verdict(letter, "-t", "refunds") == .leave(.filtered))
        for text in ["database", "away", "database is away", "exhausted", "ackpipe.exhausted"] {
            #expect(try verdict(letter, "--error", text) == back, "\(text)")
        }
        for text in ["Database", "away!", "database is away again"] {
            #expect(try verdict(letter, "--error", text) == .leave(.filtered), "\(text)")
        }
        let (first, second, third) = ("1970-01-01T00:00:00.999Z", "1970-01-01T00:00:01Z", "1970-01-01T00:00:01.001Z")
        #expect(try verdict(letter, "--since", second, "--until", third) == back)
        #expect(try verdict(letter, "--since", third) == .leave(.filtered))
        #expect(try verdict(letter, "--until", second) == .leave(.filtered))
        #expect(try verdict(letter, "--since", first, "--error", "no") == .leave(.filtered))
        var timeless = letter
        timeless.time = nil
        #expect(try verdict(timeless, "--since", first) == .leave(.filtered))
        #expect(try verdict(timeless) == back)
    }

    @Test("What was put back too often stays")
    func tooOften() throws {
        #expect(try verdict(letter, "--max-replays", "2") == .leave(.tooOften))
        #expect(try verdict(letter, "--max-replays", "3") == back)
    }

    @Test("A letter that does not say where it came from, or names the dead-letter topic itself, stays")
    func withoutOrigin() throws {
        for topic in [nil, "", "dlq"] as [String?] {
            var other = letter
            other.originalTopic = topic
            #expect(try verdict(other) == .leave(.withoutOrigin))
            #expect(try verdict(other, "-t", "orders") == .leave(.filtered))
            #expect(try verdict(other, "--to-topic", "again") == .putBack(topic: "again", partition: nil))
        }
    }

    @Test("A letter with headers that cannot be read stays, wherever it is to go")
    func damaged() throws {
        var other = letter
        other.isDamaged = true
        #expect(try verdict(other) == .leave(.damaged))
        #expect(try verdict(other, "--to-topic", "again") == .leave(.damaged))
    }
}
