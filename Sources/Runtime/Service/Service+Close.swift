import Configuration
import DeliveryCore
import Glibc
import Handlers
import Kafka
import Logging
import Reactor

extension Service {
    /// Leaves the group and tells how it all went. Everything delivered is answered or given up by now.
    func close() -> ServiceOutcome {
        // Leaving the group gives the partitions back, and with them what is known of their commits.
        let uncommitted = uncommittedOutcome()
        leaveGroup()
        closeDeadLetterWriter(within: 0)
        closeRecording()
        let counters = machine.counters
        log.log(
            level: sourceLevel, "stopped",
            metadata: [
                "records.taken": "\(counters.taken)", "records.delivered": "\(counters.delivered)",
                "records.settled": "\(counters.settled)", "records.redelivered": "\(counters.redelivered)",
                "records.skipped": "\(counters.skipped)", "attempts.failed": "\(counters.failedAttempts)",
                "verdicts.late": "\(counters.lateVerdicts)", "commits": "\(counters.commits)",
                "records.dead_lettered": "\(counters.deadLettered)", "records.filtered": "\(counters.filtered)",
                "records.spared": "\(counters.spared)", "worker.failures": "\(counters.workerFailures)",
            ])
        let outcome = outcome()
        return outcome.code == .ok ? uncommitted ?? outcome : outcome
    }

    /// Nil where every offset that should be committed is: an end without that is no success, as the records come again.
    private func uncommittedOutcome() -> ServiceOutcome? {
        if let (partition, error) = refusedCommits.first {
            let remedy = error.kind == .authorization ? "; \(neededRights)" : ""
            return ServiceOutcome(
                error.kind == .authorization ? .noPermission : .drainTimedOut,
                "\(place(partition)): the last offsets could not be committed: \(error)\(remedy); records that were handled "
                    + "are delivered again after a restart")
        }
        guard machine.awaitsCommit else { return nil }
        return ServiceOutcome(
            .drainTimedOut,
            "the brokers did not confirm the last commit within --drain-timeout; records that were handled may be delivered "
                + "again after a restart")
    }

    /// Closing the consumer revokes its partitions: the events are answered until it is done, or until the drain
    /// time-out is over; a second is spent on it in any case, as a group that is not told waits for the session.
    private func leaveGroup() {
        lookups.stop()
        let limit = max(now + .seconds(1), machine.drainEnd ?? now + plan.limits.drainTimeout)
        do {
            answerPendingAssign()
            source.beginClose()
            while !source.isClosed {
                try poller.wait(timeoutMilliseconds: 20, into: &readiness)
                now = Instant(nanoseconds: MonotonicClock.nanoseconds())
                takeConsumerEvents()
                answerPendingAssign()
                decide()
                if isHurried() { return }
                guard now < limit else {
                    log.warning("leaving the group took too long: the brokers will notice by the session timeout")
                    return
                }
            }
            // The client's last log lines.
            takeConsumerEvents()
            source.finish()
        } catch {
            log.warning("closing the consumer failed", metadata: ["error": "\(error)"])
        }
    }

    /// A second signal, while the group is being left.
    private func isHurried() -> Bool {
        for case .hurry(let signal) in mailbox.takeAll() {
            log.warning(
                "stopping at once: the brokers will notice by the session timeout", metadata: ["signal": "\(signal)"])
            return true
        }
        return false
    }

    /// An assignment that came too late for a look-up is answered with nothing, as closing waits for the answer. One of our
    /// own (`--assign`) nobody waits for, and librdkafka would never return from a call that meets the end of the close.
    private func answerPendingAssign() {
        while case .assign? = rebalances.current, !source.isClosed {
            if plan.settings.assignments.isEmpty {
                do { try source.assign([]) } catch { log.debug("late assignment: \(error)") }
            }
            rebalances.finish()
        }
        advanceRebalances()
    }

    private func outcome() -> ServiceOutcome {
        if let ending { return ending }
        switch finished {
        case .drained, .completed, nil: return ServiceOutcome(.ok, "done")
        case .drainedWithLoss(let unanswered):
            return ServiceOutcome(
                .drainTimedOut,
                "\(unanswered) deliveries had no verdict when the drain ended (--drain-timeout, a second signal, or a handler that "
                    + "died); their records are delivered again after a restart"
            )
        case .stopped(let reason): return outcome(of: reason)
        }
    }

    private func outcome(of reason: StopReason) -> ServiceOutcome {
        switch reason {
        case .rejected(let partition, let offset):
            ServiceOutcome(
                .data,
                "\(place(partition)) offset \(offset): the handler rejected the record, and there is no dead-letter topic to put it into"
            )
        case .notEncodable(let partition, let offset):
            ServiceOutcome(
                .data,
                "\(place(partition)) offset \(offset): the record cannot be handed over: "
                    + encodingReason(partition, offset))
        case .exhausted(let partition, let offset, let attempts):
            ServiceOutcome(
                .data,
                "\(place(partition)) offset \(offset): \(attempts) attempts have failed (--max-attempts), and --on-exhausted is "
                    + "stop; name a --dead-letter-topic, or repair the handler")
        case .handlersGone:
            ServiceOutcome(
                .handlerPermanent, "every worker exited with 125: the handler says that a restart cannot help")
        case .external: ServiceOutcome(.software, "stopped for a reason that was not told")
        }
    }

    private func encodingReason(_ partition: PartitionIndex, _ offset: Int64) -> String {
        guard let failure = encodingFailure, failure.place == FailedPlace(partition: partition, offset: offset) else {
            return "it has no encoding"
        }
        return failure.reason
    }

    /// The loop itself failed: no process is left behind.
    func endWorkersAtOnce() {
        for case let connection? in connections {
            connection.process.signalGroup(SIGKILL)
            while connection.process.collectExit() == nil { usleep(1_000) }
            connection.process.close()
        }
    }
}
