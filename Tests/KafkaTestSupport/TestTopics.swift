import CRDKafka
import Kafka
import Synchronization

/// Topics for tests on a cluster that they share with others. Its calls wait for the brokers.
///
/// A topic is created with a name of its own and deleted with the last use. Where the cluster has no admin interface, or
/// gives no right to create topics, one of those that somebody made before is taken: a topic whose name begins with
/// `ackpipe-test-`, with the right count of partitions, that no record was ever written to.
package final class TestTopics: Sendable {
    /// No topic could be had.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    private static let prefix = "ackpipe-test-"
    /// Taken by a test of this process, although perhaps not written to yet.
    private static let taken = Mutex<Set<String>>([])

    private let brokers: String

    /// Topics on these brokers.
    package init(brokers: String) { self.brokers = brokers }

    /// An empty topic with so many partitions, each with a leader.
    package func take(partitions: Int) throws -> String {
        let client = try AdminClient(brokers: brokers)
        let name = "\(Self.prefix)\(TestBrokers.unique())"
        if let refusal = client.create(name, partitions: partitions) {
            guard refusal.canBeHelpedByReadyMadeTopics else {
                throw Problem(description: "cannot create the topic \(name) on \(brokers): \(refusal.text)")
            }
            return try readyMade(partitions, client, refusal.text)
        }
        guard client.waitForLeaders(of: name, partitions: partitions) else {
            throw Problem(description: "the topic \(name) on \(brokers) has no leaders after 20 s")
        }
        return name
    }

    /// Deletes the topic where it was created here; a ready-made one stays.
    package func giveBack(_ name: String) {
        guard !Self.taken.withLock({ $0.contains(name) }), let client = try? AdminClient(brokers: brokers) else {
            return
        }
        client.delete(name)
    }

    private func readyMade(_ partitions: Int, _ client: AdminClient, _ refusal: String) throws -> String {
        let candidates = client.topics().filter { $0.name.hasPrefix(Self.prefix) && $0.partitions == partitions }
        for candidate in candidates.sorted(by: { $0.name < $1.name }) {
            guard Self.taken.withLock({ $0.insert(candidate.name).inserted }) else { continue }
            if client.isEmpty(candidate.name, partitions: partitions) { return candidate.name }
        }
        throw Problem(
            description:
                "\(brokers) creates no topics (\(refusal)) and has no unused topic with \(partitions) partitions whose "
                + "name begins with '\(Self.prefix)': make some more (\(candidates.count) are used up)")
    }
}
