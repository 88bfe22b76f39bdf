/// The librdkafka properties that an option refuses, because ackpipe's promises rest on their value or because a flag sets them.
struct RefusedProperties: Sendable {
    /// The flag that refuses them, as a user writes it.
    let flag: String
    /// Property and what to do instead. Source of the names: librdkafka's CONFIGURATION.md.
    let table: [(name: String, advice: String)]

    /// What to use instead of a property, or nil if the flag may set it.
    func advice(for name: String) -> String? {
        table.first { $0.name == name.lowercased() }?.advice
    }

    /// What `-X` refuses.
    static let forConsumer = RefusedProperties(
        flag: "-X",
        table: [
            ("bootstrap.servers", "use -b/--brokers"),
            ("metadata.broker.list", "use -b/--brokers"),
            ("group.id", "use -g/--group"),
            ("auto.offset.reset", "use --from for a new group and --out-of-range for a lost position"),
            (
                "enable.auto.commit",
                "ackpipe commits only what the handler acknowledged; --commit-interval says how often"
            ),
            (
                "auto.commit.enable",
                "ackpipe commits only what the handler acknowledged; --commit-interval says how often"
            ),
            ("auto.commit.interval.ms", "use --commit-interval"),
            ("enable.auto.offset.store", "ackpipe stores an offset only after the handler's acknowledgement"),
            ("offset.store.method", "offsets are stored in the group, on the brokers"),
            ("offset.store.path", "offsets are stored in the group, on the brokers"),
            ("offset.store.sync.interval.ms", "use --commit-interval"),
            ("enable.partition.eof", "ackpipe needs it to commit past control records; --exit-at-end stops at the end"),
            ("enabled_events", "ackpipe takes librdkafka's events itself"),
            ("log.queue", "ackpipe takes librdkafka's log itself; use --log-level"),
            ("log_level", "use --log-level; what librdkafka tells in detail is chosen with -X debug=..."),
        ])

    /// What `--dead-letter-producer` refuses.
    static let forProducer = RefusedProperties(
        flag: "--dead-letter-producer",
        table: [
            ("bootstrap.servers", "dead letters go to the brokers of -b/--brokers"),
            ("metadata.broker.list", "dead letters go to the brokers of -b/--brokers"),
            ("acks", "a record is settled only when every in-sync replica has its dead letter (acks=all)"),
            (
                "request.required.acks",
                "a record is settled only when every in-sync replica has its dead letter (acks=all)"
            ),
            ("enable.idempotence", "it is always on, so that a resend is not written twice"),
            ("enable.gapless.guarantee", "a dead letter that cannot be written is tried again by ackpipe"),
            ("transactional.id", "dead letters are not written in transactions"),
            ("delivery.report.only.error", "ackpipe settles a record by the report that its dead letter was written"),
            ("enabled_events", "ackpipe takes librdkafka's events itself"),
            ("log.queue", "ackpipe takes librdkafka's log itself; use --log-level"),
            ("log_level", "use --log-level; what librdkafka tells in detail is chosen with -X debug=..."),
        ])
}
