internal import CRDKafka
package import DeliveryCore

extension Consumer {
    /// Answers an assign event: these partitions are read from these offsets on, into the message queue.
    ///
    /// Under a cooperative assignor the partitions are added, otherwise they become the whole assignment. Also an empty
    /// list is an answer. A partition begins unpaused and attached.
    package func assign(_ positions: [(PartitionIndex, offset: Int64)]) throws(KafkaError) {
        // A queue that the application has forwarded once is left alone when librdkafka starts the partition's fetcher
        // (flag FWD_APP), be that now or, with removals pending, later: forwarded before the assignment, no record ever
        // gets into the consumer queue. Stopping a fetcher however clears the forwarding, and for a partition that
        // comes back at once the stop may still be under way; both are served by librdkafka's main thread in the order
        // of the calls, so that it is over when the assignment call returns: hence the second time.
        let client = try unsafe client()
        let queues = try unsafe forwardQueues(of: positions, client)
        let list = PartitionList(positions, partitions)
        let failure =
            usesIncrementalAssignment
            ? unsafe KafkaError(consuming: rd_kafka_incremental_assign(client, list.pointer))
            : unsafe KafkaError(rd_kafka_assign(client, list.pointer))
        if let failure {
            unsafe queues.forEach { unsafe Consumer.giveBack($0) }
            throw failure
        }
        owesAnswer = false
        if !usesIncrementalAssignment { forgetQueues(of: Array(assigned.keys)) }
        for (place, position) in positions.enumerated() {
            unsafe rd_kafka_queue_forward(queues[place], messageQueue)
            forgetQueues(of: [position.0])
            unsafe assigned[position.0] = Assigned(queue: queues[place], startOffset: position.offset)
        }
    }

    /// Reads these partitions from these offsets on without a subscription (`--assign`).
    package func assignDirectly(_ positions: [(PartitionIndex, offset: Int64)]) throws(KafkaError) {
        try assign(positions)
    }

    /// Answers a revoke event. Records of these partitions that wait in the queue are dropped by librdkafka; those that
    /// were taken stay held until they are given back.
    package func unassign(_ revoked: [PartitionIndex]) throws(KafkaError) {
        let client = try unsafe client()
        // librdkafka keeps the pause flag with the partition; a new assignment must begin without it.
        for partition in revoked { resume(partition) }
        fetcherWakeUp?.schedule.drop()
        let known = revoked.filter { assigned[$0] != nil }
        forgetQueues(of: usesIncrementalAssignment ? revoked : Array(assigned.keys))
        guard usesIncrementalAssignment else {
            if let error = unsafe KafkaError(rd_kafka_assign(client, nil)) { throw error }
            owesAnswer = false
            return
        }
        // What was never read (`add`) is not librdkafka's to take away; an empty list is an answer too.
        let list = PartitionList(known, partitions)
        if let error = unsafe KafkaError(consuming: rd_kafka_incremental_unassign(client, list.pointer)) { throw error }
        owesAnswer = false
    }

    /// Starts a partition anew at `offset` after an out-of-range error: librdkafka has stopped it by then, and refuses
    /// to seek in it (`_STATE`). The group notices nothing.
    ///
    /// Without incremental assignment the other partitions are assigned anew too, each where the records taken so far
    /// end, so that none is missing and none comes twice.
    package func restart(_ partition: PartitionIndex, at offset: Int64) throws(KafkaError) {
        if usesIncrementalAssignment {
            try unassign([partition])
            try assign([(partition, offset: offset)])
            return
        }
        try assignAnew(keeping: assigned.keys.filter { $0 != partition }, with: [(partition, offset: offset)])
    }

    /// Reads partitions of the group's assignment that the answer to its event left out. The group notices nothing.
    package func add(_ positions: [(PartitionIndex, offset: Int64)]) throws(KafkaError) {
        guard !positions.isEmpty else { return }
        if usesIncrementalAssignment {
            try assign(positions)
        } else {
            try assignAnew(keeping: Array(assigned.keys), with: positions)
        }
    }

    private func assignAnew(
        keeping others: [PartitionIndex], with more: [(PartitionIndex, offset: Int64)]
    ) throws(KafkaError) {
        let positions = try nextOffsets(of: others) + more
        let paused = others.filter { assigned[$0]?.isPaused == true }
        let detached = others.filter { assigned[$0]?.isDetached == true }
        try unassign(Array(assigned.keys))
        try assign(positions)
        for other in paused { pause(other) }
        for other in detached { detach(other) }
    }

    /// Whether the group's assignor is a cooperative one, which wants partitions added and removed one by one.
    private var usesIncrementalAssignment: Bool { rebalanceProtocol == "COOPERATIVE" }

    private func forwardQueues(
        of positions: [(PartitionIndex, offset: Int64)], _ client: OpaquePointer
    ) throws(KafkaError) -> [OpaquePointer] {
        var queues: [OpaquePointer] = unsafe []
        for (partition, _) in positions {
            let name = partitions.name(of: partition)
            guard let queue = unsafe rd_kafka_queue_get_partition(client, name.topic, name.partition) else {
                unsafe queues.forEach { unsafe Consumer.giveBack($0) }
                throw KafkaError(
                    code: RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue,
                    message: "\(name.topic) [\(name.partition)]: no such partition")
            }
            unsafe rd_kafka_queue_forward(queue, messageQueue)
            unsafe queues.append(queue)
        }
        return unsafe queues
    }

    /// Gives the partitions' queue references back.
    func forgetQueues(of gone: [PartitionIndex]) {
        for partition in gone {
            guard let entry = assigned.removeValue(forKey: partition) else { continue }
            unsafe rd_kafka_queue_destroy(entry.queue)
        }
    }

    private static func giveBack(_ queue: OpaquePointer) {
        unsafe rd_kafka_queue_forward(queue, nil)
        unsafe rd_kafka_queue_destroy(queue)
    }

    /// For each partition the offset after the last record taken, or where its assignment began if none was.
    private func nextOffsets(of wanted: [PartitionIndex]) throws(KafkaError) -> [(PartitionIndex, offset: Int64)] {
        guard !wanted.isEmpty else { return [] }
        let client = try unsafe client()
        let list = PartitionList(wanted, partitions)
        if let error = unsafe KafkaError(rd_kafka_position(client, list.pointer)) { throw error }
        var positions: [(PartitionIndex, offset: Int64)] = []
        for (place, partition) in wanted.enumerated() {
            let taken = unsafe list.entries[place].offset
            let start = assigned[partition]?.startOffset ?? Int64(RD_KAFKA_OFFSET_INVALID)
            positions.append((partition, offset: taken >= 0 ? taken : start))
        }
        return positions
    }
}
