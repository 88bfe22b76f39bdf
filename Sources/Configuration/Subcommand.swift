/// The program's commands. Later versions add theirs here, with their options in `OptionTable`.
package enum Subcommand: String, CaseIterable, Sendable {
    case run, replay, demo, broker, frames, check
    case deadLetterReplay = "dead-letter replay"

    /// Whether the command runs a handler, which `--` precedes.
    var runsHandler: Bool { self == .run || self == .replay || self == .demo || self == .check }

    /// What the one word stands for that the command takes beside options; nil where it takes none.
    var operand: String? { self == .replay || self == .frames ? "FILE" : nil }

    /// Whether the command writes a log.
    var hasLog: Bool { self != .frames && self != .check }

    /// Whether the word is the first of a command's several.
    static func isBeginning(_ word: String) -> Bool { allCases.contains { $0.rawValue.hasPrefix(word + " ") } }

    /// The command that these words begin with, and the words after it.
    static func read(_ words: [String]) -> (command: Subcommand, rest: ArraySlice<String>)? {
        for command in allCases {
            let name = command.rawValue.split(separator: " ").map(String.init)
            if words.starts(with: name) { return (command, words.dropFirst(name.count)) }
        }
        return nil
    }

    /// The usage line, without the word "Usage".
    var usage: String {
        switch self {
        case .run: "ackpipe run -b BROKERS -t TOPIC -g GROUP [options] -- COMMAND [ARG...]"
        case .replay: "ackpipe replay FILE [options] -- COMMAND [ARG...]"
        case .demo: "ackpipe demo [options] [-- COMMAND [ARG...]]"
        case .broker: "ackpipe broker [options]"
        case .frames: "ackpipe frames [options] FILE"
        case .check: "ackpipe check [options] -- COMMAND [ARG...]"
        case .deadLetterReplay: "ackpipe dead-letter replay -b BROKERS --from-topic TOPIC [options]"
        }
    }

    /// What the command does, in one line.
    var summary: String {
        switch self {
        case .run: "consume Kafka topics and hand the records to a handler"
        case .replay: "hand a file's records to a handler, tell what became of them; no Kafka needed"
        case .demo: "embedded broker, sample records and a handler in one command; no Kafka needed"
        case .broker: "the embedded broker alone, for development; other clients can use it"
        case .frames: "show a captured stream of frames, and the byte at which it breaks"
        case .check: "play the protocol against a handler and name the rules that it breaks"
        case .deadLetterReplay: "put dead letters back into the topics that they came from"
        }
    }

    /// What the command does, as the help text's first paragraph.
    var explanation: String {
        switch self {
        case .run:
            """
            Consumes Kafka topics and hands each record, or each batch, to COMMAND as length-prefixed JSON on its \
            stdin; an offset is committed only after COMMAND has acknowledged the record on its stdout. COMMAND is \
            an argument vector: no shell reads it.
            """
        case .replay:
            """
            Hands the records of FILE, one a line in JSON, to COMMAND as `ackpipe run` would, and prints what became of them. \
            FILE is what `ackpipe run --record` wrote, what `kcat -J` prints, or written by hand; `-` is stdin. The exit \
            code is 0 when every record was acknowledged (or skipped by COMMAND), 1 when one was not, 65 at a line that is \
            no record. Options may also stand in the YAML file of `ackpipe run`, whose other keys count for nothing here.
            """
        case .demo:
            """
            Starts an embedded broker in memory, writes sample records, runs a handler on them, shows what happens \
            and stops. COMMAND is a handler of your own instead of the built-in one.
            """
        case .broker:
            """
            Runs librdkafka's mock cluster: real sockets, real wire protocol, everything in memory and at most 5 MB a \
            partition. It is for development and tests, not for data that matters.
            """
        case .frames:
            """
            Shows what bridge or handler wrote to the pipe, as captured into FILE (- is stdin): each frame with its place, and \
            the first byte that is no frame, with the rule that it breaks, the likely cause and what stands around it. Exit \
            code 65 if there is one.
            """
        case .check:
            """
            Plays scripted sessions against COMMAND as a bridge that is hostile but legal, each with a process of its own, and \
            reports every rule of protocol.md that a handler has to keep: pass, fail with the frames in question, or not \
            exercised. A handler may refuse the records: any well-formed verdict counts. Exit code 0 if no rule was broken and \
            every session came to its end, else 1.
            """
        case .deadLetterReplay:
            """
            Reads a dead-letter topic up to its present end and puts the records that the options choose back into the \
            topics that they came from. What it has put back it keeps in a consumer group, so that a later run does not do it \
            again; what the options leave out stays for later runs. Run one at a time.
            """
        }
    }
}
