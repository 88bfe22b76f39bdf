package import DeliveryCore

/// What one take from the message queue brought. Meant to be used again and again: its memory stays.
package struct Arrivals {
    /// In the order of the queue; the bytes of each wait in `Consumer.records` until they are given back.
    package var records: [Record] = []
    /// Each one came before the record at `position`, or after the last one where that is the number of records.
    package var others: [(position: Int, arrival: OtherArrival)] = []

    /// Nothing.
    package init() {}

    /// Everything one by one, in the order of the queue: for where speed does not matter.
    package var inOrder: [Arrival] {
        var all: [Arrival] = []
        var next = 0
        for other in others {
            all += records[next..<other.position].map { .record($0) }
            next = other.position
            all.append(Arrival(other.arrival))
        }
        return all + records[next...].map { .record($0) }
    }

    /// Forgets what was brought; the memory stays.
    package mutating func removeAll() {
        records.removeAll(keepingCapacity: true)
        others.removeAll(keepingCapacity: true)
    }
}

/// What the message queue brought beside records.
package enum OtherArrival: Equatable, Sendable {
    /// Everything below `offset` was read (`enable.partition.eof`); it may be past control records.
    case endReached(PartitionIndex, offset: Int64)
    /// The partition, or the consumer, has a problem. `.outOfRange` comes this way, with the position in the error's
    /// `offset`; that partition is then stopped until `Consumer.restart`.
    case failed(PartitionIndex?, KafkaError)
}

/// One thing that the message queue brought.
package enum Arrival: Equatable, Sendable {
    /// As in `Arrivals.records`.
    case record(Record)
    /// As in `OtherArrival`.
    case endReached(PartitionIndex, offset: Int64)
    /// As in `OtherArrival`.
    case failed(PartitionIndex?, KafkaError)

    init(_ other: OtherArrival) {
        switch other {
        case .endReached(let partition, let offset): self = .endReached(partition, offset: offset)
        case .failed(let partition, let error): self = .failed(partition, error)
        }
    }
}
