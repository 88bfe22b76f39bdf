import Configuration
import DeliveryCore
import Handlers
import Kafka
import Logging

extension Service {
    /// Performs the machine's actions in order; those that performing one appends come after the others.
    func performActions() {
        while !actions.isEmpty {
            swap(&actions, &performed)
            var index = 0
            while index < performed.count {
                if case .send(_, let worker) = performed[index] {
                    index += sendRun(performed, from: index, to: worker)
                    willFlush(worker)
                } else {
                    perform(performed[index])
                    index += 1
                }
            }
            performed.removeAll(keepingCapacity: true)
        }
        failureTexts.removeAll(keepingCapacity: true)
        giveBackRecords()
    }

    /// Lets go of the records that the machine needs no longer: when all actions are performed, or before a revoke is
    /// answered, after which nothing names them either.
    private func giveBackRecords() {
        if machine.givenBack.isEmpty { return }
        if !failureNotes.isEmpty {
            for slot in machine.givenBack { failureNotes.forget(slot) }
        }
        store.giveBack(machine.givenBack.span)
        machine.forgetGivenBack()
    }

    private func perform(_ action: Action) {
        switch action {
        case .send(_, let worker):
            _ = sendRun([action], from: 0, to: worker)
            willFlush(worker)
        case .copyOut(let slot): store.copyOut(slot)
        case .cancel(let worker, let ids, let reason): sendCancel(ids, reason, to: worker)
        case .ping(let worker, let nonce): sendPing(nonce, to: worker)
        case .launch(let worker): launch(worker)
        case .sendShutdown(let worker, let deadline): sendShutdown(to: worker, deadline: deadline)
        case .closeInput(let worker): closeInput(of: worker)
        case .terminate(let worker): signal(worker, terminate: true)
        case .kill(let worker): signal(worker, terminate: false)
        case .writeDeadLetter(let letter): writeDeadLetter(letter)
        case .announceAssigned(let worker, let epoch, let partitions):
            announceAssigned(partitions, epoch: epoch, to: worker)
        case .announceRevoked(let worker, let epoch, let partitions, let lost, let deadline):
            announceRevoked(partitions, epoch: epoch, lost: lost, deadline: deadline, to: worker)
        case .commit(let entries, let token): commit(entries, token: token)
        case .pause(let partition): source.pause(partition)
        case .resume(let partition): source.resume(partition)
        case .answerRevoke(let partitions):
            giveBackRecords()
            answerRevoke(partitions)
        case .notice(let notice):
            tallyNotice(notice)
            tell(notice)
        case .finished(let ending):
            if case .stopped(let reason) = ending { tallyStop(reason) }
            finished = ending
        }
    }

    /// While the group is being joined a commit waits: sent now, it would cost the assignment (`Consumer.isJoining`).
    private func commit(_ entries: [DeliveryCore.CommitEntry], token: UInt64) {
        if source.isJoining { heldCommits.append((entries, token)) } else { send(entries, token: token) }
    }

    /// Sends the commits that waited; where the assignment was lost meanwhile, nothing of it may be committed.
    func sendHeldCommits() {
        guard !heldCommits.isEmpty, !source.isJoining else { return }
        let held = heldCommits
        heldCommits = []
        for (entries, token) in held {
            if source.assignmentLost {
                machine.commitFinished(token: token, failed: entries.map { $0.partition }, now: now, actions: &actions)
            } else {
                send(entries, token: token)
            }
        }
    }

    private func send(_ entries: [DeliveryCore.CommitEntry], token: UInt64) {
        let wanted = entries.map { entry in
            Kafka.CommitEntry(partition: entry.partition, offset: entry.offset, metadata: entry.metadata)
        }
        do {
            try source.commit(wanted, token: token)
        } catch {
            log.warning("commit failed", metadata: ["error": "\(error)"])
            for entry in entries { refusedCommits[entry.partition] = error }
            machine.commitFinished(token: token, failed: entries.map { $0.partition }, now: now, actions: &actions)
        }
    }

    func commitFinished(token: UInt64, _ results: [CommitResult], _ error: KafkaError?) {
        let failed = results.filter { $0.error != nil || error != nil }.map(\.partition)
        let metadataRefused = results.contains { $0.error?.isMetadataTooLarge == true }
        for result in results {
            // Refused after the partition was given up: its next owner repeats what is missing, and our end is no failure.
            let isAssigned = machine.position(of: result.partition) != nil
            refusedCommits[result.partition] = isAssigned ? error ?? result.error : nil
        }
        if let error = error ?? results.lazy.compactMap(\.error).first {
            log.warning(
                "commit failed: the offsets are sent again",
                metadata: ["error": "\(error)", "partitions": "\(failed.map(place).joined(separator: " "))"])
        }
        machine.commitFinished(
            token: token, failed: failed, metadataRefused: metadataRefused, now: now, actions: &actions)
    }

    /// A partition's name for people: `topic/partition`.
    func place(_ partition: PartitionIndex) -> String {
        let name = partitionTable.name(of: partition)
        return "\(name.topic)/\(name.partition)"
    }

    // MARK: Notices

    private func tell(_ notice: Notice) {
        switch notice {
        case .attemptFailed(let partition, let offset, let records, let attempt, let retryAfter):
            guard mayTellFailure() else { return }
            var facts: Logger.Metadata = [
                "records": "\(records)", "attempt": "\(attempt)", "retry.after.ms": "\(milliseconds(retryAfter))",
            ]
            if let text = failureTexts[FailedPlace(partition: partition, offset: offset)] { facts["error"] = "\(text)" }
            log.warning(
                "attempt failed, the record is delivered again",
                metadata: at(partition, offset).merging(facts) { $1 })
        case .suspects(let worker, let records, let failure):
            log.warning(
                "worker ended with several records unanswered: each is delivered alone, none is charged",
                metadata: of(worker, ["records": "\(records)", "cause": "\(failure.rawValue)"]))
        case .ackTimedOut(let worker, let id, let partition, let offset):
            if let delivery = machine.outstandingDelivery(worker, id: id) { note(hint(.ackTimeout), of: delivery) }
            log.warning(
                "no verdict within --ack-timeout",
                metadata: of(worker, at(partition, offset).merging(["delivery.id": "\(id)"]) { $1 }))
        case .workerEnded(let worker, let failure, let restartAfter): tellEnd(of: worker, failure, restartAfter)
        case .partitionPaused(let partition, let backlog):
            log.info(
                "partition paused: it settles nothing while others wait",
                metadata: ["kafka.partition": "\(place(partition))", "backlog": "\(backlog)"])
        case .partitionResumed(let partition):
            log.info("partition resumed", metadata: ["kafka.partition": "\(place(partition))"])
        case .revokedUnanswered(let partition, let deliveries):
            log.warning(
                "partition revoked with deliveries unanswered: its next owner delivers them again",
                metadata: ["kafka.partition": "\(place(partition))", "deliveries": "\(deliveries)"])
        case .drainCutOff(let unanswered):
            log.warning(
                "drain timeout: deliveries without a verdict are delivered again after a restart",
                metadata: ["deliveries": "\(unanswered)"])
        case .metadataRefused:
            log.warning(
                "the broker takes no commit metadata of this length: what is settled above an offset is no longer committed",
                metadata: ["hint": "offset.metadata.max.bytes of the broker is below 4096"])
        case .stalled(let partition, let offset, let unsettled, let since):
            log.error(
                "partition makes no progress",
                metadata: at(partition, offset).merging([
                    "unsettled": "\(unsettled)", "since.ms": "\(milliseconds(since))",
                ]) { $1 })
        case .progressing(let partition):
            log.info("partition makes progress again", metadata: ["kafka.partition": "\(place(partition))"])
        case .exhaustedSkipped, .deadLettered, .deadLetterFailed, .deadLettersHeld, .bisected: tellGivenUp(notice)
        }
    }

    /// What is said of records that no further attempt is made at.
    private func tellGivenUp(_ notice: Notice) {
        switch notice {
        case .exhaustedSkipped(let partition, let offset, let attempts):
            guard mayTellFailure() else { return }
            log.error(
                "record given up and skipped (--on-exhausted skip)",
                metadata: at(partition, offset).merging(["attempts": "\(attempts)"]) { $1 })
        case .deadLettered(let letter):
            guard mayTellFailure() else { return }
            log.warning("record is a dead letter", metadata: facts(of: letter))
        case .deadLetterFailed(let letter, let retryAfter):
            guard brokerTrouble.shouldTell("dead letter", now: now) else { return }
            log.error(
                "dead letter could not be written: its partition waits",
                metadata: facts(of: letter).merging([
                    "retry.after.ms": "\(milliseconds(retryAfter))", "reason": "\(deadLetterError)",
                ]) { $1 })
        case .deadLettersHeld(let partition, let until):
            guard brokerTrouble.shouldTell("dead letters held \(partition.value)", now: now) else { return }
            log.warning(
                "dead letters wait for --dead-letter-max-rate, and their partition with them",
                metadata: ["kafka.partition": "\(place(partition))", "next.after.ms": "\(milliseconds(until))"])
        case .bisected(let partition, let offset, let records):
            log.info(
                "batch failed as a whole and is halved (--bisect)",
                metadata: at(partition, offset).merging(["records": "\(records)"]) { $1 })
        default: break
        }
    }

    private func facts(of letter: DeadLetter) -> Logger.Metadata {
        var facts: Logger.Metadata = ["cause": "\(letter.cause.rawValue)", "attempts": "\(letter.attempts)"]
        if let template = plan.settings.deadLetterTopic {
            let topic = partitionTable.name(of: letter.partition).topic
            facts["dead.letter.topic"] = "\(DeadLetterTopic.name(template, for: topic))"
        }
        if let note = failureNotes[letter.slot] { facts["error"] = "\(note.error)" }
        return at(letter.partition, letter.offset).merging(facts) { $1 }
    }

    private func tellEnd(of worker: WorkerIndex, _ failure: WorkerFailure?, _ restartAfter: Interval?) {
        var facts: Logger.Metadata = [:]
        if let failure { facts["cause"] = "\(failure.rawValue)" }
        if let hint = failure.flatMap(hint) { facts["hint"] = "\(hint)" }
        if let restartAfter { facts["restart.after.ms"] = "\(milliseconds(restartAfter))" }
        switch (failure, restartAfter) {
        case (nil, _): log.info("worker stopped", metadata: of(worker, facts))
        case (_, .some): log.warning("worker is replaced", metadata: of(worker, facts))
        case (_, nil): log.warning("worker ended", metadata: of(worker, facts))
        }
    }

    /// What an operator can do about it, where the cause alone does not tell.
    func hint(_ failure: WorkerFailure) -> String? {
        switch failure {
        case .startTimeout: "the handler did not answer hello with ready within --start-timeout"
        case .ackTimeout: "a delivery had no verdict within --ack-timeout; extend gives the handler more time"
        case .cancelIgnored: "the handler did not answer cancel within --cancel-grace"
        case .hung: "the handler did not answer ping within --ping-interval"
        case .outputClosed: "the handler closed the protocol's stdout and went on running"
        case .inputStalled: "the handler read nothing from the protocol's stdin for --ack-timeout while frames waited"
        case .inputClosed: "the handler closed the protocol's stdin and went on running"
        case .exited, .protocolError, .initError, .revoked, .launchFailed: nil
        }
    }

    func at(_ partition: PartitionIndex, _ offset: Int64) -> Logger.Metadata {
        let name = partitionTable.name(of: partition)
        return ["kafka.topic": "\(name.topic)", "kafka.partition": "\(name.partition)", "kafka.offset": "\(offset)"]
    }

    func of(_ worker: WorkerIndex, _ facts: Logger.Metadata) -> Logger.Metadata {
        var metadata = facts
        metadata["worker"] = "\(worker.value)"
        if let connection = connections[worker.value] { metadata["worker.pid"] = "\(connection.process.processID)" }
        return metadata
    }
}
