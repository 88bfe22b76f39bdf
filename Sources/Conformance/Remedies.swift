/// What a handler does that keeps the rule, in a few words.
enum Remedies {
    static func expected(_ rule: String) -> String {
        switch rule {
        case "J1": "one JSON object in UTF-8, without a byte order mark"
        case "J2": "each name once in an object"
        case "J3": "frames of at most 64 levels"
        case "J4":
            "\"type\" with one of: ready, init_error, ack, nack, result, extend, pause, resume, log, metric, pong"
        case "J6": "no other members in a verdict; those of the handler's own have names that begin with x_"
        case "J8": "an integer: ids as they came, from 1 to 2^53 - 1"
        case "J9": "every required member, with its type: an id is a number, not a string"
        case "J14": "one of the words that protocol.md lists: retry, reject, skip, release for \"action\""
        case "H2": "\"ready\" first; before it only log, metric or init_error"
        case "H3": "\"ready\" once, as the answer to \"hello\""
        case "H4": "\"protocol\":1 in \"ready\": the version that the handler was written for, if hello's range has it"
        case "H7": "in \"ready\" and every later frame the \"session\" of \"hello\"; or in none"
        case "H9": "nothing behind init_error: exit"
        case "V4": "exactly one of \"id\", \"ids\" (not empty) and \"through\" in an ack"
        case "V5": "\"produce\" beside \"id\" in an ack, or in a result"
        case "B1": "\"failed\" in every result; [] where no record failed"
        case "B2": "each index once, from 0 to the number of records in the batch - 1"
        default: "what protocol.md says under this rule"
        }
    }
}
