/// What kind of value an option takes; says how its text is checked and how the allowed values are described.
package enum OptionKind: Equatable, Sendable {
    /// No value on the command line; `true` or `false` elsewhere.
    case flag
    /// Any text but an empty one.
    case text
    /// A whole number in a range.
    case integer(ClosedRange<Int>)
    /// A decimal number in a range.
    case decimal(ClosedRange<Double>)
    /// A whole number of hundredths, 0 to 100, with or without a percent sign.
    case percentage
    /// A part of the whole, above 0: `0.01`, `1/100`, at most 1.
    case fraction
    /// So many a second, minute or hour, and so many at once: `N/s[:BURST]`.
    case rate
    /// A duration with its unit, in a range.
    case duration(ClosedRange<Duration>)
    /// Two durations, `initial..maximum`, each in a range.
    case durationRange(ClosedRange<Duration>)
    /// A size with its unit, in a range of bytes.
    case size(ClosedRange<Int>)
    /// One of several words; `later` are words of the documentation that this version does not have yet.
    case choice([String], later: [String] = [])
    /// A comma-separated list of `host[:port]`.
    case brokers
    /// A topic's name.
    case topic
    /// A topic's name, in which `{topic}` may stand once for the source's.
    case topicTemplate
    /// A condition on a record's topic, partition, offset, key and headers.
    case filter
    /// A regular expression over topic names.
    case topicPattern
    /// `earliest`, `latest` or a point in time.
    case startPosition
    /// A point in time: milliseconds since 1970, or RFC 3339.
    case pointInTime
    /// `topic:partition[@offset]`.
    case assignedPartition
    /// `name:partitions`.
    case newTopic
    /// `name=value`, for the client that consumes.
    case property
    /// `name=value`, for the client that writes dead letters.
    case producerProperty

    /// True for a kind whose values are a map in a file, merged by name over the layers, and may be secrets.
    var isProperty: Bool { self == .property || self == .producerProperty }

    /// The allowed values in words, for the reference page; nil where the placeholder says it all.
    var allowed: String? {
        switch self {
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .decimal(let range): "\(DecimalText.render(range.lowerBound)) to \(DecimalText.render(range.upperBound))"
        case .percentage: "0% to 100%"
        case .fraction: "above 0, at most 1"
        case .duration(let range), .durationRange(let range):
            "\(DurationText.render(range.lowerBound)) to \(DurationText.render(range.upperBound))"
        case .size(let range): "\(SizeText.render(range.lowerBound)) to \(SizeText.render(range.upperBound))"
        case .choice(let words, _): words.joined(separator: ", ")
        default: nil
        }
    }
}

/// A checked value of an option.
enum OptionValue: Equatable, Sendable {
    case flag(Bool)
    case text(String)
    case integer(Int)
    case decimal(Double)
    case rate(RateSetting)
    case duration(Duration)
    case durationRange(Duration, Duration)
    case startPosition(StartPosition)
    /// Milliseconds since 1970.
    case pointInTime(Int64)
    case assignedPartition(AssignedPartition)
    case newTopic(NewTopic)
    case property(Property)
    case filter(RecordFilter)
}
