import Foundation
package import Kafka

/// Which brokers the tests use: embedded ones of their own, or the cluster that `ACKPIPE_TEST_BROKERS=host:port` names.
package enum TestBrokers {
    /// The cluster to use in place of embedded brokers, as `-b` takes it; nil: embedded ones.
    package static let external = ProcessInfo.processInfo.environment["ACKPIPE_TEST_BROKERS"].flatMap {
        $0.isEmpty ? nil : $0
    }

    /// Whether each test has brokers of its own, which it can steer.
    package static let areEmbedded = external == nil

    /// A group's name: on a shared cluster one that nobody had before.
    package static func group(_ name: String) -> String { areEmbedded ? name : "ackpipe-test-\(name)-\(unique())" }

    /// The broker of this process, or an error where there is none: the test lacks the trait `embeddedBroker`.
    package static func own(_ broker: EmbeddedBroker?, _ brokers: String) throws -> EmbeddedBroker {
        if let broker { return broker }
        throw TestTopics.Problem(
            description:
                "the brokers at \(brokers) are not the test's own to steer: give it the trait .embeddedBroker(\"why\")")
    }

    static func unique() -> String { String(UUID().uuidString.prefix(13)).lowercased() }
}
