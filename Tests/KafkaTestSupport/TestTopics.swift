import Synchronization

/// Topics for tests on a cluster that they share with others. Its calls wait for the brokers.
///
/// A topic is created with a name of its own, and deleted with its last use. Where nobody may create topics, somebody else
/// makes empty ones before, whose names begin with `ackpipe-test-ready-`: where there are such, each test takes one with
/// the right count of partitions, and none is created. One that was written to is never taken again.
package final class TestTopics: Sendable {
    /// No topic could be had.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    private static let ready = "ackpipe-test-ready-"
    /// Taken by a test of this process, although perhaps not written to yet.
    private static let taken = Mutex<Set<String>>([])

    private let brokers: String

    /// Topics on these brokers.
    package init(brokers: String) { self.brokers = brokers }

    /// An empty topic with so many partitions, each with a leader.
    package func take(partitions: Int) throws -> String {
        let client = try AdminClient(brokers: brokers)
        let readyMade = client.allTopics().filter { $0.name.hasPrefix(Self.ready) }
        if !readyMade.isEmpty {
            let fitting = readyMade.filter { $0.partitions == partitions }.map(\.name)
            return try unused(fitting, partitions, client)
        }
        let name = "ackpipe-test-\(TestBrokers.unique())"
        if let refusal = client.create(name, partitions: partitions) {
            throw Problem(
                description:
                    "cannot create the topic \(name) on \(brokers): \(refusal). If nobody may, make empty topics there "
                    + "whose names begin with '\(Self.ready)', and those are used")
        }
        guard client.waitForLeaders(of: name, partitions: partitions) else {
            throw Problem(description: "the topic \(name) on \(brokers) has no leaders after 20 s")
        }
        return name
    }

    /// Deletes the topic where it was created here; a ready-made one stays.
    package func giveBack(_ name: String) {
        guard !name.hasPrefix(Self.ready), let client = try? AdminClient(brokers: brokers) else { return }
        client.delete(name)
    }

    private func unused(_ candidates: [String], _ partitions: Int, _ client: AdminClient) throws -> String {
        for name in candidates.sorted() {
            guard Self.taken.withLock({ $0.insert(name).inserted }) else { continue }
            if client.isEmpty(name, partitions: partitions) { return name }
        }
        throw Problem(
            description:
                "of the \(candidates.count) topics '\(Self.ready)...' with \(partitions) partitions on \(brokers) none is "
                + "left: make some more")
    }
}
