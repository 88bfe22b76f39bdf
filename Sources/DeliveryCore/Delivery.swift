/// One attempt to have a record or a batch handled.
package struct Delivery: Equatable, Sendable {
    enum State: Equatable {
        /// Owed a verdict. -> cancelled, or leaves the table
        case outstanding
        /// Final: its next verdict only says "I have stopped". At the instant the worker is killed; without one, which is a
        /// worker that cannot cancel, its ack clock goes on. -> leaves the table
        case cancelled(CancelReason, killAt: Instant?)
    }

    /// The protocol's `id`: counts from 1 for each process.
    package internal(set) var id: UInt64 = 0
    package internal(set) var worker = WorkerIndex(0)
    package internal(set) var partition = PartitionIndex(0)
    /// The assignment in which it was made; a verdict in a newer one changes nothing.
    var epoch: UInt32 = 0
    /// Its records in delivery order.
    var sequences: [UInt64] = []
    /// The lanes of its records, each once; empty with order `none`.
    var lanes: [LaneIndex] = []
    var state = State.outstanding
    /// Its verdict is due then; nil while its clock does not run.
    var deadline: Instant?
    /// What `extend` has added so far.
    var extended = Interval.zero
    /// On cancellation: whether its only record is charged when the worker has let go of it.
    var chargesOnEnd = false

    /// How many records it holds.
    package var count: Int { sequences.count }

    /// Its next verdict only says "I have stopped".
    package var isCancelled: Bool { if case .cancelled = state { true } else { false } }
}

/// What the runner needs to know of a delivery before it asks for its records.
package struct DeliveryHead: Equatable, Sendable {
    /// The protocol's `id`.
    package var id: UInt64
    package var partition: PartitionIndex
    /// How many records it holds.
    package var count: Int
}

/// What the runner needs to encode one record of a delivery.
package struct DeliveredRecord: Equatable, Sendable {
    package var slot: RecordSlot
    package var offset: Int64
    /// 1 + charges.
    package var attempt: Int
    /// It may have been handled before.
    package var redelivered: Bool
}

/// The deliveries that are not answered, by key; places and their arrays are reused.
struct DeliveryTable {
    private var deliveries: [Delivery] = []
    private var free: [Int] = []

    var count: Int { deliveries.count - free.count }

    mutating func insert(worker: WorkerIndex, id: UInt64, partition: PartitionIndex, epoch: UInt32) -> DeliveryKey {
        let place: Int
        if let reused = free.popLast() {
            place = reused
        } else {
            place = deliveries.count
            deliveries.append(Delivery())
        }
        deliveries[place].id = id
        deliveries[place].worker = worker
        deliveries[place].partition = partition
        deliveries[place].epoch = epoch
        // As a rule they are empty already, which is quicker to see than to make so.
        if !deliveries[place].sequences.isEmpty { deliveries[place].sequences.removeAll(keepingCapacity: true) }
        if !deliveries[place].lanes.isEmpty { deliveries[place].lanes.removeAll(keepingCapacity: true) }
        deliveries[place].state = .outstanding
        deliveries[place].deadline = nil
        deliveries[place].extended = .zero
        deliveries[place].chargesOnEnd = false
        return DeliveryKey(place)
    }

    mutating func remove(_ key: DeliveryKey) { free.append(key.value) }

    /// Gives a delivery its records, or the memory of those that were taken; what it had is in `sequences` then.
    mutating func fill(_ key: DeliveryKey, with sequences: inout [UInt64]) {
        swap(&deliveries[key.value].sequences, &sequences)
    }

    /// Takes a delivery's records out, for `fill` to bring the memory back.
    mutating func takeSequences(of key: DeliveryKey) -> [UInt64] {
        var sequences: [UInt64] = []
        swap(&deliveries[key.value].sequences, &sequences)
        return sequences
    }

    func id(of key: DeliveryKey) -> UInt64 { deliveries[key.value].id }
    func worker(of key: DeliveryKey) -> WorkerIndex { deliveries[key.value].worker }
    func partition(of key: DeliveryKey) -> PartitionIndex { deliveries[key.value].partition }
    func epoch(of key: DeliveryKey) -> UInt32 { deliveries[key.value].epoch }
    func isOutstanding(_ key: DeliveryKey) -> Bool { deliveries[key.value].state == .outstanding }
    func count(of key: DeliveryKey) -> Int { deliveries[key.value].sequences.count }
    func firstSequence(of key: DeliveryKey) -> UInt64? { deliveries[key.value].sequences.first }
    func lastSequence(of key: DeliveryKey) -> UInt64? { deliveries[key.value].sequences.last }
    mutating func add(_ sequence: UInt64, to key: DeliveryKey) { deliveries[key.value].sequences.append(sequence) }
    /// Appends a delivery's records to `sequences`, and forgets it.
    mutating func remove(_ key: DeliveryKey, into sequences: inout [UInt64]) {
        if deliveries[key.value].sequences.count == 1, let only = deliveries[key.value].sequences.popLast() {
            sequences.append(only)
        } else {
            sequences.append(contentsOf: deliveries[key.value].sequences)
        }
        remove(key)
    }
    mutating func add(_ lane: LaneIndex, to key: DeliveryKey) { deliveries[key.value].lanes.append(lane) }
    func laneCount(_ key: DeliveryKey) -> Int { deliveries[key.value].lanes.count }
    func lane(_ place: Int, of key: DeliveryKey) -> LaneIndex { deliveries[key.value].lanes[place] }

    /// A copy shares its arrays: what is done for each delivery asks for the parts instead.
    subscript(key: DeliveryKey) -> Delivery {
        @inline(__always) get { deliveries[key.value] }
        @inline(__always) _modify { yield &deliveries[key.value] }
    }
}
