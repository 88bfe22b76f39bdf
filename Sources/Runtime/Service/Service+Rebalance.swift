import Configuration
import DeliveryCore
import Kafka
import Logging

extension Service {
    func takeConsumerEvents() {
        lastConsumerPoll = now
        events.removeAll(keepingCapacity: true)
        source.pollEvents(into: &events)
        sendHeldCommits()
        for event in events { handle(event) }
        advanceRebalances()
    }

    private func handle(_ event: ConsumerEvent) {
        switch event {
        case .assigned(let partitions):
            hasJoined = true
            timeline.pass(.assigned, now: now, log: log)
            log.log(level: sourceLevel, "partitions assigned", metadata: ["partitions": "\(names(partitions))"])
            refuseOwnDeadLetters(partitions)
            rebalances.waiting.append(.assign(partitions, explicit: [:]))
        case .revoked(let partitions, let lost):
            log.info("partitions revoked", metadata: ["partitions": "\(names(partitions))", "lost": "\(lost)"])
            rebalances.waiting.append(.revoke(partitions, lost: lost))
        case .commitFinished(let token, let results, let error): commitFinished(token: token, results, error)
        case .failed(let partition, let error): consumerFailed(error, at: partition)
        case .rebalanceFailed(let error):
            log.error(
                "rebalance failed: all partitions are given up and the group is joined again",
                metadata: ["error": "\(error)"])
            rebalances.waiting.append(.revoke(machine.assignedPartitions + missing.partitions, lost: true))
        case .log(let level, let facility, let text): clientLogged(level, facility, text)
        case .record(let record): take(record)
        case .endReached(let partition, let offset): take(.endReached(partition, offset: offset))
        }
    }

    /// A pattern may take in the topic of the dead letters: they would be consumed again, and fail again, for ever.
    private func refuseOwnDeadLetters(_ partitions: [PartitionIndex]) {
        guard let template = plan.settings.deadLetterTopic else { return }
        let topics = Set(machine.assignedPartitions.map(topic) + partitions.map(topic) + plan.settings.topics)
        for source in topics.sorted() {
            let target = DeadLetterTopic.name(template, for: source)
            let isTaken = plan.settings.topicPattern.map { TopicPattern.matches($0, target) } ?? false
            guard isTaken || topics.contains(target) else { continue }
            stop(
                .configuration,
                "the topic '\(target)' is consumed, and dead letters of '\(source)' go there: they would be consumed again; "
                    + "keep it out of --topic-pattern, or choose another --dead-letter-topic")
            return
        }
    }

    private func topic(_ partition: PartitionIndex) -> String { partitionTable.name(of: partition).topic }

    private func names(_ partitions: [PartitionIndex]) -> String { partitions.map(place).joined(separator: " ") }

    // MARK: Answering

    func beginDirectAssignment() {
        var partitions: [PartitionIndex] = []
        var explicit: [PartitionIndex: Int64] = [:]
        for assignment in plan.settings.assignments {
            let partition = partitionTable.index(
                topic: assignment.topic, partition: assignment.partition)
            partitions.append(partition)
            explicit[partition] = assignment.offset
        }
        rebalances.waiting.append(.assign(partitions, explicit: explicit))
    }

    func advanceRebalances() {
        if let retryAt = rebalances.retryAt, retryAt <= now { rebalances.step = .idle }
        if let retryAt = relocationRetryAt, retryAt <= now {
            relocationRetryAt = nil
            if !outOfRange.isEmpty {
                lookups.startPositions(
                    outOfRange.sorted(), from: .earliest, useCommitted: false, token: Self.relocationToken)
            }
        }
        lookUpMissing()
        while rebalances.step == .idle, let event = rebalances.current {
            switch event {
            case .assign(let partitions, _):
                if partitions.isEmpty {
                    answerAssign([])
                } else {
                    let token = rebalances.issueToken()
                    rebalances.step = .lookingUp(token: token)
                    lookups.startPositions(partitions, from: plan.start, useCommitted: plan.usesGroup, token: token)
                }
            case .revoke(let partitions, let lost):
                rebalances.step = .revoking
                missing.forget(partitions)
                machine.revoked(partitions, lost: lost, now: now, actions: &actions)
                return
            }
        }
    }

    func answerRevoke(_ partitions: [PartitionIndex]) {
        guard rebalances.step == .revoking else { return }
        outOfRange.subtract(partitions)
        for partition in partitions { refusedCommits[partition] = nil }
        do {
            try source.unassign(partitions)
        } catch {
            log.error("answering a revoke failed", metadata: ["error": "\(error)"])
        }
        rebalances.finish()
    }

    private func answerAssign(_ places: [ReadingPlace]) {
        do {
            let positions = places.map { ($0.found.partition, offset: $0.start) }
            if plan.settings.assignments.isEmpty {
                try source.assign(positions)
            } else {
                try source.assignDirectly(positions)
            }
        } catch {
            // Nothing would ever arrive, and nothing would say so.
            stop(.software, "answering an assignment failed: \(error)")
            rebalances.finish()
            return
        }
        beginReading(places)
        rebalances.finish()
    }

    private func beginReading(_ places: [ReadingPlace]) {
        machine.assigned(
            places.map { place in
                DeliveryCore.AssignedPartition(
                    partition: place.found.partition, position: place.start, end: place.found.high,
                    commitsPosition: place.found.committed.map { $0 != place.start }
                        ?? (plan.settings.from != .earliest),
                    settled: settledBefore(place),
                    identity: plan.metadataIdentity(topic: topic(place.found.partition)))
            }, now: now, actions: &actions)
    }

    /// What the commit's metadata says of records above the committed offset; nothing where reading begins elsewhere.
    private func settledBefore(_ reading: ReadingPlace) -> SettledRuns {
        guard let metadata = reading.found.metadata, !plan.settings.ignoreCommitMetadata,
            let committed = reading.found.committed, committed == reading.start
        else { return SettledRuns() }
        let identity = plan.metadataIdentity(topic: topic(reading.found.partition))
        do throws(CommitMetadataRefusal) {
            let settled = try CommitMetadata.read(metadata, base: committed, identity: identity)
            if let last = settled.remaining.last, last.upperBound >= reading.found.high {
                log.warning(
                    "commit metadata is not used: it tells of records that the log no longer has",
                    metadata: ["kafka.partition": "\(place(reading.found.partition))", "high": "\(reading.found.high)"])
                return SettledRuns()
            }
            if !settled.isEmpty {
                log.info(
                    "records above the committed offset are settled: they are not delivered again",
                    metadata: [
                        "kafka.partition": "\(place(reading.found.partition))", "runs": "\(settled.runs.count)",
                    ])
            }
            return settled
        } catch {
            log.info(
                "commit metadata is not used: nothing above the committed offset counts as settled",
                metadata: ["kafka.partition": "\(place(reading.found.partition))", "reason": "\(error)"])
            return SettledRuns()
        }
    }

    // MARK: Look-ups

    func takeLookupResults() {
        lookupResults.removeAll(keepingCapacity: true)
        lookups.takeResults(into: &lookupResults)
        for result in lookupResults {
            if rebalances.step == .lookingUp(token: result.token) {
                positionsFound(result)
            } else if missing.token == result.token {
                missingFound(result)
            } else if result.token == Self.relocationToken {
                relocationFound(result)
            }
        }
        if !lookupResults.isEmpty { advanceRebalances() }
    }

    private func positionsFound(_ result: LookupResult) {
        if let error = result.error {
            rebalances.step = .waitingToRetry(at: now + .seconds(1))
            consumerFailed(error, at: nil, about: rebalances.current?.partitions ?? [])
            return
        }
        hasConnected = true
        timeline.pass(.positioned, now: now, log: log)
        guard case .assign(_, let explicit)? = rebalances.current else { return }
        let places = choosePositions(result.positions, explicit)
        answerAssign(places)
        setAside(result.failed)
    }

    private func choosePositions(
        _ positions: [Kafka.StartPosition], _ explicit: [PartitionIndex: Int64]
    ) -> [ReadingPlace] {
        var places: [ReadingPlace] = []
        for found in positions {
            let wanted = found.committed ?? explicit[found.partition] ?? found.start
            // Where the service stops, the assignment is answered without the partition, so that closing is not held up.
            guard let start = choosePosition(wanted, found) else { continue }
            places.append(ReadingPlace(found: found, start: start))
        }
        for place in places { tellReading(place) }
        return places
    }

    // MARK: Partitions whose leader is away

    /// The others are read meanwhile.
    private func setAside(_ failed: [LookupFailure]) {
        guard let first = failed.first else { return }
        missing.add(failed.map(\.partition), retryAt: now + .seconds(1))
        consumerFailed(first.error, at: nil, about: failed.map(\.partition))
    }

    private func lookUpMissing() {
        guard missing.retryAt.map({ $0 <= now }) == true, !machine.isDraining else { return }
        let token = rebalances.issueToken()
        let due = missing.takeDue(now: now, token: token)
        guard !due.isEmpty else { return }
        // A short question: others wait behind it.
        lookups.startPositions(
            due, from: plan.start, useCommitted: plan.usesGroup, within: 1_000, token: token)
    }

    private func missingFound(_ result: LookupResult) {
        if let error = result.error {
            missing.add(missing.partitions, retryAt: now + .seconds(1))
            consumerFailed(error, at: nil, about: missing.partitions)
            return
        }
        // librdkafka takes any change of the assignment for the answer to an event that is not decided yet.
        guard rebalances.current == nil else {
            missing.add(missing.partitions, retryAt: now + .seconds(1))
            return
        }
        var explicit: [PartitionIndex: Int64] = [:]
        for assignment in plan.settings.assignments {
            let partition = partitionTable.index(topic: assignment.topic, partition: assignment.partition)
            explicit[partition] = assignment.offset
        }
        let places = choosePositions(result.positions.filter { missing.found($0.partition) }, explicit)
        do {
            try source.add(places.map { ($0.found.partition, offset: $0.start) })
            beginReading(places)
        } catch {
            stop(.software, "reading partitions whose leader came back failed: \(error)")
        }
        setAside(result.failed.filter { missing.partitions.contains($0.partition) })
    }

    private func tellReading(_ reading: ReadingPlace) {
        log.log(
            level: sourceLevel, "reading",
            metadata: [
                "kafka.partition": "\(place(reading.found.partition))", "position": "\(reading.start)",
                "committed": "\(reading.found.committed.map(String.init) ?? "none")", "low": "\(reading.found.low)",
                "high": "\(reading.found.high)",
            ])
    }

    /// Follows `--out-of-range`; nil where the service stops.
    private func choosePosition(_ wanted: Int64, _ position: Kafka.StartPosition) -> Int64? {
        if wanted >= position.low, wanted <= position.high { return wanted }
        let lost =
            wanted < position.low
            ? "offsets \(wanted) to \(position.low - 1) are lost" : "the log ends at \(position.high)"
        switch plan.settings.outOfRange {
        case .stop:
            stop(
                .data,
                "\(place(position.partition)): the position \(wanted) is not in the log, which holds \(position.low) to "
                    + "\(position.high): \(lost); choose --out-of-range earliest or latest to go on")
            return nil
        case .earliest, .latest:
            let start = plan.settings.outOfRange == .earliest ? position.low : position.high
            log.error(
                "position not in the log: going on elsewhere",
                metadata: [
                    "kafka.partition": "\(place(position.partition))", "position": "\(wanted)", "lost": "\(lost)",
                    "new.position": "\(start)",
                ])
            return start
        }
    }

    /// The token of all look-ups for positions that were lost while reading; others count from 1.
    private static let relocationToken: UInt64 = 0

    /// A position was lost while reading: ask where the log begins and ends now.
    func positionLost(_ partition: PartitionIndex) {
        guard outOfRange.insert(partition).inserted else { return }
        lookups.startPositions([partition], from: .earliest, useCommitted: false, token: Self.relocationToken)
    }

    private func relocationFound(_ result: LookupResult) {
        if let error = result.error {
            consumerFailed(error, at: nil)
            relocationRetryAt = now + .seconds(1)
            return
        }
        // As for partitions that were missing: an event that waits must not be answered by this.
        guard rebalances.current == nil else {
            relocationRetryAt = now + .seconds(1)
            return
        }
        if let first = result.failed.first {
            relocationRetryAt = now + .seconds(1)
            consumerFailed(first.error, at: nil, about: result.failed.map(\.partition))
        }
        for position in result.positions where outOfRange.remove(position.partition) != nil {
            guard let wanted = machine.position(of: position.partition) else { continue }
            guard let start = choosePosition(wanted, position) else { continue }
            machine.relocate(position.partition, to: start, now: now, actions: &actions)
            do {
                try source.restart(position.partition, at: start)
            } catch {
                stop(.software, "\(place(position.partition)): reading on at \(start) failed: \(error)")
            }
        }
    }
}

/// Where a partition is read from, and what the look-up found about it.
struct ReadingPlace {
    var found: Kafka.StartPosition
    var start: Int64
}
