internal import CRDKafka
package import DeliveryCore

extension Consumer {
    /// Leaves the partition's records in a queue of their own from now on; what is in the message queue still arrives.
    /// Its fetcher goes on until the `queued.*` limits are reached, which hold for this partition alone. No refetch, no
    /// gap, no duplicate.
    package func detach(_ partition: PartitionIndex) {
        guard let entry = assigned[partition], !entry.isDetached else { return }
        unsafe rd_kafka_queue_forward(entry.queue, nil)
        assigned[partition]?.isDetached = true
    }

    /// Undoes `detach`: what waited is appended to the message queue, in order, and the eventfd is written.
    package func attach(_ partition: PartitionIndex) {
        guard let entry = assigned[partition], entry.isDetached else { return }
        unsafe rd_kafka_queue_forward(entry.queue, messageQueue)
        assigned[partition]?.isDetached = false
    }

    /// Stops fetching the partition and throws its prefetched records away; `resume` fetches them again, from the one
    /// after the last that was taken. Records taken before stay held.
    package func pause(_ partition: PartitionIndex) {
        guard let entry = assigned[partition], !entry.isPaused else { return }
        let list = PartitionList([partition], partitions)
        unsafe _ = rd_kafka_pause_partitions(handle, list.pointer)
        fetcherWakeUp?.schedule.drop()
        assigned[partition]?.isPaused = true
    }

    /// Undoes `pause`; does nothing for a partition that is not paused (librdkafka would deliver duplicates).
    package func resume(_ partition: PartitionIndex) {
        guard let entry = assigned[partition], entry.isPaused else { return }
        let list = PartitionList([partition], partitions)
        unsafe _ = rd_kafka_resume_partitions(handle, list.pointer)
        assigned[partition]?.isPaused = false
    }

    /// Reads on at `offset`; what waits in the queue is dropped. Works for a running partition; after an out-of-range
    /// error use `restart`.
    package func seek(_ partition: PartitionIndex, to offset: Int64) throws(KafkaError) {
        let client = try unsafe client()
        let list = PartitionList([(partition, offset: offset)], partitions)
        // Not a round trip: librdkafka's main thread answers. The bound is for a machine that stands still.
        if let error = unsafe KafkaError(consuming: rd_kafka_seek_partitions(client, list.pointer, 5_000)) {
            throw error
        }
        if let error = unsafe KafkaError(list.entries[0].err) { throw error }
        fetcherWakeUp?.schedule.drop()
    }

    /// Sends a commit. `ConsumerEvent.commitFinished` with the same token brings the result; an error thrown here means
    /// that nothing was sent. An empty list is refused.
    package func commit(_ offsets: [CommitEntry], token: UInt64) throws(KafkaError) {
        guard !offsets.isEmpty else { throw KafkaError(code: RD_KAFKA_RESP_ERR__NO_OFFSET.rawValue) }
        let client = try unsafe client()
        let list = PartitionList(capacity: offsets.count)
        for entry in offsets {
            let name = partitions.name(of: entry.partition)
            list.add(name.topic, name.partition, offset: entry.offset, metadata: entry.metadata)
        }
        let opaque = unsafe UnsafeMutableRawPointer(bitPattern: UInt(token))
        if let error = unsafe KafkaError(rd_kafka_commit_queue(client, list.pointer, consumerQueue, nil, opaque)) {
            throw error
        }
    }
}
