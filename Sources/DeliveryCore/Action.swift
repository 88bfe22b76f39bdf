/// A worker's place in the pool, counting from 0; a replaced process keeps the place.
package struct WorkerIndex: Hashable, Comparable, Sendable {
    package var value: Int

    /// The worker at this place.
    package init(_ value: Int) { self.value = value }

    package static func < (left: WorkerIndex, right: WorkerIndex) -> Bool { left.value < right.value }
}

/// Names a delivery in the machine's table until it is answered; valid within the turn in which an action names it.
package struct DeliveryKey: Hashable, Sendable {
    package var value: Int

    init(_ value: Int) { self.value = value }
}

/// Why the bridge takes a delivery back (`reason` of the frame `cancel`).
package enum CancelReason: String, Hashable, Sendable, CaseIterable {
    /// Its partition went to another consumer.
    case revoked
    /// No verdict within the ack timeout.
    case timeout
    /// A record before it in its lane failed.
    case rewind
    /// The bridge is stopping.
    case shutdown
}

/// An offset to commit: the lowest that is not settled.
package struct CommitEntry: Hashable, Sendable {
    package var partition: PartitionIndex
    package var offset: Int64
    /// What is settled above the offset (`CommitMetadata`); nil where there is nothing to say.
    package var metadata: [UInt8]?

    /// `offset` is the next record to be delivered after a restart.
    package init(partition: PartitionIndex, offset: Int64, metadata: [UInt8]? = nil) {
        self.partition = partition
        self.offset = offset
        self.metadata = metadata
    }
}

/// Names a dead letter from the request to write it to its confirmation; never given out twice.
package struct DeadLetterKey: Hashable, Sendable {
    package var value: UInt64

    init(_ value: UInt64) { self.value = value }
}

/// A record to be written to the dead-letter topic.
package struct DeadLetter: Equatable, Sendable {
    /// Why it goes there.
    package enum Cause: String, Sendable {
        /// The handler's verdict says so.
        case rejected
        /// `--max-attempts` attempts have failed.
        case exhausted
        /// It has no encoding in the fixed form, or does not fit a frame.
        case notEncodable = "not-encodable"
    }

    package var key: DeadLetterKey
    package var partition: PartitionIndex
    package var offset: Int64
    /// Stays valid until the letter is confirmed or its partition is given up.
    package var slot: RecordSlot
    package var cause: Cause
    /// Attempts that were made, as far as they are known: they are counted anew in each assignment.
    package var attempts: Int
}

/// A partition in the frame `assigned`, with the next offset to be delivered.
package struct PartitionPosition: Equatable, Sendable {
    package var partition: PartitionIndex
    package var offset: Int64
}

/// What the machine asks its runner to do, in order. Actions name things by number and hold no closure and no pointer.
package enum Action: Equatable, Sendable {
    /// Encode the delivery (`DeliveryMachine.delivery(_:)`) into the worker's outbound buffer.
    case send(DeliveryKey, WorkerIndex)
    /// The record will wait for a retry: keep its bytes without the block that they came in.
    case copyOut(RecordSlot)
    /// Tell the worker to stop working on these ids.
    case cancel(WorkerIndex, ids: [UInt64], reason: CancelReason)
    /// Ask the worker for a sign of life.
    case ping(WorkerIndex, nonce: UInt64)

    /// Start a handler process at this place; answered by `workerLaunched` or `workerLaunchFailed`.
    case launch(WorkerIndex)
    /// Send the frame `shutdown`; the process has that long until `SIGTERM`.
    case sendShutdown(WorkerIndex, deadline: Interval)
    /// Close the worker's stdin once everything in its buffer is written.
    case closeInput(WorkerIndex)
    /// `SIGTERM` to the process group.
    case terminate(WorkerIndex)
    /// `SIGKILL` to the process group.
    case kill(WorkerIndex)

    /// Commit these offsets; answered by `commitFinished` with the same token.
    case commit([CommitEntry], token: UInt64)
    /// Write the record to the dead-letter topic; answered by `deadLetterFinished` with the letter's key.
    case writeDeadLetter(DeadLetter)
    /// Tell a worker with the feature `assigned` which partitions have come, all of one epoch.
    case announceAssigned(WorkerIndex, epoch: UInt32, [PartitionPosition])
    /// Tell it which partitions go, all of one epoch; verdicts count for `deadline` more, none where they are lost.
    case announceRevoked(WorkerIndex, epoch: UInt32, [PartitionIndex], lost: Bool, deadline: Interval)
    /// Stop fetching a partition that is stuck while others starve.
    case pause(PartitionIndex)
    /// Fetch it again.
    case resume(PartitionIndex)
    /// Nothing of these partitions is held any more: the revoke may be answered.
    case answerRevoke([PartitionIndex])

    /// Something an operator should see.
    case notice(Notice)
    /// Everything is over: workers reaped, offsets committed. No action follows.
    case finished(Ending)
}

/// How a service came to its end.
package enum Ending: Hashable, Sendable {
    /// Asked to stop, and everything delivered was answered.
    case drained
    /// Asked to stop; some deliveries were not answered in time and will be delivered again.
    case drainedWithLoss(unanswered: Int)
    /// `--exit-at-end` or `--max-messages`: the work is done.
    case completed
    /// A policy says `stop`; the runner knows the reason that it gave or was given in the notice.
    case stopped(StopReason)
}

/// Why a policy stopped the service.
package enum StopReason: Hashable, Sendable {
    /// The handler rejected a record and there is no dead-letter topic.
    case rejected(PartitionIndex, offset: Int64)
    /// The record cannot be encoded in the fixed form or does not fit a frame.
    case notEncodable(PartitionIndex, offset: Int64)
    /// `--max-attempts` attempts have failed.
    case exhausted(PartitionIndex, offset: Int64, attempts: Int)
    /// Every worker left with the exit code that means "permanent" (125).
    case handlersGone
    /// The runner found a reason outside the core (a lost position, a fatal client error, ...).
    case external
}

/// Why a worker's process was, or had to be, ended.
package enum WorkerFailure: String, Hashable, Sendable {
    /// It exited or was killed by somebody else.
    case exited = "exited"
    case startTimeout = "start timeout"
    case ackTimeout = "ack timeout"
    case cancelIgnored = "cancel ignored"
    case hung = "no sign of life"
    case protocolError = "protocol error"
    case outputClosed = "stdout closed"
    /// It took no byte of its input for as long as it had for a verdict.
    case inputStalled = "stdin not read"
    case inputClosed = "stdin closed"
    case initError = "init_error"
    /// A partition was revoked and the worker cannot cancel.
    case revoked = "revoked"
    case launchFailed = "launch failed"
}

/// Events for the log: one for each change of state, none for each record that goes well.
package enum Notice: Equatable, Sendable {
    /// Attempts at `records` records from `offset` on failed and are charged; `attempt` is the one that failed at the first.
    case attemptFailed(PartitionIndex, offset: Int64, records: Int, attempt: Int, retryAfter: Interval)
    /// A worker ended with several records unanswered: none is charged, each is delivered alone.
    case suspects(WorkerIndex, records: Int, failure: WorkerFailure)
    /// A delivery got no verdict in time.
    case ackTimedOut(WorkerIndex, id: UInt64, PartitionIndex, offset: Int64)
    /// The worker's process is gone; `restartAfter` is nil where it is not started again.
    case workerEnded(WorkerIndex, failure: WorkerFailure?, restartAfter: Interval?)
    /// A partition settles nothing while the window is full: its fetching pauses.
    case partitionPaused(PartitionIndex, backlog: Int)
    case partitionResumed(PartitionIndex)
    /// A revoke was answered with deliveries unanswered: the next owner delivers them again.
    case revokedUnanswered(PartitionIndex, deliveries: Int)
    /// Deliveries were still unanswered when `--drain-timeout` made an end.
    case drainCutOff(unanswered: Int)
    /// A record was given up and counted as done (`--on-exhausted skip`).
    case exhaustedSkipped(PartitionIndex, offset: Int64, attempts: Int)
    /// A dead letter is confirmed, and its record settled.
    case deadLettered(DeadLetter)
    /// A dead letter could not be written: its partition waits.
    case deadLetterFailed(DeadLetter, retryAfter: Interval)
    /// `--dead-letter-max-rate` is reached: the partition waits.
    case deadLettersHeld(PartitionIndex, until: Interval)
    /// A batch failed as a whole and is halved, uncharged.
    case bisected(PartitionIndex, offset: Int64, records: Int)
    /// The broker takes no metadata of this length: commits go without.
    case metadataRefused
    /// The partition holds `unsettled` records and has settled none for that long; `offset` is the lowest of them.
    case stalled(PartitionIndex, offset: Int64, unsettled: Int, since: Interval)
    /// A stalled partition has settled a record again, or is given up.
    case progressing(PartitionIndex)
}
