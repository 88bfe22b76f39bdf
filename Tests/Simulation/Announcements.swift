import DeliveryCore

extension Daemon {
    /// A worker that asked is told what has come.
    func announced(_ worker: Int, _ epoch: UInt32, _ positions: [PartitionPosition]) {
        note(95, worker, Int(epoch), positions.count) {
            "tells worker \(worker) of \(positions.map { "\($0.partition.value)@\($0.offset)" }), epoch \(epoch)"
        }
        checkListens(worker)
        for position in positions {
            let partition = Int(position.partition.value)
            guard let ledger = ledgers[partition] else {
                broken("tells of \(partition), which is not assigned")
                continue
            }
            if position.offset < ledger.start || position.offset > ledger.committable {
                broken("tells that \(partition) goes on at \(position.offset), and it is \(ledger.committable)")
            }
            if processes[worker].told[partition] != nil { broken("tells worker \(worker) of \(partition) twice") }
            processes[worker].told[partition] = epoch
        }
    }

    /// A worker that asked is told what goes.
    func announcedRevoked(
        _ worker: Int, _ epoch: UInt32, _ partitions: [PartitionIndex], _ lost: Bool, _ deadline: Interval
    ) {
        note(96, worker, Int(epoch), partitions.count) {
            "tells worker \(worker) that \(partitions.map(\.value)) go, epoch \(epoch), lost \(lost)"
        }
        checkListens(worker)
        if lost != (deadline == .zero) { broken("tells of a loss \(lost) in \(deadline)") }
        for partition in partitions.map({ Int($0.value) }) {
            if processes[worker].told[partition] != epoch, ledgers[partition]?.revokedSince == nil {
                broken("tells worker \(worker) that \(partition) of epoch \(epoch) goes, of which it never knew")
            }
            processes[worker].told[partition] = nil
        }
    }

    private func checkListens(_ worker: Int) {
        let process = processes[worker]
        if !process.abilities.wantsAssignments || process.life != .ready {
            broken("tells worker \(worker) of partitions, which is \(process.life) and did not ask")
        }
    }
}
