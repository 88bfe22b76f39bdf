import Testing

@testable import DeliveryCore

/// The frames `assigned` and `revoked`, for workers that asked for them.
@Suite struct AnnouncementsTests {
    private let zero = PartitionIndex(0)
    private let one = PartitionIndex(1)

    private func listening(workers: Int = 1) -> MachineDriver {
        MachineDriver(workers: workers, abilities: WorkerAbilities(canCancel: true, wantsAssignments: true))
    }

    private func announcements(_ turn: Turn) -> [Action] {
        turn.actions.filter {
            switch $0 {
            case .announceAssigned, .announceRevoked: true
            default: false
            }
        }
    }

    private func position(_ partition: Int32, _ offset: Int64) -> PartitionPosition {
        PartitionPosition(partition: PartitionIndex(partition), offset: offset)
    }

    @Test func everyWorkerThatWantsToKnowIsToldBeforeTheFirstRecord() throws {
        let driver = listening(workers: 2)
        driver.assign(0, 1, from: 5)
        driver.arrive(0, 5...5)
        driver.machine.timePassed(now: driver.now, actions: &driver.pending)
        let told: [Action] = (0...1).map {
            .announceAssigned(WorkerIndex($0), epoch: 1, [position(0, 5), position(1, 5)])
        }
        #expect(Array(driver.pending.prefix(2)) == told)
        guard case .send? = driver.pending.dropFirst(2).first else {
            Issue.record("\(driver.pending)")
            return
        }
    }

    @Test func aWorkerThatDidNotAskIsToldNothing() {
        let driver = MachineDriver()
        driver.assign(0)
        driver.revoke(0)
        #expect(announcements(driver.turn()).isEmpty)
    }

    @Test("A worker that becomes ready late is told what is assigned then, epoch by epoch, with the next offsets")
    func aLateWorkerIsTold() throws {
        let driver = listening()
        driver.assign(0, from: 3)
        driver.assign(1, from: 9)
        driver.arrive(0, 3...4)
        driver.turn()
        try driver.ack(1)
        let again = announcements(driver.replace())
        #expect(
            again == [
                .announceAssigned(.first, epoch: 1, [position(0, 4)]),
                .announceAssigned(.first, epoch: 2, [position(1, 9)]),
            ])
    }

    @Test func aLateWorkerIsNotToldOfWhatGoes() {
        let driver = listening()
        driver.assign(0, 1)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.exit()
        driver.turn()
        driver.machine.timePassed(now: driver.now, actions: &driver.pending)
        driver.revoke(0)
        driver.pending = []
        let told = announcements(driver.replace())
        #expect(told.allSatisfy { $0 == .announceAssigned(.first, epoch: 1, [position(1, 0)]) })
        #expect(told.count <= 1)
    }

    @Test func aRevokeTellsHowLongVerdictsCount() {
        let driver = listening()
        driver.assign(0, 1)
        driver.arrive(0, 0...0)
        driver.turn()
        driver.revoke(0)
        let told = announcements(driver.turn())
        #expect(told == [.announceRevoked(.first, epoch: 1, [zero], lost: false, deadline: .seconds(10))])
    }

    @Test func whatIsLostHasNoDeadline() {
        let driver = listening()
        driver.assign(0, 1)
        driver.revoke(0, 1, lost: true)
        let told = announcements(driver.turn())
        #expect(told.last == .announceRevoked(.first, epoch: 1, [zero, one], lost: true, deadline: .zero))
    }

    @Test func aRevokeOfTwoAssignmentsIsTwoAnnouncements() {
        let driver = listening()
        driver.assign(0)
        driver.assign(1)
        driver.turn()
        driver.revoke(1, 0)
        let told = announcements(driver.turn())
        #expect(
            told == [
                .announceRevoked(.first, epoch: 1, [zero], lost: false, deadline: .seconds(10)),
                .announceRevoked(.first, epoch: 2, [one], lost: false, deadline: .seconds(10)),
            ])
    }

    @Test func anEmptyAssignmentAndAnUnknownPartitionAreNotAnnounced() {
        let driver = listening()
        driver.assign()
        driver.revoke(4)
        #expect(announcements(driver.turn()).isEmpty)
    }

    @Test func aRelocationBackwardsIsALossAndANewAssignment() {
        let driver = listening()
        driver.assign(0, from: 100)
        driver.turn()
        driver.machine.relocate(zero, to: 20, now: driver.now, actions: &driver.pending)
        #expect(
            announcements(driver.turn()) == [
                .announceRevoked(.first, epoch: 1, [zero], lost: true, deadline: .zero),
                .announceAssigned(.first, epoch: 2, [position(0, 20)]),
            ])
    }

    @Test func aWorkerThatLeavesIsToldNothingMore() {
        let driver = listening()
        driver.assign(0)
        driver.turn()
        driver.drain()
        driver.revoke(0)
        #expect(announcements(driver.turn()).isEmpty)
    }
}
