import Testing

@testable import DeliveryCore

@Suite struct DispatchTests {
    @Test func keepsOneDeliveryOfAPartitionUnanswered() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...2)
        #expect(driver.turn().offsets == [[0]])
        #expect(driver.turn().sent.isEmpty)
        try driver.ack(1)
        #expect(driver.turn().offsets == [[1]])
    }

    @Test func givesThePartitionsToTheWorkersWithTheLeastToDo() throws {
        let driver = MachineDriver(workers: 3)
        driver.assign(0, 1, 2, 3)
        for partition in Int32(0)...3 { driver.arrive(partition, 0...1) }
        let sent = driver.turn().sent
        #expect(sent.map(\.worker) == [0, 1, 2, 0])
        #expect(sent.map(\.partition) == [0, 1, 2, 3])
        #expect(sent.map(\.id) == [1, 1, 1, 2])
    }

    @Test func keepsAPartitionWithItsWorkerWhileThatOneWouldBeginAtOnce() throws {
        let driver = MachineDriver(workers: 2)
        driver.assign(0, 1)
        driver.arrive(0, 0...0)
        driver.arrive(1, 0...5)
        #expect(driver.turn().sent.map(\.worker) == [0, 1])
        try driver.ack(1, from: 0)
        try driver.ack(1, from: 1)
        #expect(driver.turn().sent.map(\.worker) == [1], "worker 0 has nothing, but worker 1 knows the partition")
    }

    @Test func deliversNoMoreThanTheWorkersWindow() throws {
        let driver = MachineDriver { limits, policy in
            limits.maxInFlight = 3
            policy.order = .none
        }
        driver.assign(0)
        driver.arrive(0, 0...9)
        #expect(driver.turn().offsets == [[0], [1], [2]])
        try driver.ack(2)
        #expect(driver.turn().offsets == [[3]])
    }

    @Test func clampsTheWindowThatAHandlerAsksForToTheOffer() {
        for (wanted, given) in [(2, 2), (1_000, 5), (0, 1), (-7, 1)] {
            let driver = MachineDriver(abilities: WorkerAbilities(maxInFlight: wanted)) { limits, policy in
                limits.maxInFlight = 5
                policy.order = .none
            }
            driver.assign(0)
            driver.arrive(0, 0...9)
            #expect(driver.turn().sent.count == given)
        }
    }

    @Test func deliversNothingToAWorkerThatIsNotReady() {
        let driver = MachineDriver(unstarted: 1)
        driver.assign(0)
        driver.arrive(0, 0...0)
        #expect(driver.turn().actions == [.launch(.first)])
        driver.machine.workerLaunched(.first, now: driver.now, actions: &driver.pending)
        #expect(driver.turn().sent.isEmpty)
        driver.machine.workerReady(.first, WorkerAbilities(), now: driver.now, actions: &driver.pending)
        #expect(driver.turn().offsets == [[0]])
    }

    @Test func givesNothingMoreToAWorkerThatDoesNotRead() {
        let driver = MachineDriver(workers: 1) { limits, policy in
            limits.maxUnwrittenBytes = 250
            policy.order = .none
        }
        driver.writesAtOnce = false
        driver.assign(0)
        driver.arrive(0, 0...9, size: 100)
        #expect(driver.turn().offsets == [[0], [1], [2]])
        driver.machine.written(.first, through: 1, pendingBytes: 240, now: driver.now)
        #expect(driver.turn().offsets == [[3]])
    }

    // MARK: Batches

    @Test func sendsAFullBatchAtOnceAndLetsAPartOfOneWaitForCompany() throws {
        let driver = MachineDriver { limits, policy in
            limits.batchSize = 3
            limits.batchLinger = .milliseconds(10)
            policy.isBatch = true
        }
        driver.assign(0, 1)
        driver.arrive(0, 0...3)
        driver.arrive(1, 0...1)
        #expect(driver.turn().offsets == [[0, 1, 2]])
        try driver.ack(1)
        #expect(driver.turn().sent.isEmpty)
        #expect(driver.machine.nextDeadline == Instant(nanoseconds: 10_000_000))
        #expect(driver.advance(.milliseconds(9)).sent.isEmpty)
        #expect(driver.advance(.milliseconds(1)).offsets == [[0, 1], [3]])
    }

    @Test func sendsALingeringBatchWhenCompanyFillsIt() {
        let driver = MachineDriver { limits, policy in
            limits.batchSize = 3
            policy.isBatch = true
        }
        driver.assign(0)
        driver.arrive(0, 0...1)
        #expect(driver.turn().sent.isEmpty)
        driver.arrive(0, 2...2)
        #expect(driver.turn().offsets == [[0, 1, 2]])
    }

    @Test func endsABatchAtItsBytesButSendsALargeRecordAlone() throws {
        let driver = MachineDriver { limits, policy in
            limits.batchSize = 10
            limits.batchBytes = 250
            policy.isBatch = true
        }
        driver.assign(0)
        driver.arrive(0, 0...2, size: 100)
        driver.arrive(0, 3...3, size: 900)
        driver.arrive(0, 4...4, size: 100)
        #expect(driver.turn().offsets == [[0, 1]])
        try driver.ack(1)
        #expect(driver.turn().offsets == [[2]])
        try driver.ack(2)
        #expect(driver.turn().offsets == [[3]])
        try driver.ack(3)
        #expect(driver.advance(.milliseconds(10)).offsets == [[4]])
    }

    @Test func neverMixesPartitionsInABatch() {
        let driver = MachineDriver { limits, policy in
            limits.batchSize = 10
            policy.isBatch = true
            policy.order = .none
        }
        driver.assign(0, 1)
        driver.arrive(0, 0...1)
        driver.arrive(1, 7...8)
        #expect(driver.advance(.milliseconds(10)).offsets == [[0, 1], [7, 8]])
    }

    // MARK: Lanes after a reassignment

    @Test("A lane that stood in the suspects' queue when it was lost is woken in its next assignment")
    func wakesALaneWhoseSuspectBecameStale() throws {
        let driver = MachineDriver(abilities: WorkerAbilities(concurrency: 2)) { limits, policy in
            policy.order = .partition
        }
        driver.assign(0, 1)
        driver.arrive(0, 0...0)
        driver.arrive(1, 0...0)
        #expect(driver.turn().sent.count == 2)
        driver.exit()
        // Both wait for the worker, as suspects; partition 0 goes and comes again meanwhile.
        driver.turn()
        driver.revoke(0, lost: true)
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.advance(.milliseconds(150))
        driver.startWorkers()
        let first = driver.turn().sent
        #expect(first.map(\.partition) == [1])
        try driver.ack(1)
        #expect(driver.turn().sent.map(\.partition) == [0])
    }

    @Test func startsAReassignedPartitionFromItsNewPosition() {
        let driver = MachineDriver { limits, policy in
            limits.batchSize = 10
            policy.isBatch = true
        }
        driver.assign(0)
        driver.arrive(0, 0...3)
        driver.turn()
        driver.revoke(0)
        driver.turn()
        driver.assign(0, from: 2)
        driver.arrive(0, 2...3)
        #expect(driver.advance(.milliseconds(10)).offsets == [[2, 3]])
    }

    // MARK: Pause

    @Test func deliversNothingToAPausedWorkerUntilItResumes() {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.machine.workerPaused(.first, for: nil, now: driver.now)
        #expect(driver.advance(.seconds(600)).sent.isEmpty)
        driver.machine.workerResumed(.first, now: driver.now)
        #expect(driver.turn().offsets == [[0]])
    }

    @Test func endsAPauseByItselfWhenItsTimeIsOver() {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.machine.workerPaused(.first, for: .seconds(5), now: driver.now)
        #expect(driver.advance(.milliseconds(4_999)).sent.isEmpty)
        #expect(driver.advance(.milliseconds(1)).offsets == [[0]])
    }

    // MARK: What cannot be written as it is

    @Test func deliversTheRestOfAShortenedBatchLaterUncharged() throws {
        for order in [DeliveryOrder.partition, .none] {
            let driver = MachineDriver { limits, policy in
                limits.batchSize = 4
                policy.isBatch = true
                policy.order = order
            }
            driver.assign(0)
            driver.arrive(0, 0...3)
            driver.machine.timePassed(now: driver.now, actions: &driver.pending)
            guard case .send(let key, _)? = driver.pending.last else {
                Issue.record("no delivery: \(driver.pending)")
                return
            }
            driver.machine.shorten(key, to: 1, now: driver.now, actions: &driver.pending)
            #expect(Turn(driver.pending, of: driver.machine).offsets == [[0]])
            driver.pending = []
            try driver.ack(1)
            let rest = driver.advance(.milliseconds(10)).sent
            #expect(rest.map(\.offsets) == [[1, 2, 3]])
            #expect(rest.map(\.attempts) == [[1, 1, 1]])
            #expect(driver.committable(0) == 1)
            try driver.ack(2)
            #expect(driver.committable(0) == 4)
            #expect(driver.machine.counters.delivered == 4)
        }
    }

    @Test func stopsAtARecordThatCannotBeEncoded() {
        let driver = MachineDriver { limits, _ in limits.drainTimeout = .seconds(20) }
        driver.assign(0)
        driver.arrive(0, 7...8)
        driver.machine.timePassed(now: driver.now, actions: &driver.pending)
        guard case .send(let key, _)? = driver.pending.last else {
            Issue.record("no delivery: \(driver.pending)")
            return
        }
        driver.pending = []
        driver.machine.refuse(key, now: driver.now, actions: &driver.pending)
        driver.turn()
        driver.exit()
        #expect(driver.turn().ending == .stopped(.notEncodable(PartitionIndex(0), offset: 7)))
    }

    @Test func aWorkerThatOwesNothingButARefusedRecordLeavesAtOnce() {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 7...7)
        driver.machine.timePassed(now: driver.now, actions: &driver.pending)
        guard case .send(let key, _)? = driver.pending.last else {
            Issue.record("no delivery: \(driver.pending)")
            return
        }
        driver.pending = []
        // The runner tells the reason first, and the worker still holds the delivery then.
        driver.machine.stop(.external, now: driver.now, actions: &driver.pending)
        driver.machine.refuse(key, now: driver.now, actions: &driver.pending)
        #expect(driver.pending.contains(.closeInput(.first)))
    }
}
