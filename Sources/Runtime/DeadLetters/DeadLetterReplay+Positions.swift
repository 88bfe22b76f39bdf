import Configuration
import DeliveryCore
import Kafka
import Logging
import Reactor

extension DeadLetterReplay {
    /// How long a broker may take to answer, in milliseconds.
    private static let answerTimeout: Int32 = 10_000

    /// Finds the topic's partitions, where each begins and ends, and what earlier runs have put back.
    func locate() throws {
        let count: Int32
        do throws(KafkaError) {
            count = try consumer.partitionCount(of: settings.fromTopic, within: DeadLetterReplay.answerTimeout)
        } catch {
            throw ReplayFault(refusal() ?? error, "cannot read --from-topic")
        }
        let indices = (0..<count).map { consumer.partitions.index(topic: settings.fromTopic, partition: $0) }
        for found in try lookUp(indices) { partitions[found.partition] = partition(found) }
        for (index, partition) in partitions { committed[index] = partition.earlier }
        let open = partitions.filter { !$0.value.isRead }
        log.info(
            "reading dead letters",
            metadata: [
                "topic": "\(settings.fromTopic)", "partitions": "\(count)", "group": "\(settings.group)",
                "letters": "\(open.values.reduce(0) { $0 + $1.end - $1.position })",
            ])
        do throws(KafkaError) {
            try consumer.assignDirectly(open.map { ($0.key, offset: $0.value.position) })
        } catch {
            throw ReplayFault(error, "cannot read \(settings.fromTopic)")
        }
    }

    /// Why no broker talks to us, if one has said so: the call that waited only knows that there was no answer.
    private func refusal() -> KafkaError? {
        var events: [ConsumerEvent] = []
        consumer.pollEvents(into: &events)
        for case .failed(_, let error) in events where error.kind == .authentication { return error }
        return nil
    }

    private func lookUp(_ indices: [PartitionIndex]) throws -> [Kafka.StartPosition] {
        let lookups = try LookupThread(consumer: consumer, wake: wake.descriptor)
        defer { lookups.stop() }
        lookups.startPositions(indices, from: .earliest, useCommitted: true, token: 0)
        var results: [LookupResult] = []
        while results.isEmpty {
            try wait()
            if isInterrupted { throw ReplayFault(.ok, "stopped by a signal before anything was read") }
            lookups.takeResults(into: &results)
        }
        let result = results[0]
        if let error = result.error { throw ReplayFault(error, "cannot look up the group's progress") }
        // A partition that is left out would be left out in silence by a script that looks at the exit code.
        if let failed = result.failed.first { throw ReplayFault(failed.error, "cannot look up the group's progress") }
        return result.positions
    }

    private func partition(_ found: Kafka.StartPosition) -> Partition {
        let place = consumer.partitions.name(of: found.partition)
        var progress = ReplayProgress(base: found.low)
        if let offset = found.committed, offset <= found.high {
            do throws(CommitMetadataRefusal) {
                progress = try ReplayProgress(base: offset, metadata: found.metadata, identity: identity)
            } catch {
                log.warning(
                    "the record of what was put back cannot be used: letters above its offset may come twice",
                    metadata: ["kafka.partition": "\(place.topic)[\(place.partition)]", "reason": "\(error)"])
                progress = ReplayProgress(base: offset)
            }
        } else if let offset = found.committed {
            log.warning(
                "the topic ends below the record of what was put back: was it created anew? It is read from its beginning",
                metadata: [
                    "kafka.partition": "\(place.topic)[\(place.partition)]", "recorded": "\(offset)",
                    "end": "\(found.high)",
                ])
        }
        // What retention has deleted needs no record.
        if found.low > progress.base { progress.insert(progress.base...found.low - 1) }
        return Partition(
            number: place.partition, confirmed: progress, planned: progress, earlier: progress,
            position: settings.again ? found.low : progress.base, end: found.high)
    }

    /// Commits what is known already, so that it is the first thing to fail where the group may not be written to, or has
    /// members: after the first record it would be too late.
    func proveCommits() throws {
        guard !partitions.isEmpty else { return }
        committed = [:]
        commit()
        let deadline = MonotonicClock.nanoseconds() + 30_000_000_000
        while commitInFlight != nil {
            try wait()
            if let failure { throw ReplayFault(failure.code, failure.reason) }
            if isInterrupted { throw ReplayFault(.ok, "stopped by a signal before anything was put back") }
            if MonotonicClock.nanoseconds() > deadline {
                throw ReplayFault(.unavailable, "no broker has taken the commit of group \(settings.group) in 30 s")
            }
        }
    }

    /// Sends what has changed since the last commit; one at a time.
    func commit() {
        guard commitInFlight == nil, writer != nil else { return }
        var entries: [Kafka.CommitEntry] = []
        for (index, partition) in partitions where committed[index] != partition.confirmed {
            let metadata = partition.confirmed.metadata(identity: identity)
            if !metadata.isComplete {
                log.warning(
                    "the record of what was put back is full: a later run puts some letters back again",
                    metadata: ["kafka.partition": "\(settings.fromTopic)[\(partition.number)]"])
            }
            entries.append(
                Kafka.CommitEntry(partition: index, offset: partition.confirmed.base, metadata: metadata.text))
            sentCommit[index] = partition.confirmed
        }
        guard !entries.isEmpty else { return }
        do throws(KafkaError) {
            try consumer.commit(entries, token: nextCommitToken)
        } catch {
            return fail(ReplayFault(error, "cannot commit to group \(settings.group)").outcome)
        }
        commitInFlight = nextCommitToken
        nextCommitToken += 1
    }

    /// The answer to a commit.
    func commitFinished(_ token: UInt64, _ results: [CommitResult], _ error: KafkaError?) {
        guard token == commitInFlight else { return }
        commitInFlight = nil
        let first = results.first { $0.error != nil }?.error ?? error
        if let first {
            let reason = ReplayFault(
                first,
                "what was put back could not be recorded in group \(settings.group), and a later run may repeat it")
            fail(reason.outcome)
        } else {
            committed.merge(sentCommit) { $1 }
        }
        sentCommit.removeAll()
    }
}
