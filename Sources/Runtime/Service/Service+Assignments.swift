import DeliveryCore
import HandlerProtocol
import Kafka

extension Service {
    /// Tells a worker with the feature `assigned` which partitions have come.
    func announceAssigned(_ partitions: [PartitionPosition], epoch: UInt32, to worker: WorkerIndex) {
        guard let connection = willFlush(worker) else { return }
        let places = partitions.map { position in
            let place = topics.partition(position.partition, in: partitionTable)
            return AnnouncedPartition(topic: place.topic, partition: place.partition, offset: position.offset)
        }
        pen.encoder.assigned(epoch: epoch, places, into: &connection.outbound)
    }

    /// Tells it which go; verdicts count until the deadline.
    func announceRevoked(
        _ partitions: [PartitionIndex], epoch: UInt32, lost: Bool, deadline: Interval, to worker: WorkerIndex
    ) {
        guard let connection = willFlush(worker) else { return }
        let places = partitions.map { partition in
            let place = topics.partition(partition, in: partitionTable)
            return AnnouncedPartition(topic: place.topic, partition: place.partition, offset: nil)
        }
        pen.encoder.revoked(
            epoch: epoch, places, lost: lost, deadlineMilliseconds: milliseconds(deadline), into: &connection.outbound)
    }
}
