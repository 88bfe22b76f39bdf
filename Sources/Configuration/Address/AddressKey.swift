/// One key of a tRPC-Go Kafka address: who reads it there, and what it becomes here.
///
/// The keys, their forms and their defaults are those of trpc-ecosystem/go-database, kafka/config_parser.go, and of sarama's
/// checks of its configuration. docs/trpc.md has the table for users; a test holds both together.
struct AddressKey: Sendable {
    /// Which of tRPC-Go's two clients reads the key.
    enum Side: String, Sendable {
        case consumer = "C"
        case producer = "P"
        case both = "C P"
    }

    /// The key as it is written; case counts.
    let name: String
    let side: Side
    /// What it becomes, as the table of docs/trpc.md says it.
    let becomes: String
    /// Checks a value and tells the reader what it means.
    let read: @Sendable (inout AddressReader, String) throws(ValueProblem) -> Void

    init(
        _ name: String, _ side: Side, _ becomes: String,
        _ read: @escaping @Sendable (inout AddressReader, String) throws(ValueProblem) -> Void
    ) {
        self.name = name
        self.side = side
        self.becomes = becomes
        self.read = read
    }

    /// All keys, in the order of docs/trpc.md.
    static let all: [AddressKey] = subscription + delivery + fetching + network + access + producing

    /// The key of this name.
    static func named(_ name: String) -> AddressKey? { all.first { $0.name == name } }
}

/// The forms that values have in an address.
enum AddressValue {
    /// A whole number in a range, as Go's `strconv.Atoi` reads it.
    static func whole(_ text: String, _ range: ClosedRange<Int>) throws(ValueProblem) -> Int {
        guard let number = Int(text) else { throw ValueProblem("'\(text)' is not a whole number") }
        guard range.contains(number) else {
            let allowed =
                switch (range.lowerBound, range.upperBound) {
                case (Int.min, let most): "at most \(most)"
                case (let least, Int.max): "\(least) or more"
                case (let least, let most): "\(least) to \(most)"
                }
            throw ValueProblem("\(number) is out of range; \(allowed) is allowed")
        }
        return number
    }

    /// What Go's `strconv.ParseBool` takes.
    static func truth(_ text: String) throws(ValueProblem) -> Bool {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        default: throw ValueProblem("'\(text)' is neither true nor false")
        }
    }

    /// One of several words; case counts.
    static func word(_ text: String, _ words: [String]) throws(ValueProblem) -> String {
        if words.contains(text) { return text }
        let question = NearestName.question(text, among: words)
        throw ValueProblem(
            "'\(text)' is not a value of this key; use one of: \(words.joined(separator: ", "))\(question)")
    }

    /// A number of 0 or more with an optional fraction, as the text of digits that options take; Go also reads exponents.
    static func decimal(_ text: String) throws(ValueProblem) -> String {
        guard let number = Double(text), number.isFinite, number >= 0, number <= 1e9 else {
            throw ValueProblem("'\(text)' is not a number from 0 to 1000000000")
        }
        // The description has an exponent only beyond what is allowed or where next to nothing is left.
        guard number == 0 || number >= 0.001 else { throw ValueProblem("'\(text)' is too small; 0.001 is the least") }
        return "\(number)"
    }
}
