extension OptionKind {
    /// The value that `text` says, or what is wrong with it.
    func parse(_ text: String) throws(ValueProblem) -> OptionValue {
        guard !text.isEmpty else { throw ValueProblem("is empty") }
        // A value ends up as a C string in librdkafka or in exec: what follows a NUL would be lost in silence.
        guard !text.unicodeScalars.contains("\0") else { throw ValueProblem("holds a NUL character") }
        switch self {
        case .flag: return .flag(try Self.parseFlag(text))
        case .text: return .text(text)
        case .integer(let range): return .integer(try Self.parseInteger(text, range))
        case .decimal(let range): return .decimal(try Self.parseDecimal(text, range))
        case .percentage: return .integer(try Self.parsePercentage(text))
        case .fraction: return .decimal(try FractionText.parse(text))
        case .rate: return .rate(try RateText.parse(text))
        case .duration(let range): return .duration(try Self.parseDuration(text, range))
        case .durationRange(let range): return try Self.parseDurationRange(text, range)
        case .size(let range): return .integer(try Self.parseSize(text, range))
        case .choice(let words, let later): return .text(try Self.parseChoice(text, words, later))
        case .brokers: return .text(try Self.parseBrokers(text))
        case .topic: return .text(try Self.parseTopic(text))
        case .topicTemplate: return .text(try DeadLetterTopic.check(text))
        case .filter: return .filter(try Self.parseFilter(text))
        case .topicPattern: return .text(text.hasPrefix("^") ? text : "^" + text)
        case .startPosition: return .startPosition(try Self.parseStart(text))
        case .pointInTime: return .pointInTime(try TimestampText.parse(text))
        case .assignedPartition: return .assignedPartition(try Self.parseAssignedPartition(text))
        case .newTopic: return .newTopic(try Self.parseNewTopic(text))
        case .property: return .property(try Self.parseProperty(text, RefusedProperties.forConsumer))
        case .producerProperty: return .property(try Self.parseProperty(text, RefusedProperties.forProducer))
        }
    }

    private static func parseFlag(_ text: String) throws(ValueProblem) -> Bool {
        switch text {
        case "true", "1": return true
        case "false", "0": return false
        default: throw ValueProblem("'\(text)' is neither true nor false")
        }
    }

    private static func parseInteger(_ text: String, _ range: ClosedRange<Int>) throws(ValueProblem) -> Int {
        guard let number = Int(text) else { throw ValueProblem("'\(text)' is not a whole number") }
        guard range.contains(number) else {
            throw ValueProblem("\(number) is out of range; \(range.lowerBound) to \(range.upperBound) is allowed")
        }
        return number
    }

    private static func parseDecimal(_ text: String, _ range: ClosedRange<Double>) throws(ValueProblem) -> Double {
        guard let number = DecimalText.parse(text) else {
            throw ValueProblem("'\(text)' is not a decimal number, as in 1.5")
        }
        guard range.contains(number) else {
            let (least, most) = (DecimalText.render(range.lowerBound), DecimalText.render(range.upperBound))
            throw ValueProblem("\(text) is out of range; \(least) to \(most) is allowed")
        }
        return number
    }

    private static func parsePercentage(_ text: String) throws(ValueProblem) -> Int {
        let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
        guard let number = Int(digits) else { throw ValueProblem("'\(text)' is not a percentage, as in 20%") }
        guard (0...100).contains(number) else { throw ValueProblem("\(text) is out of range; 0% to 100% is allowed") }
        return number
    }

    private static func parseDuration(_ text: String, _ range: ClosedRange<Duration>) throws(ValueProblem) -> Duration {
        let duration = try DurationText.parse(text)
        guard range.contains(duration) else {
            let (least, most) = (DurationText.render(range.lowerBound), DurationText.render(range.upperBound))
            throw ValueProblem("\(text) is out of range; \(least) to \(most) is allowed")
        }
        return duration
    }

    private static func parseDurationRange(_ text: String, _ range: ClosedRange<Duration>) throws(ValueProblem)
        -> OptionValue
    {
        let parts = TextSplitting.split(text, at: "..")
        guard parts.count == 2 else {
            throw ValueProblem("'\(text)' is not a pair of durations; write INITIAL..MAXIMUM, as in 500ms..30s")
        }
        let initial = try parseDuration(parts[0], range)
        let maximum = try parseDuration(parts[1], range)
        guard initial <= maximum else {
            throw ValueProblem("'\(text)' begins above its maximum; write the smaller one first")
        }
        return .durationRange(initial, maximum)
    }

    private static func parseSize(_ text: String, _ range: ClosedRange<Int>) throws(ValueProblem) -> Int {
        let bytes = try SizeText.parse(text)
        guard range.contains(bytes) else {
            let (least, most) = (SizeText.render(range.lowerBound), SizeText.render(range.upperBound))
            throw ValueProblem("\(text) is out of range; \(least) to \(most) is allowed")
        }
        return bytes
    }

    private static func parseChoice(_ text: String, _ words: [String], _ later: [String]) throws(ValueProblem) -> String
    {
        if words.contains(text) { return text }
        let expected =
            words.count == 1 ? "only \(words[0]) is accepted" : "use one of: \(words.joined(separator: ", "))"
        if later.contains(text) { throw ValueProblem("'\(text)' is not available yet; \(expected)") }
        let question = NearestName.question(text, among: words)
        throw ValueProblem("'\(text)' is not a value of this option; \(expected)\(question)")
    }

    private static func parseBrokers(_ text: String) throws(ValueProblem) -> String {
        guard !text.contains("?") else {
            throw ValueProblem(
                "holds a '?'; an address with its options is given to --address, brokers are HOST:PORT[,...]")
        }
        for broker in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard !broker.isEmpty, !broker.contains(where: \.isWhitespace) else {
                throw ValueProblem(
                    "\(QuotedWord.show(text, or: "the value")) is not a list of brokers; write HOST:PORT[,HOST:PORT...] without spaces"
                )
            }
            // The colons of an IPv6 address, which stands in brackets, are no port's.
            let afterAddress = broker.split(separator: "]", omittingEmptySubsequences: false).last ?? broker
            let afterScheme = TextSplitting.split(String(afterAddress), at: "://").last ?? ""
            guard let colon = afterScheme.lastIndex(of: ":") else { continue }
            let port = afterScheme[afterScheme.index(after: colon)...]
            guard let number = Int(port), (1...65_535).contains(number) else {
                throw ValueProblem(
                    "\(broker.contains("/") ? "a broker" : QuotedWord.show(String(broker), or: "a broker")) has no valid port; write HOST:PORT with a port of 1 to 65535"
                )
            }
        }
        return text
    }

    private static func parseStart(_ text: String) throws(ValueProblem) -> StartPosition {
        switch text {
        case "earliest": return .earliest
        case "latest": return .latest
        default:
            do {
                return .timestamp(milliseconds: try TimestampText.parse(text))
            } catch {
                let looksLikeTime = text.first.map { $0.isNumber } ?? false
                if looksLikeTime { throw error }
                let question = NearestName.question(text, among: ["earliest", "latest"])
                throw ValueProblem("'\(text)' is neither earliest, latest nor a point in time\(question)")
            }
        }
    }
}
