import DeliveryCore

/// A member of the consumer group, as its coordinator knows it: a daemon from one joining to its leaving.
struct Member {
    var id: Int
    var daemon: Int
    /// The daemon's process has died: it says nothing any more, and the session runs out.
    var isSilent = false
}

/// Who may commit for a partition.
struct Owner {
    var member: Int?
    /// Counts the times that the partition was given to somebody.
    var ownership = 0
}

/// The coordinator's view of the group.
struct Group {
    var members: [Member] = []
    var owners: [Owner] = []
    var nextMember = 1
    /// Members that have to give partitions up before the others can have them.
    var waitsFor: [Int] = []
    var isRebalancing = false
    /// Another rebalance was asked for meanwhile.
    var isStale = false
    /// Spreads the partitions otherwise from one rebalance to the next.
    var shift = 0

    func member(_ id: Int) -> Member? { members.first { $0.id == id } }

    /// The member that is to have the partition.
    func target(_ partition: Int) -> Int? {
        members.isEmpty ? nil : members[(partition + shift) % members.count].id
    }

    func partitions(of member: Int) -> [Int32] {
        owners.indices.filter { owners[$0].member == member }.map { Int32($0) }
    }

    mutating func give(_ partition: Int, to member: Int?) {
        owners[partition].member = member
        owners[partition].ownership += 1
    }
}

extension World {
    // MARK: Members

    /// A daemon joins; it returns the new member's id.
    func join(_ daemon: Daemon) {
        if scenario.isStatic, let old = group.members.firstIndex(where: { $0.daemon == daemon.index }) {
            rejoin(daemon, at: old)
            return
        }
        let id = group.nextMember
        group.nextMember += 1
        group.members.append(Member(id: id, daemon: daemon.index))
        daemon.member = id
        note(20, id) { "daemon \(daemon.index) joins as member \(id)" }
        rebalance()
    }

    /// A static member is back within its session: nothing moves, and what it sent before is fenced.
    private func rejoin(_ daemon: Daemon, at place: Int) {
        let old = group.members[place].id
        let id = group.nextMember
        group.nextMember += 1
        group.members[place] = Member(id: id, daemon: daemon.index)
        daemon.member = id
        let owned = group.partitions(of: old)
        for partition in owned { group.give(Int(partition), to: id) }
        note(21, id) { "daemon \(daemon.index) is back: member \(old) is member \(id) now, with \(owned)" }
        let wasAwaited = group.waitsFor.contains(old)
        group.waitsFor.removeAll { $0 == old }
        tellAssigned(owned, to: id)
        if wasAwaited {
            group.isStale = true
            finishRebalanceIfFree()
        }
    }

    /// The member leaves, or its session has run out: what it had is nobody's.
    func remove(member id: Int) {
        guard group.member(id) != nil else { return }
        group.members.removeAll { $0.id == id }
        for partition in group.partitions(of: id) { group.give(Int(partition), to: nil) }
        group.waitsFor.removeAll { $0 == id }
        note(22, id) { "member \(id) is gone" }
        if group.isRebalancing {
            group.isStale = true
            finishRebalanceIfFree()
        } else {
            rebalance()
        }
    }

    func sessionExpires(_ id: Int) {
        guard let member = group.member(id), member.isSilent else { return }
        remove(member: id)
    }

    /// The coordinator gives a member up that lives: its daemon learns it later than the others.
    func loseSession(of daemon: Daemon) {
        guard scenario.policy.commits, daemon.isRunning, let id = daemon.member, group.member(id) != nil else { return }
        note(23, id) { "the session of member \(id) is lost" }
        remove(member: id)
        daemon.tell(.lost, in: 0...400)
    }

    // MARK: Rebalances

    func rebalance() {
        guard !group.isRebalancing else {
            group.isStale = true
            return
        }
        guard !group.members.isEmpty else { return }
        group.isRebalancing = true
        group.isStale = false
        group.shift = random.among(0...7)
        note(24, group.shift) { "rebalance of \(self.group.members.map(\.id))" }
        for member in group.members {
            let owned = group.partitions(of: member.id)
            let given = owned.filter { scenario.isEager || group.target(Int($0)) != member.id }
            guard !given.isEmpty else { continue }
            group.waitsFor.append(member.id)
            if !member.isSilent { daemons[member.daemon].tell(.revoked(given), in: 0...40) }
        }
        finishRebalanceIfFree()
    }

    /// A member has given partitions up.
    func gaveUp(_ partitions: [Int32], by id: Int?) {
        for partition in partitions where id != nil && group.owners[Int(partition)].member == id {
            group.give(Int(partition), to: nil)
        }
        guard let id, group.isRebalancing else { return }
        group.waitsFor.removeAll { $0 == id }
        finishRebalanceIfFree()
    }

    private func finishRebalanceIfFree() {
        guard group.isRebalancing, group.waitsFor.isEmpty else { return }
        group.isRebalancing = false
        for member in group.members {
            let given = group.owners.indices.filter { partition in
                group.owners[partition].member == nil && group.target(partition) == member.id
            }.map { Int32($0) }
            for partition in given { group.give(Int(partition), to: member.id) }
            tellAssigned(given, to: member.id)
        }
        // Somebody came or went meanwhile, or holds what is another's now.
        let isUneven = group.owners.indices.contains { group.owners[$0].member != group.target($0) }
        if group.isStale || isUneven { plan(.rebalance, in: 0...20) }
    }

    private func tellAssigned(_ partitions: [Int32], to id: Int) {
        guard let member = group.member(id), !member.isSilent else { return }
        let ownerships = partitions.map { group.owners[Int($0)].ownership }
        daemons[member.daemon].tell(.assigned(partitions, ownerships: ownerships), in: 0...30)
    }

    // MARK: Commits

    func commitArrives(_ request: CommitRequest) {
        var failed: [PartitionIndex] = []
        var isMetadataRefused = false
        for (place, entry) in request.entries.enumerated() {
            if request.fate == .refused || request.fate == .lost {
                failed.append(entry.partition)
            } else if !store(entry, of: request, at: place, &isMetadataRefused) {
                failed.append(entry.partition)
            } else if request.fate == .storedUnheard {
                failed.append(entry.partition)
            }
        }
        let wait: ClosedRange<Int> = request.fate == .storedUnheard || request.fate == .lost ? 200...600 : 0...15
        let event = DaemonEvent.commitDone(request, failed: failed, isMetadataRefused: isMetadataRefused)
        plan(.daemon(request.daemon, incarnation: request.incarnation, event), in: wait)
    }

    /// False where the coordinator does not take it.
    private func store(
        _ entry: CommitEntry, of request: CommitRequest, at place: Int, _ isMetadataRefused: inout Bool
    ) -> Bool {
        let partition = Int(entry.partition.value)
        let owner = group.owners[partition]
        let isOwner = owner.member == request.member && owner.ownership == request.ownerships[place]
        guard isOwner, logs[partition].incarnation == request.logs[place] else { return false }
        guard entry.metadata?.count ?? 0 <= scenario.metadataLimit else {
            isMetadataRefused = true
            return false
        }
        logs[partition].committed = entry.offset
        logs[partition].metadata = entry.metadata ?? []
        note(25, partition, Int(entry.offset)) { "committed \(partition)@\(entry.offset)" }
        if let lost = logs[partition].firstUndone(before: entry.offset) {
            broken("\(partition)@\(lost) is lost: \(entry.offset) is committed")
        }
        return true
    }
}
