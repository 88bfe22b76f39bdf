import DeliveryCore
import Foundation
import Kafka
import Reactor

/// What the brokers keep for a group and a partition.
struct GroupCommit: Equatable {
    var offset: Int64
    /// The text beside the offset; nil where there is none.
    var metadata: [UInt8]?
}

extension Cluster {
    /// Commits for a group as an operator's tool does: without being a member.
    func commit(_ group: String, _ topic: String, _ partition: Int32, _ commit: GroupCommit) async throws {
        let (realGroup, realTopic) = (self.group(group), self.topic(topic))
        try await blocking { [brokers] in
            let wake = try WakeUp()
            let consumer = try Consumer(
                properties: [("bootstrap.servers", brokers), ("group.id", realGroup), ("enable.auto.commit", "false")],
                wake: wake.descriptor)
            defer { consumer.finish() }
            let index = consumer.partitions.index(topic: realTopic, partition: partition)
            try consumer.commit(
                [Kafka.CommitEntry(partition: index, offset: commit.offset, metadata: commit.metadata)], token: 1)
            for _ in 0..<12_000 {
                var events: [ConsumerEvent] = []
                consumer.pollEvents(into: &events)
                for case .commitFinished(_, let results, let error) in events {
                    if let error = error ?? results.first?.error { throw error }
                    return
                }
                usleep(5_000)
            }
            throw Problem(description: "the commit of \(group) has no answer after 60 s")
        }
    }

    /// What the group has committed for the partition, with the text beside it; nil: nothing.
    func groupCommit(_ group: String, _ topic: String, _ partition: Int32) async throws -> GroupCommit? {
        let wake = try WakeUp()
        let consumer = try Consumer(
            properties: [("bootstrap.servers", brokers), ("group.id", self.group(group))], wake: wake.descriptor)
        let lookups = try LookupThread(consumer: consumer, wake: wake.descriptor)
        let index = consumer.partitions.index(topic: self.topic(topic), partition: partition)
        lookups.startPositions([index], from: .earliest, useCommitted: true, token: 1)
        let result: LookupResult = try await eventually("the broker tells a commit") {
            var results: [LookupResult] = []
            lookups.takeResults(into: &results)
            return results.first
        }
        try await blocking {
            lookups.stop()
            consumer.finish()
        }
        if let error = result.error { throw error }
        return result.positions.first.flatMap { found in
            found.committed.map { GroupCommit(offset: $0, metadata: found.metadata) }
        }
    }
}
