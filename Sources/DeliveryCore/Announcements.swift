extension DeliveryMachine {
    /// Tells a worker that wants to know which partitions are assigned now, epoch by epoch.
    mutating func announceAll(to worker: WorkerIndex, actions: inout [Action]) {
        guard workers[worker.value].abilities.wantsAssignments else { return }
        let partitions = trackers.partitions.filter { !isRevoking($0) }
        for (epoch, ofEpoch) in byEpoch(partitions) {
            actions.append(.announceAssigned(worker, epoch: epoch, positions(ofEpoch)))
        }
    }

    /// Tells every worker that wants to know that these partitions have come.
    mutating func announceAssigned(_ assigned: [PartitionIndex], actions: inout [Action]) {
        let partitions = assigned.filter { !isRevoking($0) }
        guard !partitions.isEmpty else { return }
        for worker in listeners {
            for (epoch, ofEpoch) in byEpoch(partitions) {
                actions.append(.announceAssigned(worker, epoch: epoch, positions(ofEpoch)))
            }
        }
    }

    /// Tells every worker that wants to know that these partitions go.
    mutating func announceRevoked(
        _ partitions: [PartitionIndex], lost: Bool, deadline: Interval, actions: inout [Action]
    ) {
        for worker in listeners {
            for (epoch, ofEpoch) in byEpoch(partitions) {
                actions.append(
                    .announceRevoked(worker, epoch: epoch, ofEpoch, lost: lost, deadline: lost ? .zero : deadline))
            }
        }
    }

    private var listeners: [WorkerIndex] {
        workers.indices.filter { workers[$0].phase == .ready && workers[$0].abilities.wantsAssignments }
            .map { WorkerIndex($0) }
    }

    /// The partitions that are assigned, by the epoch of their assignment, oldest first.
    private func byEpoch(_ partitions: [PartitionIndex]) -> [(epoch: UInt32, [PartitionIndex])] {
        var groups: [(epoch: UInt32, [PartitionIndex])] = []
        for partition in partitions {
            guard let epoch = trackers[partition]?.epoch else { continue }
            if let known = groups.firstIndex(where: { $0.epoch == epoch }) {
                groups[known].1.append(partition)
            } else {
                groups.append((epoch, [partition]))
            }
        }
        return groups.sorted { $0.epoch < $1.epoch }
    }

    private func positions(_ partitions: [PartitionIndex]) -> [PartitionPosition] {
        partitions.compactMap { partition in
            trackers[partition].map { PartitionPosition(partition: partition, offset: $0.committable) }
        }
    }
}
