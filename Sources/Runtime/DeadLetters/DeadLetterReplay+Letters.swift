import Configuration
import DeliveryCore
import Kafka
import Logging
import Reactor

extension DeadLetterReplay {
    /// Nanoseconds without a record or a report after which the brokers count as away.
    private static let patience: Int64 = 60_000_000_000
    private static let commitInterval: Int64 = 1_000_000_000
    private static let reportInterval: Int64 = 2_000_000_000

    /// Reads until each partition's end, the limit, a signal or a failure.
    func readAll() throws {
        let start = MonotonicClock.nanoseconds()
        var (lastCommit, lastReport, lastProgress) = (start, start, start)
        var seen = summary
        while !isReadingDone {
            if waiting.isEmpty { try wait() } else { try wait(100) }
            takeLetters()
            let now = MonotonicClock.nanoseconds()
            if now - lastCommit >= DeadLetterReplay.commitInterval {
                lastCommit = now
                commit()
            }
            if now - lastReport >= DeadLetterReplay.reportInterval {
                lastReport = now
                log.info("replaying", metadata: ["read": "\(summary.read)", "put.back": "\(summary.putBackCount)"])
            }
            if summary != seen { (seen, lastProgress) = (summary, now) }
            if now - lastProgress >= DeadLetterReplay.patience {
                fail(ServiceOutcome(.unavailable, "no letter could be read or written for 60 s; are the brokers away?"))
            }
        }
        for case .record(let record) in waiting { consumer.records.giveBack(record.slot) }
        waiting.removeAll()
    }

    private var isReadingDone: Bool {
        if isInterrupted || failure != nil { return true }
        if isLimitReached { return pending.isEmpty }
        return waiting.isEmpty && partitions.values.allSatisfy(\.isRead)
    }

    /// So many are put back or under way; where one of these fails, there is room for another.
    private var isLimitReached: Bool { settings.limit.map { summary.putBackCount + pending.count >= $0 } ?? false }

    /// Waits for what was handed to the producer, and for the last commit.
    func settle() throws {
        // The producer itself gives each record up after message.timeout.ms, 30 seconds.
        let end = MonotonicClock.nanoseconds() + 60_000_000_000
        while !pending.isEmpty {
            try wait(100)
            guard MonotonicClock.nanoseconds() < end else {
                throw ReplayFault(.unavailable, "\(pending.count) letters were written and never reported on")
            }
        }
        let deadline = MonotonicClock.nanoseconds() + DeadLetterReplay.patience
        while commitInFlight != nil { try settleCommit(deadline) }
        commit()
        while commitInFlight != nil { try settleCommit(deadline) }
    }

    private func settleCommit(_ deadline: Int64) throws {
        try wait(100)
        guard MonotonicClock.nanoseconds() > deadline else { return }
        commitInFlight = nil
        fail(
            ServiceOutcome(
                .unavailable,
                "what was put back could not be recorded in group \(settings.group) within 60 s, and a later run may repeat it"
            ))
    }

    /// One turn: waits up to so many milliseconds, then takes in what has come.
    func wait(_ milliseconds: Int32 = 1_000) throws {
        var ready: [Readiness] = []
        try poller.wait(timeoutMilliseconds: milliseconds, into: &ready)
        wake.drain()
        if let signal = try signals.take().first {
            log.info("stopping", metadata: ["signal": "\(SignalName.of(signal))"])
            isInterrupted = true
        }
        var events: [ConsumerEvent] = []
        consumer.pollEvents(into: &events)
        var reports: [DeadLetterWriter.Report] = []
        writer?.poll(into: &reports)
        writer?.takeNotices(into: &events)
        for event in events { take(event) }
        for report in reports { take(report) }
        if let error = writer?.fatalError { fail(ReplayFault(error, "the producer failed").outcome) }
    }

    private func take(_ event: ConsumerEvent) {
        switch event {
        case .commitFinished(let token, let results, let error): commitFinished(token, results, error)
        case .log(let level, let facility, let text):
            log.log(
                level: level <= 3 ? .error : level <= 4 ? .warning : .debug, "librdkafka",
                metadata: ["facility": "\(facility)", "text": "\(text)"])
        case .record(let record): waiting.append(.record(record))
        case .failed(let partition, let error): troubled(partition, error)
        // The end counts where it comes behind the records, by their own queue. Nobody joins the group.
        case .endReached, .assigned, .revoked, .rebalanceFailed: break
        }
    }

    private func take(_ report: DeadLetterWriter.Report) {
        guard let letter = pending.removeValue(forKey: report.token) else { return }
        guard let error = report.error else {
            partitions[letter.partition]?.confirmed.insert(letter.offset...letter.offset)
            summary.putBack[letter.topic, default: 0] += 1
            return
        }
        leave(.failed)
        let place = "\(settings.fromTopic) [\(partitions[letter.partition]?.number ?? -1)] \(letter.offset)"
        log.error(
            "a letter could not be put back: it stays",
            metadata: ["letter": "\(place)", "topic": "\(letter.topic)", "error": "\(error)"])
        let fault = ReplayFault(error, "\(place) could not be put back into \(letter.topic)")
        // What is about this letter alone does not keep the others from being put back.
        error.isRecordTooLarge ? noteFault(fault.outcome.reason) : fail(fault.outcome)
    }

    private func takeLetters() {
        if waiting.isEmpty { consumer.takeRecords(upTo: 500, into: &waiting) }
        var taken = 0
        for arrival in waiting {
            guard failure == nil else { break }
            switch arrival {
            case .record(let record):
                guard take(record) else { return waiting.removeFirst(taken) }
                consumer.records.giveBack(record.slot)
            case .endReached(let partition, let offset): reached(partition, offset)
            case .failed(let partition, let error): troubled(partition, error)
            }
            taken += 1
        }
        waiting.removeFirst(taken)
    }

    /// Deals with one letter; false where it has to wait until the producer has room, or the limit is reached.
    private func take(_ record: Record) -> Bool {
        guard var partition = partitions[record.partition], !partition.isRead else { return true }
        if record.offset >= partition.end {
            // Written since the start; all before it has been read.
            reached(record.partition, record.offset)
            return true
        }
        if isLimitReached { return false }
        pass(&partition, to: record.offset)
        guard settings.again || !partition.earlier.contains(record.offset) else {
            partition.position = record.offset + 1
            partitions[record.partition] = partition
            summary.read += 1
            leave(.earlier)
            return true
        }
        let letter = DeadLetterRecord(record.slot, of: consumer.records)
        switch choice.verdict(on: letter) {
        case .leave(let reason): leave(reason)
        case .putBack(let topic, let wanted):
            guard putBack(record, letter, topic, wanted, &partition) else {
                partitions[record.partition] = partition
                return false
            }
            summary.matched += 1
        }
        summary.read += 1
        partition.position = record.offset + 1
        partitions[record.partition] = partition
        return true
    }

    /// There is no letter between the position and `offset`: a later run need not look.
    private func pass(_ partition: inout Partition, to offset: Int64) {
        guard offset > partition.position else { return }
        partition.confirmed.insert(partition.position...offset - 1)
        partition.planned.insert(partition.position...offset - 1)
        partition.position = offset
    }

    /// All below `offset` has been read. That may be less than was seen at the start: the records of a transaction which is
    /// still open are left for a later run.
    private func reached(_ index: PartitionIndex, _ offset: Int64) {
        guard var partition = partitions[index] else { return }
        pass(&partition, to: min(offset, partition.end))
        partition.position = partition.end
        partitions[index] = partition
    }

    /// Hands a letter to the producer; false where that is full.
    private func putBack(
        _ record: Record, _ letter: DeadLetterRecord, _ topic: String, _ wanted: Int32?, _ partition: inout Partition
    ) -> Bool {
        guard let count = target(topic) else {
            leave(.failed)
            return true
        }
        let number = wanted.flatMap { (0..<count).contains($0) ? $0 : nil }
        guard let writer else {
            write(line(record, partition.number, letter, topic, number))
            summary.putBack[topic, default: 0] += 1
            return true
        }
        var planned = partition.planned
        planned.insert(record.offset...record.offset)
        guard planned.metadata(identity: identity).isComplete else {
            leave(.noRoom)
            noteFault(
                "the record of what was put back is full, because so many letters between are left: put back with a wider "
                    + "choice, or a --group of its own, and see the summary")
            return true
        }
        do throws(KafkaError) {
            try writer.putBack(
                record.slot, of: consumer.records, topic: topic, partition: number,
                timestamp: settings.keepsTimestamp ? letter.originalTimestamp : nil, replays: letter.replays + 1,
                token: nextToken)
        } catch {
            if error.name == "_QUEUE_FULL" { return false }
            leave(.failed)
            noteFault("\(settings.fromTopic) [\(partition.number)] \(record.offset) could not be put back: \(error)")
            return true
        }
        partition.planned = planned
        pending[nextToken] = Pending(partition: record.partition, offset: record.offset, topic: topic)
        nextToken += 1
        return true
    }

    /// How many partitions the topic has; nil, told once, where it cannot be written to.
    private func target(_ topic: String) -> Int32? {
        if let known = targets[topic] { return known }
        do throws(KafkaError) {
            let count = try consumer.partitionCount(of: topic, within: 10_000)
            targets[topic] = .some(count)
            return count
        } catch {
            targets[topic] = .some(nil)
            log.error("a topic cannot be written to: its letters stay", metadata: ["error": "\(error)"])
            noteFault("records cannot go back: \(error)")
            return nil
        }
    }

    /// A line of a dry run.
    private func line(_ record: Record, _ number: Int32, _ letter: DeadLetterRecord, _ topic: String, _ target: Int32?)
        -> String
    {
        func printable(_ text: String) -> String {
            let shown = text.unicodeScalars.prefix(120).map { $0.properties.generalCategory == .control ? " " : $0 }
            return String(String.UnicodeScalarView(shown))
        }
        let place = target.map { "[\($0)]" } ?? "[by key]"
        return "\(settings.fromTopic) [\(number)] \(record.offset) -> \(printable(topic)) \(place) "
            + "key=\(letter.keyText.map(printable) ?? "-") replays=\(letter.replays) error=\(printable(letter.error))\n"
    }

    private func leave(_ reason: ReplaySummary.Left) { summary.left[reason, default: 0] += 1 }

    private func troubled(_ partition: PartitionIndex?, _ error: KafkaError) {
        let place = partition.map { consumer.partitions.name(of: $0) }.map { "\($0.topic) [\($0.partition)]: " } ?? ""
        switch error.kind {
        case .brokerUnreachable, .other: log.warning("kafka", metadata: ["error": "\(place)\(error)"])
        default: fail(ReplayFault(error, "\(place)reading failed").outcome)
        }
    }

    /// Ends the replay; what is under way is still confirmed and recorded.
    func fail(_ outcome: ServiceOutcome) { failure = failure ?? outcome }

    /// Goes on, and answers 65 at the end.
    private func noteFault(_ reason: String) { laterFault = laterFault ?? ServiceOutcome(.data, reason) }
}
