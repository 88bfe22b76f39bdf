@testable import DeliveryCore

/// Two machines of one configuration, which have to agree after the same inputs that came in different pieces.
struct TwinMachines {
    let one: MachineDriver
    let other: MachineDriver
    let partitions: Int32

    init(
        workers: Int, partitions: Int32, abilities: WorkerAbilities,
        _ configure: (inout Limits, inout ServicePolicy) -> Void
    ) {
        // Called once: it may draw from a generator.
        var chosen = (limits: Limits(), policy: ServicePolicy())
        chosen.limits.workers = workers
        chosen.limits.pingInterval = .zero
        configure(&chosen.limits, &chosen.policy)
        let drivers = (0..<2).map { _ in
            MachineDriver(workers: workers, abilities: abilities) { ($0, $1) = chosen }
        }
        (one, other) = (drivers[0], drivers[1])
        self.partitions = partitions
    }

    /// The same input to both.
    func both(_ input: (MachineDriver) -> Void) {
        input(one)
        input(other)
    }

    /// A turn of both, at a later instant; what they disagree on.
    func turn(after interval: Interval) -> String? {
        both { $0.now = $0.now + interval }
        let (first, second) = (one.turn(), other.turn())
        if first.sent != second.sent { return "deliveries: \(first.sent) or \(second.sent)" }
        if first.actions != second.actions { return "actions: \(first.actions) or \(second.actions)" }
        if first.givenBackSlots != second.givenBackSlots {
            return "slots given back: \(first.givenBackSlots) or \(second.givenBackSlots)"
        }
        return books
    }

    /// What their books disagree on, or what does not add up in the first one's.
    var books: String? {
        if one.machine.counters != other.machine.counters {
            return "counters: \(one.machine.counters) or \(other.machine.counters)"
        }
        for partition in (0..<partitions).map({ PartitionIndex($0) }) {
            let (left, right) = (one.machine.standing(of: partition), other.machine.standing(of: partition))
            if left?.committable != right?.committable || left?.unsettled != right?.unsettled {
                return "standing: \(String(describing: left)) or \(String(describing: right))"
            }
            if one.machine.position(of: partition) != other.machine.position(of: partition) { return "position" }
        }
        if one.machine.recordBudget != other.machine.recordBudget { return "record budget" }
        if one.machine.byteBudget != other.machine.byteBudget { return "byte budget" }
        return (one.machine.standstills() + one.machine.miscounts()).first
    }

    /// What they disagree on of what became of the records, whatever was handed over since.
    var outcome: String? {
        func told(_ driver: MachineDriver) -> [String] {
            let counters = driver.machine.counters
            let standings = (0..<partitions).map { driver.machine.standing(of: PartitionIndex($0)) }
            return [
                "settled \(counters.settled), late \(counters.lateVerdicts), failed \(counters.failedAttempts)",
                standings.map { "from \($0?.committable ?? -1), unsettled \($0?.unsettled ?? -1)" }.joined(
                    separator: "; "),
                "given back \(driver.machine.givenBack.map(\.value).sorted())",
            ]
        }
        let (first, second) = (told(one), told(other))
        if first != second { return "\(first) or \(second)" }
        return (one.machine.standstills() + one.machine.miscounts()).first
    }
}
