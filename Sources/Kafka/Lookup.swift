internal import CRDKafka
internal import DeliveryCore
internal import Glibc

/// The blocking calls behind one question. Runs on the lookup thread.
@safe
struct Lookup {
    /// How long all attempts together may take, in milliseconds, as soon as some are found, which are not to wait longer
    /// for the others.
    private static let partialTimeout: Int64 = 3_000
    /// How long one call may take at most, in milliseconds: also the longest that a stop has to wait. The first attempt
    /// has a second, the next one two, so that a stop is quick as a rule, and a slow broker is heard all the same.
    private static let callTimeout: Int32 = 3_000

    let client: OpaquePointer
    let isCancelled: () -> Bool

    func answer(_ request: LookupRequest) -> LookupResult {
        let start = Lookup.now()
        var found: [PartitionIndex: StartPosition] = [:]
        var failures: [PartitionIndex: KafkaError] = [:]
        var open = request.partitions
        var timeout: Int32 = 0
        while !open.isEmpty {
            if isCancelled() { return whole(KafkaError(code: RD_KAFKA_RESP_ERR__DESTROY.rawValue), request) }
            timeout = min(timeout + 1_000, Lookup.callTimeout)
            // First all at once, which is one round trip to each leader. A leader that is missing or dead then spoils
            // the whole call, so that the next attempts ask each leader for itself.
            let groups = timeout == 1_000 ? [open] : byLeader(open, timeout, &failures)
            for group in groups {
                if isCancelled() { return whole(KafkaError(code: RD_KAFKA_RESP_ERR__DESTROY.rawValue), request) }
                do throws(KafkaError) {
                    for position in try positions(group, of: request, timeout) { found[position.partition] = position }
                } catch {
                    let reason = explained(error, request)
                    guard reason.mayPass else { return whole(reason, request) }
                    for partition in group { failures[partition.index] = reason }
                }
            }
            open.removeAll { found[$0.index] != nil }
            let limit = found.isEmpty ? request.patience : Lookup.partialTimeout
            if open.isEmpty || Lookup.now() - start >= limit { break }
            // Some failures come back at once; a tenth of a second keeps the attempts from being a flood.
            _ = usleep(100_000)
        }
        if found.isEmpty, let error = open.lazy.compactMap({ failures[$0.index] }).first {
            return whole(error, request)
        }
        return LookupResult(
            token: request.token, positions: request.partitions.compactMap { found[$0.index] },
            failed: open.compactMap { partition in
                failures[partition.index].map { LookupFailure(partition: partition.index, error: $0) }
            }, error: nil)
    }

    /// A failure of the whole question.
    private func whole(_ error: KafkaError, _ request: LookupRequest) -> LookupResult {
        LookupResult(token: request.token, positions: [], failed: [], error: error)
    }

    /// What is behind "unknown partition", which librdkafka says of a topic or a partition that does not exist, and
    /// newer versions (2.16, say) of one without a leader too. Any other error stays as it is.
    private func explained(_ error: KafkaError, _ request: LookupRequest) -> KafkaError {
        guard error.code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue else { return error }
        return unsafe TopicCheck(client: client).firstProblem(of: request)
            ?? KafkaError(code: RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE.rawValue)
    }

    /// The partitions by the broker that leads them; what has no leader is a failure. All in one where no broker tells.
    private func byLeader(
        _ partitions: [LookupRequest.Partition], _ timeout: Int32, _ failures: inout [PartitionIndex: KafkaError]
    ) -> [[LookupRequest.Partition]] {
        var groups: [Int32: [LookupRequest.Partition]] = [:]
        var leaders: [String: [Int32: Int32]] = [:]
        let check = unsafe TopicCheck(client: client)
        for partition in partitions {
            if leaders[partition.topic] == nil {
                if isCancelled() { return [] }
                guard let told = try? check.describe(partition.topic, timeout) else { return [partitions] }
                leaders[partition.topic] = told.leaders
            }
            if let leader = leaders[partition.topic]?[partition.number] {
                groups[leader, default: []].append(partition)
            } else {
                failures[partition.index] = KafkaError(
                    code: RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE.rawValue,
                    message: "\(partition.topic) [\(partition.number)] has no leader")
            }
        }
        return Array(groups.values)
    }

    private func positions(
        _ partitions: [LookupRequest.Partition], of request: LookupRequest, _ timeout: Int32
    ) throws(KafkaError) -> [StartPosition] {
        // One request to each leader answers for all its partitions; rd_kafka_query_watermark_offsets would need a
        // round trip for each partition. The two special times are the Kafka protocol's (ListOffsets, -2 and -1).
        let lows = try offsets(at: -2, partitions, timeout)
        let highs = try offsets(at: -1, partitions, timeout)
        var starts: [Int64]
        switch request.policy {
        case .earliest: starts = lows
        case .latest: starts = highs
        case .timestamp(let time):
            // -1: no record is that young.
            starts = try offsets(at: max(time, 0), partitions, timeout)
            for place in starts.indices where starts[place] < 0 { starts[place] = highs[place] }
        }
        let committed = request.useCommitted ? try committedOffsets(partitions, timeout) : []
        return partitions.enumerated().map { place, partition in
            let known = committed.isEmpty ? nil : committed[place]
            return StartPosition(
                partition: partition.index, committed: known?.offset, metadata: known?.metadata, low: lows[place],
                high: highs[place], start: known?.offset ?? starts[place])
        }
    }

    private func offsets(
        at time: Int64, _ partitions: [LookupRequest.Partition], _ timeout: Int32
    ) throws(KafkaError) -> [Int64] {
        let list = self.list(partitions, offset: time)
        try check(
            list,
            isCancelled()
                ? RD_KAFKA_RESP_ERR__DESTROY : unsafe rd_kafka_offsets_for_times(client, list.pointer, timeout))
        return unsafe list.entries.map { unsafe $0.offset }
    }

    private func committedOffsets(
        _ partitions: [LookupRequest.Partition], _ timeout: Int32
    ) throws(KafkaError) -> [(offset: Int64, metadata: [UInt8]?)?] {
        let list = self.list(partitions, offset: Int64(RD_KAFKA_OFFSET_INVALID))
        try check(
            list, isCancelled() ? RD_KAFKA_RESP_ERR__DESTROY : unsafe rd_kafka_committed(client, list.pointer, timeout))
        return unsafe list.entries.map { entry in
            guard unsafe entry.offset >= 0 else { return nil }
            let bytes = unsafe UnsafeRawBufferPointer(start: entry.metadata, count: entry.metadata_size)
            return unsafe (entry.offset, bytes.isEmpty ? nil : Array(bytes))
        }
    }

    private func list(_ partitions: [LookupRequest.Partition], offset: Int64) -> PartitionList {
        let list = PartitionList(capacity: partitions.count)
        for partition in partitions { list.add(partition.topic, partition.number, offset: offset) }
        return list
    }

    /// Throws the error of the whole call, or else that of the first partition that has one, naming it.
    private func check(_ list: borrowing PartitionList, _ result: rd_kafka_resp_err_t) throws(KafkaError) {
        if let error = KafkaError(result) { throw error }
        for place in unsafe list.entries.indices {
            let entry = unsafe list.entries[place]
            guard let error = unsafe KafkaError(entry.err) else { continue }
            throw unsafe KafkaError(
                code: error.code, message: "\(String(cString: entry.topic)) [\(entry.partition)]: \(error.message)")
        }
    }

    /// Milliseconds on the monotonic clock.
    private static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}

extension KafkaError {
    /// Whether a look-up may succeed when it is made again, because a broker, a leader or a coordinator is only away.
    var mayPass: Bool {
        [
            RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
            RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
            RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
        ].contains { $0.rawValue == code }
    }
}
