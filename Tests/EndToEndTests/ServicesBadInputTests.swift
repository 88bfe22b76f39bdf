import Foundation
import Testing

/// Files of several services that are wrong: one run, a clear text, exit code 64.
@Suite("Bad files of services") struct ServicesBadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var file: String
        var options: [String] = []
        /// All of these are in the text; `FILE` stands for the file's path.
        var texts: [String]
        var testDescription: String { name }
    }

    private static let pair = """
        brokers: "127.0.0.1:1"
        topics: [orders]
        command: [cat]
        services:
          billing: {group: billing}
          audit: {group: audit}

        """

    static let cases: [Case] = [
        Case(
            name: "a key's place is told within a service",
            file: "services:\n  billing:\n    grop: g\n  audit:\n    workers: many\n",
            texts: ["FILE:3:5: unknown key 'grop'; did you mean group?", "FILE:5:14: workers: 'many'"]),
        Case(
            name: "a service that does not exist is named, with the nearest one", file: pair,
            options: ["--service", "biling"],
            texts: ["--service: the file has no service 'biling'; did you mean billing?", "billing, audit"]),
        Case(
            name: "one group for two services is refused", file: pair, options: ["-g", "both"],
            texts: ["-g: would be given to several services at once (billing, audit)", "--service NAME"]),
        Case(
            name: "one handler for two services is refused", file: pair, options: ["--", "cat"],
            texts: ["the command after -- would be the handler of several services"]),
        Case(
            name: "a topic that two services of one group read is refused",
            file: pair.replacingOccurrences(of: "group: audit", with: "group: billing"),
            texts: ["FILE:6:3:", "'billing' and 'audit'", "the topic 'orders'"]),
        Case(
            name: "what is missing in one service is told with its name",
            file: "brokers: h\ntopics: [t]\nservices:\n  a: {group: a, command: [cat]}\n  b: {command: [cat]}\n",
            texts: ["service b: -g/--group is required"]),
        Case(
            name: "the log is the daemon's", file: pair + "  third: {log-level: debug}\n",
            texts: ["FILE:7:11: log-level holds for the whole daemon"]),
        Case(
            name: "services without a name are none", file: "brokers: h\nservices: [a, b]\n",
            texts: ["FILE:2:11: services: must be a map of names"]),
        Case(
            name: "a service that stands there twice is refused", file: pair + "  audit: {group: other}\n",
            texts: ["FILE:7:3: the key 'audit' stands in line 6 already"]),
        Case(
            name: "dead letters that would be consumed again are refused in their service",
            file: pair.replacingOccurrences(of: "group: audit", with: "group: audit, dead-letter-topic: orders"),
            texts: ["FILE:6:44: service audit: dead-letter-topic 'orders'"]),
        Case(
            name: "dead letters that the pattern takes in are refused",
            file: "brokers: h\ngroup: g\ntopic-pattern: orders[-.].*\ndead-letter-topic: orders.dead\ncommand: [cat]\n",
            texts: ["FILE:4:20: dead-letter-topic 'orders.dead' is taken in by the topic-pattern '^orders[-.].*'"]),
    ]

    @Test("A wrong file of services is refused", .timeLimit(.minutes(30)), arguments: cases)
    func refused(_ wrong: Case) async throws {
        try await Slots.shared.run {
            let scratch = try Scratch()
            let path = try scratch.write("services.yaml", wrong.file)
            let ackpipe = try AckpipeProcess(["run", "--config", path] + wrong.options, in: scratch)
            #expect(try await ackpipe.waitForExit() == 64, "\(ackpipe.logTail)")
            for text in wrong.texts {
                let wanted = text.replacingOccurrences(of: "FILE", with: path)
                #expect(ackpipe.log.contains(wanted), "'\(wanted)' is not in: \(ackpipe.logTail)")
            }
        }
    }
}
