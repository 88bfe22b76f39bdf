import Testing

@testable import DeliveryCore

@Suite struct BackpressureTests {
    private func driver(_ records: Int = 100, partitions: Int32 = 4) -> MachineDriver {
        let driver = MachineDriver { limits, _ in
            limits.maxTotalInFlight = records
            limits.retryBackoffInitial = .seconds(1)
            limits.retryBackoffMaximum = .seconds(1)
        }
        for partition in 0..<partitions { driver.assign(partition) }
        return driver
    }

    private func paused(_ turn: Turn) -> [Int32] {
        turn.actions.compactMap { if case .pause(let partition) = $0 { partition.value } else { nil } }
    }

    private func resumed(_ turn: Turn) -> [Int32] {
        turn.actions.compactMap { if case .resume(let partition) = $0 { partition.value } else { nil } }
    }

    @Test func pausesAPartitionThatIsStuckWhileAnotherStarves() throws {
        let driver = driver()
        driver.arrive(0, 0...99)
        driver.turn()
        try driver.nack(1, delay: .seconds(600))
        #expect(paused(driver.advance(.milliseconds(999))).isEmpty)
        #expect(driver.machine.recordBudget == 0)
        #expect(paused(driver.advance(.milliseconds(101))) == [0])
        #expect(driver.machine.recordBudget == 50)
    }

    @Test func copiesOutWhatAPausedPartitionHolds() throws {
        let driver = driver()
        driver.arrive(0, 0...99)
        driver.turn()
        let copied = driver.advance(.seconds(2)).actions.count { if case .copyOut = $0 { true } else { false } }
        #expect(copied == 100, "each record that waits would pin the response that it came in")
    }

    @Test func pausesNothingWhileEveryPartitionHasWork() throws {
        let driver = driver(partitions: 2)
        driver.arrive(0, 0...98)
        driver.arrive(1, 0...0)
        driver.turn()
        #expect(paused(driver.advance(.seconds(60))).isEmpty)
    }

    @Test func pausesNoPartitionThatMakesProgress() throws {
        let driver = driver(partitions: 2)
        driver.arrive(0, 0...99)
        for id in UInt64(1)...50 {
            driver.turn()
            try driver.ack(id)
            driver.arrive(0, [Int64(99 + id)])
            #expect(paused(driver.advance(.milliseconds(500))).isEmpty)
        }
    }

    @Test func resumesWhenTheBacklogIsSmall() throws {
        let driver = driver()
        driver.arrive(0, 0...99)
        driver.turn()
        #expect(paused(driver.advance(.seconds(2))) == [0])
        var id: UInt64 = 1
        var resumedAt: Int?
        while driver.machine.unsettled > 0, resumedAt == nil {
            try driver.ack(id)
            id += 1
            if resumed(driver.advance(.milliseconds(200))) == [0] { resumedAt = driver.machine.unsettled }
        }
        #expect(resumedAt == 11, "half a fair share of 25 is 12")
        #expect(driver.machine.recordBudget == 89)
    }

    @Test func forgetsAPausedPartitionThatIsLost() throws {
        let driver = driver()
        driver.arrive(0, 0...99)
        driver.turn()
        driver.advance(.seconds(2))
        driver.revoke(0, lost: true)
        #expect(resumed(driver.advance(.seconds(1))).isEmpty, "Kafka forgets a pause with the assignment")
        #expect(driver.machine.recordBudget == 100)
        driver.arrive(1, 0...49)
        #expect(driver.machine.recordBudget == 50, "nothing of the lost backlog is counted any more")
    }

    @Test func aRelocatedPartitionIsFetchedAgain() throws {
        let driver = driver()
        driver.assign(0, from: 1_000)
        driver.arrive(0, 1_000...1_099)
        driver.turn()
        #expect(paused(driver.advance(.seconds(2))) == [0])
        driver.machine.relocate(PartitionIndex(0), to: 10, now: driver.now, actions: &driver.pending)
        #expect(resumed(driver.turn()) == [0])
    }

    @Test func pausesAPartitionWhoseOldestRecordStaysWhileThousandsAfterItAreSettled() throws {
        let driver = MachineDriver(abilities: WorkerAbilities(concurrency: 2)) { limits, policy in
            limits.maxTotalInFlight = 100
            policy.order = .none
        }
        driver.assign(0)
        driver.assign(1)
        driver.arrive(0, 0...0)
        driver.turn()
        var pausedAt: Int64?
        for offset in Int64(1)...2_000 where pausedAt == nil {
            driver.arrive(0, [offset])
            for sent in driver.turn().sent { try driver.ack(sent.id) }
            if paused(driver.turn()) == [0] { pausedAt = offset }
        }
        #expect(pausedAt == 800, "16 windows of 100 over two partitions")
        #expect(driver.machine.recordBudget > 0, "the other partition goes on")
        try driver.ack(1)
        #expect(resumed(driver.advance(.milliseconds(200))) == [0])
        #expect(driver.committable(0) == 801)
    }

    @Test(arguments: [2, 5, 16, 64])
    func oneGoodPartitionGoesOnHoweverManyOthersAreStuck(partitions: Int32) throws {
        let driver = driver(1_000, partitions: partitions)
        driver.abilities = WorkerAbilities()
        let good = partitions - 1
        var next = [Int64](repeating: 0, count: Int(partitions))
        var settled = 0
        var paused = Set<Int32>()
        var turn = driver.turn()
        var most = 0
        for _ in 0..<1_500 where settled < 200 {
            paused.formUnion(self.paused(turn))
            paused.subtract(resumed(turn))
            for sent in turn.sent {
                if sent.partition == good {
                    try driver.ack(sent.id)
                    settled += 1
                } else {
                    try driver.nack(sent.id)
                }
            }
            // Kafka fills the window with whatever is not paused, the stuck ones first.
            for partition in 0..<partitions where !paused.contains(partition) {
                let count = min(Int64(driver.machine.recordBudget), partition == good ? 5 : 400)
                guard count > 0 else { continue }
                let first = next[Int(partition)]
                driver.arrive(partition, first...(first + count - 1))
                next[Int(partition)] += count
            }
            most = max(most, driver.machine.unsettled)
            turn = driver.advance(.milliseconds(100))
        }
        #expect(settled >= 200, "the good partition settled \(settled) of 200 with \(paused.count) paused")
        #expect(most <= 3_000, "held \(most) with a window of 1000")
    }
}
