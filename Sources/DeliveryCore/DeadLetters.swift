/// The dead letters that are not confirmed: written at once where the rate allows it, else in the order in which they came.
struct DeadLetters {
    struct Entry {
        var letter: DeadLetter
        var reference: RecordReference
        /// It is with the runner, whose answer is awaited; else it stands in the queue.
        var isWriting = false
    }

    /// By the letter's key.
    private(set) var entries: [UInt64: Entry] = [:]
    /// Keys of letters that wait for the rate or for the end of a backoff; those that were forgotten are passed over.
    var queue = Ring<UInt64>()
    /// How many are with the runner.
    private(set) var writing = 0
    var bucket: TokenBucket?
    /// After a failed write nothing is written before: all letters go to the same cluster.
    var blockedUntil: Instant?
    /// Rounds of failed writes in a row.
    var failures = 0
    private var nextKey: UInt64 = 1

    init(rate: RateLimit?, now: Instant) { bucket = rate.map { TokenBucket($0, now: now) } }

    /// Whether a letter of the partition is with the runner.
    func isWriting(of partition: PartitionIndex) -> Bool {
        writing > 0 && entries.values.contains { $0.isWriting && $0.reference.partition == partition }
    }

    /// Whether a letter may be written now.
    mutating func mayWrite(now: Instant) -> Bool {
        if let blockedUntil, now < blockedUntil { return false }
        return bucket?.available(now: now) != 0
    }

    mutating func issueKey() -> DeadLetterKey {
        defer { nextKey += 1 }
        return DeadLetterKey(nextKey)
    }

    mutating func add(_ entry: Entry) { entries[entry.letter.key.value] = entry }

    /// The letter goes to the runner.
    mutating func begin(_ key: UInt64) {
        entries[key]?.isWriting = true
        writing += 1
        bucket?.take(1)
    }

    /// The runner has answered; nil where the letter was forgotten meanwhile.
    mutating func end(_ key: UInt64) -> Entry? {
        guard entries[key]?.isWriting == true else { return nil }
        entries[key]?.isWriting = false
        writing -= 1
        return entries[key]
    }

    mutating func remove(_ key: UInt64) { entries[key] = nil }

    /// The partition's assignment is over.
    mutating func forget(_ partition: PartitionIndex) {
        guard !entries.isEmpty else { return }
        for (key, entry) in entries where entry.reference.partition == partition {
            if entry.isWriting { writing -= 1 }
            entries[key] = nil
        }
    }

    /// When the next one in the queue may be written; nil where none waits.
    var nextDue: Instant? {
        guard !queue.isEmpty else { return nil }
        let token = bucket.flatMap { $0.isEmpty ? $0.nextToken : nil }
        return [token, blockedUntil].compactMap { $0 }.max() ?? Instant(nanoseconds: 0)
    }
}

extension DeliveryMachine {
    /// No further attempt is made at the record: it goes the way of `--on-exhausted`, and a rejected one into the
    /// dead-letter topic where there is one. False where the service stops: the record is then left as it is.
    mutating func giveUp(
        _ partition: PartitionIndex, _ sequence: UInt64, _ cause: DeadLetter.Cause, now: Instant,
        actions: inout [Action]
    ) -> Bool {
        guard let record = trackers[partition]?[sequence] else { return true }
        let attempts = Int(record.charges)
        let way = cause == .rejected && policy.hasDeadLetters ? .deadLetter : policy.onExhausted
        switch way {
        case .deadLetter where policy.hasDeadLetters:
            addLetter(partition, sequence, record, cause, now: now, actions: &actions)
        case .skip:
            actions.append(.notice(.exhaustedSkipped(partition, offset: record.offset, attempts: attempts)))
            skip(partition, sequence, now: now, actions: &actions)
        case .deadLetter, .stop:
            let reason: StopReason =
                switch cause {
                case .rejected: .rejected(partition, offset: record.offset)
                case .exhausted: .exhausted(partition, offset: record.offset, attempts: attempts)
                case .notEncodable: .notEncodable(partition, offset: record.offset)
                }
            stop(reason, now: now, actions: &actions)
            return false
        }
        return true
    }

    private mutating func addLetter(
        _ partition: PartitionIndex, _ sequence: UInt64, _ record: TrackedRecord, _ cause: DeadLetter.Cause,
        now: Instant, actions: inout [Action]
    ) {
        guard let epoch = trackers[partition]?.epoch else { return }
        trackers[partition]?.update(sequence) { $0.phase = .deadLetter }
        lanes[record.lane].deadLetters += 1
        actions.append(.copyOut(record.slot))
        let key = deadLetters.issueKey()
        // The attempt that ended with the rejection is one that was made, though none is charged for it.
        let attempts = Int(record.charges) + (cause == .rejected ? 1 : 0)
        deadLetters.add(
            .init(
                letter: DeadLetter(
                    key: key, partition: partition, offset: record.offset, slot: record.slot, cause: cause,
                    attempts: attempts),
                reference: RecordReference(
                    partition: partition, epoch: epoch, sequence: sequence, lane: record.lane)))
        // While drain goes on nothing leaves the queue any more: what cannot be written now comes again after a restart.
        if deadLetters.queue.isEmpty, deadLetters.mayWrite(now: now) {
            write(key.value, actions: &actions)
        } else {
            hold(key.value, of: partition, now: now, actions: &actions)
        }
    }

    private mutating func write(_ key: UInt64, actions: inout [Action]) {
        guard let letter = deadLetters.entries[key]?.letter else { return }
        deadLetters.begin(key)
        actions.append(.writeDeadLetter(letter))
    }

    /// The letter waits, and with it the partition: a topic is not drained into the dead letters while a database is down.
    private mutating func hold(
        _ key: UInt64, of partition: PartitionIndex, now: Instant, actions: inout [Action]
    ) {
        deadLetters.queue.append(key)
        let wasHeld = sources[partition]?.heldLetters ?? 0
        sources[partition]?.heldLetters = wasHeld + 1
        guard wasHeld == 0, deadLetters.blockedUntil.map({ $0 <= now }) ?? true else { return }
        let until = deadLetters.bucket?.nextToken ?? now
        actions.append(.notice(.deadLettersHeld(partition, until: max(now, until) - now)))
    }

    /// Writes what waits, as far as the rate allows it.
    mutating func writeHeldLetters(now: Instant, actions: inout [Action]) {
        guard drain == nil else { return }
        while let key = deadLetters.queue.first {
            guard let entry = deadLetters.entries[key] else {
                deadLetters.queue.popFirst()
                continue
            }
            guard deadLetters.mayWrite(now: now) else { return }
            deadLetters.queue.popFirst()
            write(key, actions: &actions)
            let partition = entry.reference.partition
            sources[partition]?.heldLetters -= 1
            if sources[partition]?.heldLetters == 0 { wakeAll(of: partition, now: now, actions: &actions) }
        }
    }

    /// The runner's answer to `Action.writeDeadLetter`: only a confirmed letter settles its record. Where it failed, it is
    /// written again after a backoff, and its partition waits. A letter of an assignment that is over changes nothing.
    package mutating func deadLetterFinished(
        _ key: DeadLetterKey, confirmed: Bool, now: Instant, actions: inout [Action]
    ) {
        guard let entry = deadLetters.end(key.value) else { return }
        let reference = entry.reference
        if confirmed {
            deadLetters.remove(key.value)
            deadLetters.failures = 0
            deadLetters.blockedUntil = nil
            lanes[reference.lane].deadLetters -= 1
            actions.append(.notice(.deadLettered(entry.letter)))
            counters.deadLettered += 1
            settle(reference.partition, reference.sequence, now: now, actions: &actions)
            goOn(reference.lane, now: now, actions: &actions)
        } else {
            retryLetter(entry, now: now, actions: &actions)
        }
        advanceRevocations(now: now, actions: &actions)
        advanceDrain(now: now, actions: &actions)
    }

    private mutating func retryLetter(_ entry: DeadLetters.Entry, now: Instant, actions: inout [Action]) {
        // Letters that fail together are one round: the backoff grows once.
        if deadLetters.blockedUntil.map({ $0 <= now }) ?? true {
            deadLetters.failures += 1
            let wait = restartBackoff.wait(failures: deadLetters.failures, random: random.next())
            deadLetters.blockedUntil = now + wait
        }
        let until = deadLetters.blockedUntil ?? now
        actions.append(.notice(.deadLetterFailed(entry.letter, retryAfter: until - now)))
        hold(entry.letter.key.value, of: entry.reference.partition, now: now, actions: &actions)
    }
}
