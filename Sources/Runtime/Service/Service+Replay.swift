import Configuration
import DeliveryCore
import HandlerProtocol
import Kafka
import Logging
import Observability
import Reactor

/// What a replay is told of what the service does; without one nothing of this is done.
extension Service {
    /// What is said of partitions and totals: the summary of a replay, whose partitions are only names, tells it better.
    var sourceLevel: Logger.Level { tally == nil ? .info : .debug }

    /// Acknowledgements that were gathered and are about to be taken by the machine.
    func tallyAcknowledged(_ several: PlainAcknowledgement?, _ worker: WorkerIndex) {
        guard let tally else { return }
        for id in acknowledged { count(id, of: worker, as: .ack, tally) }
        switch several {
        case .ids?: for id in listed { count(id, of: worker, as: .ack, tally) }
        case .through(let last)?: countAcks(through: last, of: worker, tally)
        case .id?, nil: break
        }
    }

    /// A verdict that is about to be taken by the machine, but for `result`, which may yet be refused.
    func tallyBefore(_ verdict: Verdict, _ worker: WorkerIndex) {
        guard let tally else { return }
        switch verdict {
        case .ack(let id): count(id, of: worker, as: .ack, tally)
        case .ackMany(let ids): for id in ids { count(id, of: worker, as: .ack, tally) }
        case .ackThrough(let last): countAcks(through: last, of: worker, tally)
        case .nack(let id, let failure): count(id, of: worker, as: .init(failure.action), tally)
        case .result: break
        }
    }

    /// How many records the delivery of a `result` holds; nil where it is none that counts.
    func countForTally(_ verdict: Verdict, _ worker: WorkerIndex) -> Int? {
        guard tally != nil, case .result(let id, _) = verdict,
            let delivery = machine.outstandingDelivery(worker, id: id), !delivery.isCancelled
        else { return nil }
        return delivery.count
    }

    /// A `result` that the machine has taken.
    func tallyAfter(_ verdict: Verdict, _ worker: WorkerIndex, count: Int?) {
        guard let tally, let count, case .result(let id, let failed) = verdict else { return }
        var counts: [FileReplaySummary.Verdict: Int] = [.ack: count - failed.count]
        for record in failed { counts[.init(record.failure.action), default: 0] += 1 }
        tally.answered(worker, id, now: now, counts.map { ($0.key, $0.value) })
    }

    private func count(
        _ id: UInt64, of worker: WorkerIndex, as verdict: FileReplaySummary.Verdict, _ tally: FileReplayTally
    ) {
        guard let delivery = machine.outstandingDelivery(worker, id: id), !delivery.isCancelled else {
            return tally.forget(worker, id)
        }
        tally.answered(worker, id, now: now, [(verdict, delivery.count)])
    }

    private func countAcks(through last: UInt64, of worker: WorkerIndex, _ tally: FileReplayTally) {
        for delivery in machine.unansweredDeliveries(of: worker) where delivery.id <= last {
            count(delivery.id, of: worker, as: .ack, tally)
        }
    }

    /// A notice, before it is logged.
    func tallyNotice(_ notice: Notice) {
        guard let tally else { return }
        switch notice {
        case .exhaustedSkipped(let partition, let offset, let attempts):
            tallyFailure(FailedPlace(partition: partition, offset: offset), attempts, isSkipped: true, tally)
        case .ackTimedOut: tally.timedOut()
        case .workerEnded(_, let failure?, _): tally.ended(failure)
        default: break
        }
    }

    private func tallyFailure(
        _ place: FailedPlace, _ charges: Int, isSkipped: Bool, _ tally: FileReplayTally
    ) {
        let known = failureNotes.note(at: place)
        let name = partitionTable.name(of: place.partition)
        var reason = known?.note.error ?? "no reason was kept"
        if known?.note.wasRejected == true { reason = "rejected: \(reason)" }
        if let last = known?.note.stderr.split(separator: "\n").last { reason += "; its last line: \(last)" }
        tally.failed(
            .init(
                topic: name.topic, partition: name.partition, offset: place.offset,
                line: known.flatMap { tally.source.line(of: $0.slot) },
                // A rejection ends an attempt, though none is charged for it.
                attempts: charges + (known?.note.wasRejected == true ? 1 : 0), reason: reason),
            isSkipped: isSkipped)
    }

    /// The record at which `--on-exhausted stop` makes an end; while what is known of it is still there.
    func tallyStop(_ reason: StopReason) {
        guard let tally else { return }
        switch reason {
        case .rejected(let partition, let offset), .notEncodable(let partition, let offset):
            tallyFailure(FailedPlace(partition: partition, offset: offset), 0, isSkipped: false, tally)
        case .exhausted(let partition, let offset, let attempts):
            tallyFailure(FailedPlace(partition: partition, offset: offset), attempts, isSkipped: false, tally)
        case .handlersGone, .external: break
        }
    }

    /// Tells every two seconds how far a replay is.
    func tellReplayProgress() {
        guard let text = tally?.progress(machine.counters, now: now) else { return }
        log.info("replaying: \(text)")
    }

    /// Listens for more of a file that is still being written; only while nothing is there, as the poller would tell of what
    /// is not wanted yet again and again.
    func watchInput() {
        guard let tally, tally.source.awaitsInput != isWatchingInput else { return }
        let descriptor = tally.replay.file.descriptor
        do {
            if isWatchingInput {
                try poller.remove(descriptor)
            } else {
                try poller.add(descriptor, token: WorkerToken.input, reading: true, writing: false)
            }
            isWatchingInput.toggle()
        } catch {
            stop(.operatingSystem, "\(tally.replay.file.path): cannot be waited for: \(error)")
        }
    }
}

extension FileReplaySummary.Verdict {
    init(_ action: FailureAction) {
        switch action {
        case .retry: self = .retry
        case .reject: self = .reject
        case .skip: self = .skip
        case .release: self = .release
        }
    }
}
