/// One librdkafka property (`-X name=value`). Its description never shows a secret.
package struct Property: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The property's name, as librdkafka's CONFIGURATION.md lists it.
    package let name: String
    /// The value that librdkafka is to get; what `@FILE` named has been read already.
    package let value: String

    /// A property and its value.
    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// True where the value must not appear in a log, a message or a printed configuration.
    package var isSecret: Bool {
        let lowered = name.lowercased()
        if lowered.hasPrefix("ssl.key") { return lowered != "ssl.key.location" }
        return Self.secretWords.contains { Self.contains(lowered, $0) }
    }

    /// `name=value`, or `name=****` for a secret.
    package var description: String { "\(name)=\(isSecret ? "****" : value)" }

    /// The same as `description`, so that an interpolated or dumped array of properties shows no secret either.
    package var debugDescription: String { description }

    /// What `dump` and a test's failure show: no secret either.
    package var customMirror: Mirror { Mirror(self, children: ["property": description]) }

    /// `ssl.certificate.pem` may carry the private key behind the certificate, hence all of `.pem`.
    private static let secretWords = [
        "password", "secret", "token", "oauthbearer.config", "jaas", ".pem", "private.key", "assertion",
    ]

    private static func contains(_ text: String, _ word: String) -> Bool {
        var rest = text[...]
        while rest.count >= word.count {
            if rest.hasPrefix(word) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}

/// The librdkafka properties that `-X` refuses, because ackpipe's promises rest on their value or because a flag sets them.
enum RefusedProperties {
    /// Property and what to do instead. Source of the names: librdkafka's CONFIGURATION.md.
    static let table: [(name: String, advice: String)] = [
        ("bootstrap.servers", "use -b/--brokers"),
        ("metadata.broker.list", "use -b/--brokers"),
        ("group.id", "use -g/--group"),
        ("auto.offset.reset", "use --from for a new group and --out-of-range for a lost position"),
        ("enable.auto.commit", "ackpipe commits only what the handler acknowledged; --commit-interval says how often"),
        ("auto.commit.enable", "ackpipe commits only what the handler acknowledged; --commit-interval says how often"),
        ("auto.commit.interval.ms", "use --commit-interval"),
        ("enable.auto.offset.store", "ackpipe stores an offset only after the handler's acknowledgement"),
        ("offset.store.method", "offsets are stored in the group, on the brokers"),
        ("offset.store.path", "offsets are stored in the group, on the brokers"),
        ("offset.store.sync.interval.ms", "use --commit-interval"),
        ("enable.partition.eof", "ackpipe needs it to commit past control records; --exit-at-end stops at the end"),
        ("enabled_events", "ackpipe takes librdkafka's events itself"),
        ("log.queue", "ackpipe takes librdkafka's log itself; use --log-level"),
        ("log_level", "use --log-level; what librdkafka tells in detail is chosen with -X debug=..."),
    ]

    /// What to use instead of a property, or nil if `-X` may set it.
    static func advice(for name: String) -> String? {
        table.first { $0.name == name.lowercased() }?.advice
    }
}
