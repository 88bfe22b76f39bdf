import Testing

@testable import DeliveryCore

@Suite struct RecordsWantedTests {
    private func driver(maxInFlight: Int, bytes: Int = 64 << 20) -> MachineDriver {
        let driver = MachineDriver { limits, policy in
            limits.maxTotalInFlight = 160
            limits.maxInFlightBytes = bytes
            limits.maxInFlight = maxInFlight
            policy.order = .none
        }
        driver.assign(0)
        return driver
    }

    @Test func aSliverOfTheWindowIsLeftWhileRecordsCouldGoAtOnce() throws {
        let driver = driver(maxInFlight: 4)
        driver.arrive(0, 0...159)
        driver.turn()
        for id in UInt64(1)...9 {
            try driver.ack(id)
            driver.turn()
        }
        #expect(driver.machine.recordBudget == 9)
        #expect(driver.machine.recordsWanted == 0)
        try driver.ack(10)
        driver.turn()
        #expect(driver.machine.recordsWanted == 10)
    }

    @Test func aSliverOfTheBytesIsLeftWhileRecordsCouldGoAtOnce() {
        let driver = driver(maxInFlight: 4, bytes: 1_600)
        driver.arrive(0, 0...14, size: 100)
        driver.turn()
        #expect(driver.machine.recordsWanted == 145, "a sixteenth of the bytes is free")
        driver.arrive(0, 15...15, size: 1)
        driver.turn()
        #expect(driver.machine.recordBudget == 144)
        #expect(driver.machine.recordsWanted == 0)
    }

    @Test func theLastRoomIsUsedWhereNoRecordCouldGo() {
        let driver = driver(maxInFlight: 200)
        driver.arrive(0, 0...156)
        driver.turn()
        #expect(driver.machine.recordsWanted == 3)
    }
}
