/// The program's commands. Later versions add theirs here, with their options in `OptionTable`.
package enum Subcommand: String, CaseIterable, Sendable {
    case run, demo, broker

    /// The usage line, without the word "Usage".
    var usage: String {
        switch self {
        case .run: "ackpipe run -b BROKERS -t TOPIC -g GROUP [options] -- COMMAND [ARG...]"
        case .demo: "ackpipe demo [options] [-- COMMAND [ARG...]]"
        case .broker: "ackpipe broker [options]"
        }
    }

    /// What the command does, in one line.
    var summary: String {
        switch self {
        case .run: "consume Kafka topics and hand the records to a handler"
        case .demo: "embedded broker, sample records and a handler in one command; no Kafka needed"
        case .broker: "the embedded broker alone, for development; other clients can use it"
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
        }
    }
}
