extension Contradictions {
    /// Lanes and batches.
    static func checkLanes(_ settings: RunSettings, _ values: inout SettingValues) {
        if settings.bisect && settings.mode != .batch {
            values.complain(values.place(.bisect), "bisect halves batches, and the mode is message; add --mode batch")
        }
        guard settings.laneWindow > 1 else { return }
        let window = "lane-window \(settings.laneWindow)"
        if settings.order == .none {
            values.complain(
                values.place(.laneWindow),
                "\(window) contradicts order none, where each record stands alone; leave out one of them")
        }
        if settings.order == .key && settings.mode == .batch {
            values.complain(
                values.place(.laneWindow),
                "\(window) contradicts order key with mode batch, where a batch takes its lanes whole; leave out one of the three"
            )
        }
        if settings.laneWindow > settings.maxInFlight {
            values.complain(
                values.place(.laneWindow),
                "\(window) is over max-in-flight \(settings.maxInFlight), what one worker may have unanswered; lower "
                    + "--lane-window or raise --max-in-flight")
        }
    }

    /// Dead letters need a topic, and nobody may consume them again. `matches` tells whether a pattern of `--topic-pattern` takes a
    /// topic in.
    static func checkDeadLetters(
        _ settings: RunSettings, _ values: inout SettingValues, matches: (_ pattern: String, _ topic: String) -> Bool
    ) {
        guard let template = settings.deadLetterTopic else {
            guard values.isMissing(.deadLetterTopic) else { return }
            if settings.onExhausted == .deadLetter {
                values.complain(
                    values.place(.onExhausted),
                    "on-exhausted dead-letter needs a topic to write to; add --dead-letter-topic")
            }
            for name in [OptionName.deadLetterMaxRate, .deadLetterProducer] where !values.isMissing(name) {
                values.complain(
                    values.place(name), "\(name.rawValue) means nothing without dead letters; add --dead-letter-topic")
            }
            return
        }
        checkNames(template, settings, &values)
        checkPattern(template, settings, &values, matches)
    }

    private static func checkNames(_ template: String, _ settings: RunSettings, _ values: inout SettingValues) {
        let assigned = settings.assignments.map(\.topic)
        let sources = (settings.topics + assigned).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let place = values.place(.deadLetterTopic)
        for name in sources.map({ DeadLetterTopic.name(template, for: $0) }) where sources.contains(name) {
            values.complain(
                place,
                "dead-letter-topic '\(template)' makes '\(name)' a topic of dead letters, which is consumed: they would be handled "
                    + "again and again; name another topic")
            return
        }
        for source in sources where DeadLetterTopic.name(template, for: source).count > DeadLetterTopic.longestName {
            values.complain(
                place,
                "dead-letter-topic '\(template)' is longer than \(DeadLetterTopic.longestName) characters with the topic "
                    + "'\(source)'; choose a shorter one")
        }
    }

    /// A template is judged only where the pattern leaves no doubt: without `$` it takes in whatever continues a name that it
    /// takes in (librdkafka anchors it at the beginning alone). The rest is seen when topics are known.
    private static func checkPattern(
        _ template: String, _ settings: RunSettings, _ values: inout SettingValues,
        _ matches: (_ pattern: String, _ topic: String) -> Bool
    ) {
        guard let pattern = settings.topicPattern else { return }
        let isTemplate = DeadLetterTopic.isTemplate(template)
        let isConsumed =
            isTemplate
            ? template.hasPrefix(DeadLetterTopic.placeholder) && !pattern.contains("$") : matches(pattern, template)
        guard isConsumed else { return }
        let remedy =
            isTemplate
            ? "end the pattern with what tells its topics apart and '$', or put the addition in front, as in dlq.{topic}"
            : "name another topic, or narrow the pattern"
        values.complain(
            values.place(.deadLetterTopic),
            "dead-letter-topic '\(template)' is taken in by the topic-pattern '\(pattern)': dead letters would be handled again "
                + "and again; \(remedy)")
    }
}
