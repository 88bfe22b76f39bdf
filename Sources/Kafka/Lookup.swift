internal import CRDKafka
internal import DeliveryCore
internal import Glibc

/// The blocking calls behind one question. Runs on the lookup thread.
@safe
struct Lookup {
    /// How long one call may take, in milliseconds: also the longest that a stop has to wait.
    private static let callTimeout: Int32 = 3_000
    /// How long all attempts together may take, in milliseconds.
    private static let questionTimeout: Int64 = 10_000

    let client: OpaquePointer
    let isCancelled: () -> Bool

    func answer(_ request: LookupRequest) -> LookupResult {
        guard !request.partitions.isEmpty else { return LookupResult(token: request.token, positions: [], error: nil) }
        do throws(KafkaError) {
            let positions = try self.positions(request)
            return LookupResult(token: request.token, positions: positions, error: nil)
        } catch {
            let isVague = error.code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue
            let reason = isVague ? unsafe TopicCheck(client: client).firstProblem(of: request) ?? error : error
            return LookupResult(token: request.token, positions: [], error: reason)
        }
    }

    private func positions(_ request: LookupRequest) throws(KafkaError) -> [StartPosition] {
        let deadline = Lookup.now() + Lookup.questionTimeout
        // One request to each leader answers for all its partitions; rd_kafka_query_watermark_offsets would need a
        // round trip for each partition. The two special times are the Kafka protocol's (ListOffsets, -2 and -1).
        let lows = try offsets(at: -2, request, deadline)
        let highs = try offsets(at: -1, request, deadline)
        var starts: [Int64]
        switch request.policy {
        case .earliest: starts = lows
        case .latest: starts = highs
        case .timestamp(let time):
            // -1: no record is that young.
            starts = try offsets(at: max(time, 0), request, deadline)
            for place in starts.indices where starts[place] < 0 { starts[place] = highs[place] }
        }
        let committed = request.useCommitted ? try committedOffsets(request, deadline) : []
        return request.partitions.enumerated().map { place, partition in
            let known = committed.isEmpty ? nil : committed[place]
            return StartPosition(
                partition: partition.index, committed: known?.offset, metadata: known?.metadata, low: lows[place],
                high: highs[place], start: known?.offset ?? starts[place])
        }
    }

    private func offsets(
        at time: Int64, _ request: LookupRequest, _ deadline: Int64
    ) throws(KafkaError) -> [Int64] {
        let list = self.list(request, offset: time)
        try retrying(until: deadline, list, resettingTo: time) {
            unsafe rd_kafka_offsets_for_times(client, list.pointer, Lookup.callTimeout)
        }
        return unsafe list.entries.map { unsafe $0.offset }
    }

    private func committedOffsets(
        _ request: LookupRequest, _ deadline: Int64
    ) throws(KafkaError) -> [(offset: Int64, metadata: [UInt8]?)?] {
        let list = self.list(request, offset: Int64(RD_KAFKA_OFFSET_INVALID))
        try retrying(until: deadline, list, resettingTo: Int64(RD_KAFKA_OFFSET_INVALID)) {
            unsafe rd_kafka_committed(client, list.pointer, Lookup.callTimeout)
        }
        return unsafe list.entries.map { entry in
            guard unsafe entry.offset >= 0 else { return nil }
            let bytes = unsafe UnsafeRawBufferPointer(start: entry.metadata, count: entry.metadata_size)
            return unsafe (entry.offset, bytes.isEmpty ? nil : Array(bytes))
        }
    }

    private func list(_ request: LookupRequest, offset: Int64) -> PartitionList {
        let list = PartitionList(capacity: request.partitions.count)
        for partition in request.partitions { list.add(partition.topic, partition.number, offset: offset) }
        return list
    }

    /// Repeats a call in slices that end soon enough for a stop, while it only timed out or found no broker.
    private func retrying(
        until deadline: Int64, _ list: borrowing PartitionList, resettingTo offset: Int64,
        _ call: () -> rd_kafka_resp_err_t
    ) throws(KafkaError) {
        while true {
            if isCancelled() { throw KafkaError(code: RD_KAFKA_RESP_ERR__DESTROY.rawValue) }
            var failure = KafkaError(call())
            if failure == nil {
                for place in unsafe list.entries.indices where failure == nil {
                    let entry = unsafe list.entries[place]
                    failure = unsafe KafkaError(entry.err).map { unsafe Lookup.naming(entry, $0) }
                }
            }
            guard let failure else { return }
            let mayPass = [
                RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__WAIT_COORD,
                RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            ].contains { $0.rawValue == failure.code }
            guard mayPass, Lookup.now() < deadline else { throw failure }
            for place in unsafe list.entries.indices {
                unsafe list.entries[place].offset = offset
                unsafe list.entries[place].err = RD_KAFKA_RESP_ERR_NO_ERROR
            }
            // Some of these come back at once; a tenth of a second keeps the retries from being a flood.
            _ = usleep(100_000)
        }
    }

    private static func naming(_ entry: rd_kafka_topic_partition_t, _ error: KafkaError) -> KafkaError {
        unsafe KafkaError(
            code: error.code, message: "\(String(cString: entry.topic)) [\(entry.partition)]: \(error.message)")
    }

    /// Milliseconds on the monotonic clock.
    private static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
