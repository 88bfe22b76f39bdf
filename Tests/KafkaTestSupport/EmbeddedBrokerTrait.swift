package import Testing

extension Trait where Self == ConditionTrait {
    /// Skips a test by name where `ACKPIPE_TEST_BROKERS` names a cluster, since it needs a broker of its own; `why` says what
    /// for.
    package static func embeddedBroker(_ why: String) -> Self {
        .enabled(if: TestBrokers.areEmbedded, Comment(rawValue: "needs the embedded broker: \(why)"))
    }
}
