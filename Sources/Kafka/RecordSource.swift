package import DeliveryCore

/// Where a service's records come from: a Kafka consumer (`Consumer`), or something that takes its place.
///
/// Belongs to the service's thread, and waits for nothing: what is there for `pollEvents` or `takeRecords` is told by the
/// eventfd that the source was made with. `records` and `partitions` never change: whoever needs them for each record keeps
/// them, and pays for a call through this protocol once a take or once a turn.
package protocol RecordSource: AnyObject {
    /// The records that arrived and were not given back yet.
    var records: RecordStore { get }
    /// The numbers of all partitions seen.
    var partitions: PartitionTable { get }
    /// Partitions may still come that nobody knows of yet: the end of those that are there is not the end of all.
    var awaitsPartitions: Bool { get }
    /// As `Consumer.isJoining`.
    var isJoining: Bool { get }
    /// As `Consumer.assignmentLost`.
    var assignmentLost: Bool { get }
    /// As `Consumer.hasReachedBroker`.
    var hasReachedBroker: Bool { get }
    /// As `Consumer.isClosed`.
    var isClosed: Bool { get }

    /// Asks for these topics; `pollEvents` then tells which partitions are to be read.
    func subscribe(_ topics: [String]) throws(KafkaError)
    /// As `Consumer.pollEvents`.
    func pollEvents(into events: inout [ConsumerEvent])
    /// As `Consumer.takeRecords(upTo:bytes:into:)`.
    func takeRecords(upTo max: Int, bytes: Int, into arrivals: inout Arrivals) -> Bool

    /// As `Consumer.assign`.
    func assign(_ positions: [(PartitionIndex, offset: Int64)]) throws(KafkaError)
    /// As `Consumer.assignDirectly`.
    func assignDirectly(_ positions: [(PartitionIndex, offset: Int64)]) throws(KafkaError)
    /// As `Consumer.unassign`.
    func unassign(_ revoked: [PartitionIndex]) throws(KafkaError)
    /// As `Consumer.add`.
    func add(_ positions: [(PartitionIndex, offset: Int64)]) throws(KafkaError)
    /// As `Consumer.restart`.
    func restart(_ partition: PartitionIndex, at offset: Int64) throws(KafkaError)

    /// Stops reading the partition; what was taken stays held.
    func pause(_ partition: PartitionIndex)
    /// Undoes `pause`; does nothing for a partition that is not paused.
    func resume(_ partition: PartitionIndex)
    /// As `Consumer.commit`.
    func commit(_ offsets: [CommitEntry], token: UInt64) throws(KafkaError)

    /// As `Consumer.beginClose`.
    func beginClose()
    /// As `Consumer.finish`.
    func finish()
}

/// Answers where partitions begin, end and are to be read from; the eventfd tells when an answer is there.
///
/// Belongs to the service's thread, and waits for nothing but in `stop`.
package protocol PositionLookup: AnyObject {
    /// As `LookupThread.startPositions`.
    func startPositions(
        _ partitions: [PartitionIndex], from policy: StartPolicy, useCommitted: Bool, within patience: Int64,
        token: UInt64)
    /// Appends the answers that are there.
    func takeResults(into results: inout [LookupResult])
    /// Drops what is not answered. Calling it again does nothing.
    func stop()
}

extension PositionLookup {
    /// The same, with ten seconds for an answer.
    package func startPositions(
        _ partitions: [PartitionIndex], from policy: StartPolicy, useCommitted: Bool, token: UInt64
    ) {
        startPositions(partitions, from: policy, useCommitted: useCommitted, within: 10_000, token: token)
    }
}

extension Consumer: RecordSource {
    /// A group's assignment is complete when it comes.
    package var awaitsPartitions: Bool { false }
}

extension LookupThread: PositionLookup {}
