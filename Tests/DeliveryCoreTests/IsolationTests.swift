import Testing

@testable import DeliveryCore

@Suite struct IsolationTests {
    /// One worker that has a delivery of each of three partitions.
    private func three(_ order: DeliveryOrder = .partition, workers: Int = 1) -> MachineDriver {
        let driver = MachineDriver(workers: workers, abilities: WorkerAbilities(concurrency: 3, canCancel: true)) {
            limits, policy in
            policy.order = order
            limits.ackTimeout = .seconds(10)
        }
        driver.assign(0, 1, 2)
        for partition in Int32(0)...2 { driver.arrive(partition, 0...1) }
        return driver
    }

    @Test func aCrashIsChargedToARecordThatWasAlone() throws {
        let driver = MachineDriver()
        driver.assign(0)
        driver.arrive(0, 0...1)
        driver.turn()
        driver.exit()
        let crash = driver.turn()
        #expect(crash.notices.contains { if case .attemptFailed(_, 0, 1, 1, _) = $0 { true } else { false } })
        driver.advance(.seconds(1))
        driver.startWorkers()
        let again = driver.turn().sent
        #expect(again.map(\.offsets) == [[0]])
        #expect(again.map(\.attempts) == [[2]])
    }

    @Test func aCrashWithCompanyChargesNobodyAndMakesSuspectsThatGoAlone() throws {
        let driver = three()
        #expect(driver.turn().sent.count == 3)
        driver.exit()
        let crash = driver.turn()
        #expect(crash.notices.contains(.suspects(.first, records: 3, failure: .exited)))
        #expect(driver.machine.counters.failedAttempts == 0)
        driver.advance(.seconds(1))
        driver.startWorkers()
        var seen: [Int32] = []
        for id in UInt64(1)...3 {
            let sent = driver.turn().sent
            #expect(sent.count == 1, "a suspect has company: \(sent)")
            #expect(sent.map(\.attempts) == [[1]])
            seen += sent.map(\.partition)
            try driver.ack(id)
        }
        #expect(seen.sorted() == [0, 1, 2])
        #expect(driver.turn().sent.count == 3, "afterwards the window is open again")
    }

    @Test func aBatchOfSuspectsGoesRecordByRecordInOrder() throws {
        let driver = MachineDriver { limits, policy in
            limits.batchSize = 3
            policy.isBatch = true
        }
        driver.assign(0)
        driver.arrive(0, 0...5)
        #expect(driver.turn().offsets == [[0, 1, 2]])
        driver.broke(0, .protocolError)
        driver.exit()
        driver.advance(.seconds(1))
        driver.startWorkers()
        for offset in Int64(0)...2 {
            #expect(driver.turn().offsets == [[offset]])
            try driver.ack(UInt64(offset) + 1)
        }
        #expect(driver.turn().offsets == [[3, 4, 5]])
    }

    @Test func onlyThePoisonRecordIsChargedInTheEnd() throws {
        let driver = three()
        driver.turn()
        driver.exit()
        driver.advance(.seconds(1))
        driver.startWorkers()
        // Partition 1 begins with the poison.
        var turn = driver.turn()
        for _ in 0..<40 {
            for sent in turn.sent {
                #expect((sent.partition == 1 && sent.offsets == [0]) || sent.attempts == [1])
                if sent.partition == 1, sent.offsets == [0], sent.attempts == [1] {
                    driver.exit()
                } else {
                    try driver.ack(sent.id)
                }
            }
            turn = driver.advance(.milliseconds(100))
            driver.startWorkers()
        }
        #expect(driver.machine.unsettled == 0)
        #expect(driver.machine.counters.failedAttempts == 1)
    }

    @Test func otherWorkersGoOnWhileOneIsKeptFreeForASuspect() throws {
        let driver = three(workers: 2)
        driver.assign(3, 4, 5)
        for partition in Int32(3)...5 { driver.arrive(partition, 0...1) }
        #expect(driver.turn().sent.count == 6)
        driver.exit(0)
        // Worker 1 is busy, and the only one that is ready: it is kept free for the suspects.
        for id in UInt64(1)...3 {
            try driver.ack(id, from: 1)
            let sent = driver.turn().sent
            #expect(id == 3 ? sent.map(\.partition) == [0] : sent.isEmpty, "after ack \(id): \(sent)")
        }
        driver.advance(.milliseconds(150))
        driver.startWorkers()
        let sent = driver.turn().sent
        #expect(sent.contains { $0.worker == 0 }, "the new worker takes its part: \(sent)")
    }

    @Test func aSuspectDoesNotWaitForAWorkerThatIsPaused() throws {
        let driver = three(workers: 3)
        driver.assign(3, 4, 5, 6, 7, 8)
        for partition in Int32(3)...8 { driver.arrive(partition, 0...20) }
        #expect(driver.turn().sent.count == 9)
        // The least busy worker pauses for good; it is never to be the one that is kept free.
        for id in UInt64(1)...2 { try driver.ack(id, from: 1) }
        driver.machine.workerPaused(WorkerIndex(1), for: nil, now: driver.now)
        driver.exit(0)
        driver.turn()
        for id in UInt64(1)...3 { try driver.ack(id, from: 2) }
        let sent = driver.turn().sent
        #expect(sent.count == 1)
        #expect(sent.allSatisfy { $0.worker == 2 && $0.attempts == [1] && $0.offsets == [0] })
    }

    @Test("Two deliveries that time out together are both suspects: neither was alone")
    func timeOutsAtOneInstantChargeNobody() throws {
        let driver = MachineDriver(abilities: WorkerAbilities(concurrency: 2, canCancel: true)) { limits, _ in
            limits.ackTimeout = .seconds(10)
        }
        driver.assign(0, 1)
        driver.arrive(0, 0...0)
        driver.arrive(1, 0...0)
        #expect(driver.turn().sent.count == 2)
        let overdue = driver.advance(.seconds(10)).actions
        #expect(overdue.contains(.cancel(.first, ids: [1], reason: .timeout)))
        #expect(overdue.contains(.cancel(.first, ids: [2], reason: .timeout)))
        for id in UInt64(1)...2 { try driver.ack(id) }
        #expect(driver.machine.counters.failedAttempts == 0)
    }

    @Test("A cancelled delivery that the handler has not let go of is company: it may be what brought the worker down")
    func cancelledDeliveriesAreCompany() throws {
        let driver = three()
        driver.turn()
        try driver.ack(2)
        try driver.ack(3)
        driver.revoke(0, lost: true)
        driver.turn()
        driver.machine.recordArrived(
            Record(partition: PartitionIndex(0), offset: 9, size: 1, slot: RecordSlot(99)), now: driver.now,
            actions: &driver.pending)
        driver.revoke(1, lost: true)
        #expect(driver.machine.unsettled == 1)
        driver.exit()
        driver.turn()
        #expect(driver.machine.counters.failedAttempts == 0, "0@0 still ran beside 2@1")
    }

    @Test func aTimeOutAloneIsChargedWhenTheWorkerHasLetGo() throws {
        let driver = MachineDriver { limits, _ in limits.ackTimeout = .seconds(10) }
        driver.assign(0)
        driver.arrive(0, 0...0)
        driver.turn()
        let overdue = driver.advance(.seconds(10))
        #expect(overdue.actions.contains(.cancel(.first, ids: [1], reason: .timeout)))
        #expect(driver.machine.counters.failedAttempts == 0)
        try driver.ack(1)
        #expect(driver.machine.counters.failedAttempts == 1)
        #expect(driver.committable(0) == 0, "the late verdict only says that it has stopped")
        #expect(driver.advance(.seconds(1)).sent.map(\.attempts) == [[2]])
    }

    @Test func withoutOrderSuspectsGoAloneToo() throws {
        let driver = three(.none)
        #expect(driver.turn().sent.count == 6)
        driver.exit()
        driver.advance(.seconds(1))
        driver.startWorkers()
        for id in UInt64(1)...6 {
            #expect(driver.turn().sent.count == 1)
            try driver.ack(id)
        }
        #expect(driver.machine.unsettled == 0)
        #expect(driver.machine.counters.failedAttempts == 0)
    }

    @Test func aRevokeThatNeedsAKillChargesNobody() throws {
        let driver = MachineDriver(abilities: WorkerAbilities(concurrency: 2))
        driver.assign(0, 1)
        driver.arrive(0, 0...0)
        driver.arrive(1, 0...0)
        driver.turn()
        driver.revoke(0, lost: true)
        let turn = driver.turn()
        #expect(turn.actions.contains(.kill(.first)))
        #expect(!turn.actions.contains { if case .cancel = $0 { true } else { false } }, "it cannot cancel")
        driver.exit()
        driver.advance(.seconds(1))
        driver.startWorkers()
        #expect(driver.turn().sent.map(\.attempts) == [[1]])
        #expect(driver.machine.counters.failedAttempts == 0)
    }
}
