import Configuration
import DeliveryCore
import Glibc
import Handlers
import Kafka
import Logging
import Reactor

extension Service {
    /// Hands a dead letter to the producer, which copies it; the answer comes as a report.
    func writeDeadLetter(_ letter: DeadLetter, isBrief: Bool = false) {
        guard let template = plan.settings.deadLetterTopic else { return }
        do {
            let writer = try openDeadLetterWriter()
            let name = partitionTable.name(of: letter.partition)
            try writer.write(
                letter.slot, of: store, topic: DeadLetterTopic.name(template, for: name.topic),
                headers: reason(of: letter).headers(brief: isBrief), token: letter.key.value)
            lettersUnderWay[letter.key.value] = (letter, isBrief)
        } catch let error as KafkaError where error.isRecordTooLarge && !isBrief {
            writeDeadLetter(letter, isBrief: true)
        } catch {
            deadLetterFailed(letter, "\(error)")
        }
    }

    /// What became of letters; the machine settles a record only when its letter is confirmed.
    func takeDeadLetterReports() {
        guard let writer = deadLetterWriter else { return }
        deadLetterReports.removeAll(keepingCapacity: true)
        writer.poll(into: &deadLetterReports)
        var hasTrouble = false
        for report in deadLetterReports {
            hasTrouble = hasTrouble || report.error != nil
            guard let (letter, isBrief) = lettersUnderWay.removeValue(forKey: report.token) else { continue }
            switch report.error {
            case nil: machine.deadLetterFinished(letter.key, confirmed: true, now: now, actions: &actions)
            case let error? where error.isRecordTooLarge && !isBrief && machine.holds(letter):
                writeDeadLetter(letter, isBrief: true)
            case let error?: deadLetterFailed(letter, "\(error)")
            }
        }
        var notices: [ConsumerEvent] = []
        writer.takeNotices(into: &notices)
        for notice in notices { hasTrouble = tell(notice) || hasTrouble }
        // An idempotent producer that lost its place can never write again: the next letter gets a new one.
        if hasTrouble, let error = writer.fatalError {
            log.error("the client that writes dead letters is replaced", metadata: ["error": "\(error)"])
            closeDeadLetterWriter(within: 0)
        }
    }

    /// Whether it is an error.
    private func tell(_ notice: ConsumerEvent) -> Bool {
        switch notice {
        case .log(let level, let facility, let text):
            clientLogged(level, facility, text)
            return false
        case .failed(_, let error):
            if brokerTrouble.shouldTell("dead letters", now: now) {
                log.warning("the client that writes dead letters has trouble", metadata: ["error": "\(error)"])
            }
            return true
        default: return false
        }
    }

    /// Waits up to so many milliseconds for letters that nobody waits for any more; then the client is freed.
    func closeDeadLetterWriter(within limit: Int) {
        guard let writer = deadLetterWriter else { return }
        writer.close(within: limit)
        deadLetterWriter = nil
        deadLetterReports.removeAll(keepingCapacity: true)
        writer.poll(into: &deadLetterReports)
        for report in deadLetterReports {
            guard let (letter, _) = lettersUnderWay.removeValue(forKey: report.token) else { continue }
            machine.deadLetterFinished(letter.key, confirmed: report.error == nil, now: now, actions: &actions)
        }
        // The client is gone: nobody will report on these any more.
        let left = lettersUnderWay.values.map(\.letter).sorted { $0.key.value < $1.key.value }
        lettersUnderWay.removeAll()
        for letter in left { deadLetterFailed(letter, "the client that was writing it was closed") }
    }

    private func openDeadLetterWriter() throws -> DeadLetterWriter {
        if let writer = deadLetterWriter { return writer }
        let writer = try DeadLetterWriter(properties: plan.deadLetterProperties, wake: wake.descriptor)
        deadLetterWriter = writer
        return writer
    }

    private func deadLetterFailed(_ letter: DeadLetter, _ error: String) {
        deadLetterError = error
        machine.deadLetterFinished(letter.key, confirmed: false, now: now, actions: &actions)
    }

    private func reason(of letter: DeadLetter) -> DeadLetterReason {
        let name = partitionTable.name(of: letter.partition)
        let note = failureNotes[letter.slot]
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return DeadLetterReason(
            service: plan.name, group: plan.settings.group, topic: name.topic, partition: name.partition,
            offset: letter.offset, attempts: letter.attempts, cause: letter.cause.rawValue,
            error: note?.error ?? "no error was kept", stderr: note?.stderr ?? "",
            time: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    // MARK: What is said of failures

    /// Somebody will want to know why a record failed.
    private var keepsNotes: Bool { plan.settings.deadLetterTopic != nil || tally != nil }

    /// Remembers why a record failed, for its dead letter or for the summary of a replay.
    func note(
        _ error: String?, stderr: String = "", of delivery: Delivery, index: Int? = nil, wasRejected: Bool = false
    ) {
        guard keepsNotes else { return }
        for place in index.map({ $0...$0 }) ?? 0...max(0, delivery.count - 1) {
            guard let record = machine.record(place, of: delivery) else { continue }
            failureNotes.keep(
                .init(error: error ?? "the handler told no error", stderr: stderr, wasRejected: wasRejected),
                of: record.slot, at: FailedPlace(partition: delivery.partition, offset: record.offset))
        }
    }

    /// A worker ends with deliveries unanswered: why, and what it said last, may explain it.
    func noteEnd(of connection: WorkerConnection, _ status: ExitStatus) {
        guard keepsNotes else { return }
        // What a letter carries at most; thousands of these may be kept.
        let lines = connection.lastLines.joined(separator: "\n").utf8
        let stderr = String(decoding: lines.suffix(DeadLetterReason.textLimit), as: UTF8.self)
        let words =
            switch machine.failure(of: connection.index) {
            case .protocolError?: "protocol error: \(connection.brokenRule ?? "no rule was named")"
            case let failure?: hint(failure) ?? "the worker was ended: \(failure.rawValue)"
            case nil: "the worker ended: \(status)"
            }
        for delivery in machine.unansweredDeliveries(of: connection.index) {
            note(words, stderr: stderr, of: delivery)
        }
    }
}
