/// A rule of `protocol.md`, section 19.
package struct Rule: Hashable, Sendable {
    /// Who has to keep it.
    package enum Keeper: String, Hashable, Sendable {
        case handler = "H"
        case bridge = "B"
        case both = "HB"
    }

    /// "F1": it never changes its meaning.
    package let number: String
    /// Who has to keep it.
    package let keeper: Keeper
    /// What it asks for, in the words of the document.
    package let sentence: String

    init(_ number: String, _ keeper: Keeper, _ sentence: String) {
        self.number = number
        self.keeper = keeper
        self.sentence = sentence
    }

    /// The rules that a handler can break, in the document's order.
    package static let ofHandlers: [Rule] = all.filter { $0.keeper != .bridge }

    /// The rule with this number, or nil.
    package static func named(_ number: String) -> Rule? { all.first { $0.number == number } }
}

extension Rule {
    /// Every rule, in the document's order; a test compares the list with the document.
    package static let all: [Rule] = [
        Rule(
            "F1", .both,
            "With framing by length, a frame is a 4-byte unsigned big-endian length N followed by exactly N "
                + "bytes."),
        Rule("F2", .both, "N is at least 1 and at most `max_frame_bytes`."),
        Rule("F3", .bridge, "The length is checked before memory for the body is taken."),
        Rule("F4", .both, "Frames are understood however the pipe splits and coalesces them."),
        Rule("F5", .handler, "Nothing but frames is written to the bridge."),
        Rule(
            "F6", .handler,
            "A frame is written whole by one writer, and flushed before the handler waits for anything."),
        Rule(
            "F7", .handler,
            "An unfinished header, body or line is completed within the frame time-out, counted from its first "
                + "byte."),
        Rule("F8", .both, "A partial frame at end of file is discarded; it is never a verdict."),
        Rule(
            "F9", .both,
            "With framing by lines, a frame is one line ended by LF, without raw CR, LF, U+0085, U+2028 or "
                + "U+2029; from a handler, one CR before LF is allowed and an empty line is ignored."),
        Rule("F10", .both, "With framing by lines, a line without its LF is at most `max_frame_bytes` long."),
        Rule(
            "F11", .bridge,
            "The bridge goes on reading the handler's frames and logs while its own writes do not proceed."),
        Rule(
            "J1", .both,
            "A body is one JSON object in valid UTF-8, without byte order mark, with nothing but white space "
                + "around it."),
        Rule("J2", .both, "No member name occurs twice in one object."),
        Rule("J3", .handler, "A frame is nested at most 64 levels, its own object included."),
        Rule("J4", .both, "`type` is present and a string; from a handler it is a type of section 8."),
        Rule("J5", .both, "Unknown members are ignored, but where J6 applies."),
        Rule(
            "J6", .handler,
            "`ack`, `nack`, `result` and the entries of `failed` and `produce` have no unknown member whose "
                + "name does not begin with `x_`."),
        Rule(
            "J7", .both,
            "In an optional member null means absence; in the `value` of a record, an output or a header it "
                + "means no value."),
        Rule(
            "J8", .both,
            "An integer is a JSON number whose exact value is an integer in the member's range; ids are 1 to "
                + "2^53 - 1."),
        Rule("J9", .both, "Every required member is present and every member has its type."),
        Rule(
            "J10", .handler,
            "Frame types that the handler does not know are ignored, and unknown enumeration values taken as "
                + "\"other\"."),
        Rule("J11", .both, "Members are accepted in any order; the bridge writes `type` first and `id` second."),
        Rule("J12", .both, "Base64 is RFC 4648 section 4, padded, without line breaks."),
        Rule(
            "J13", .both,
            "A record and an output have exactly one form of value and at most one of key; a record has exactly "
                + "one of key."),
        Rule("J14", .handler, "`action` and `kind` have one of the values that sections 8.4 and 8.9 list."),
        Rule("H1", .bridge, "The first frame to the handler is `hello`."),
        Rule("H2", .handler, "Before `ready`, only `log`, `metric` and `init_error` are written."),
        Rule("H3", .handler, "`ready` is written once."),
        Rule("H4", .handler, "`ready` names a version between `protocol_min` and `protocol`."),
        Rule("H5", .handler, "`ready` chooses only features that were offered."),
        Rule("H6", .handler, "`ready` or `init_error` arrives within `ready_timeout_ms` of the start of the process."),
        Rule("H7", .handler, "`session` in `ready` equals `hello`'s; then every later frame repeats it."),
        Rule("H8", .bridge, "Nothing is delivered before `ready` has arrived."),
        Rule("H9", .handler, "`init_error` is the last frame of its process."),
        Rule("V1", .handler, "Every issued id gets exactly one verdict, unless the process ends first."),
        Rule("V2", .bridge, "The first verdict for an id is final; later ones are counted and ignored."),
        Rule("V3", .handler, "A verdict or `extend` names only ids that were issued."),
        Rule("V4", .handler, "`ack` has exactly one of `id`, `ids`, `through`; `ids` is not empty."),
        Rule("V5", .handler, "`produce` stands in `ack` with `id`, or in `result`."),
        Rule("V6", .handler, "`result` answers a batch, never a message."),
        Rule("V7", .bridge, "A verdict with outputs that cannot be written is a failed delivery, never an ack."),
        Rule("V8", .bridge, "Nothing but a well-formed verdict answers a delivery."),
        Rule("V9", .bridge, "A frame is applied whole or not at all."),
        Rule("V10", .handler, "A cancelled id too gets its one verdict; one that crossed the `cancel` is that one."),
        Rule("V11", .handler, "No verdict waits for the arrival of another delivery."),
        Rule("V12", .bridge, "The ack clock runs for the `concurrency` lowest outstanding ids only."),
        Rule(
            "V13", .bridge,
            "`extend` never revives an id and never moves a deadline by more than `max_extend_ms` in all."),
        Rule("B1", .handler, "`result` has `failed`, empty if no record failed."),
        Rule("B2", .handler, "An `index` lies within the batch and occurs once in `failed`."),
        Rule(
            "B3", .handler,
            "A record inherits `topic`, `partition`, `attempt` and `timestamp_type` from its batch, and nothing "
                + "else."),
        Rule(
            "B4", .bridge,
            "In an ordered mode, once a record is listed with `retry` or `release`, every later record of its "
                + "lane in the batch is redelivered without a charge."),
        Rule("B5", .handler, "The handler should stop at the first failure of a lane."),
        Rule("B6", .bridge, "A batch is never empty, and in the order of delivery."),
        Rule("B7", .handler, "A batch of one record is handled like any other."),
        Rule("L1", .handler, "At end of file of its input the handler exits, with 0 if nothing is wrong."),
        Rule("L2", .handler, "After `shutdown` the handler still answers what it was given, or exits at end of file."),
        Rule(
            "L3", .bridge,
            "No delivery follows `shutdown`; the bridge's end is closed as soon as nothing is outstanding, or "
                + "at the deadline."),
        Rule(
            "L4", .handler,
            "If it chose `ping`, the handler answers each with `pong` and the same `nonce`, also while it "
                + "works."),
        Rule(
            "L5", .bridge,
            "After `pause` was read, no further delivery is written until `resume`, or until `ms` is over."),
        Rule("L6", .bridge, "At most `max_in_flight` deliveries are outstanding or cancelled without a verdict."),
        Rule("L7", .bridge, "Complete frames that were written before the handler's end are read and count."),
        Rule("L8", .handler, "In a handler that chose a feature, reading goes on while deliveries are worked on."),
        Rule("L9", .handler, "Protocol descriptors are not inherited by programs that the handler starts."),
        Rule("L10", .bridge, "A protocol error replaces its worker, and neither loses a record nor commits an offset."),
        Rule("L11", .bridge, "Ids start at 1 for each process and grow by 1; a redelivery has a new id."),
        Rule(
            "L12", .bridge,
            "A lane is with one worker at a time, and a redelivery starts only after the old execution has "
                + "answered or ended."),
        Rule("S1", .handler, "Record data is never printed to the protocol's descriptor."),
        Rule("S2", .bridge, "No key, value, header or topic name steers the bridge."),
        Rule(
            "S3", .bridge,
            "No `ACKPIPE_*` variable of the bridge and none of its other descriptors reach the handler."),
        Rule("S4", .bridge, "Control characters of handler and record are escaped in logs."),
        Rule("S5", .bridge, "Outputs go only to topics in the allow-list."),
    ]
}
