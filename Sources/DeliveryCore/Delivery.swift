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
    /// A message's record lies here and not in an array, which would cost more than all else about it; nil where there are
    /// several, or none.
    fileprivate var only: UInt64?
    fileprivate var several: [UInt64] = []
    /// The first of its lanes, and the others.
    fileprivate var firstLane: LaneIndex?
    fileprivate var otherLanes: [LaneIndex] = []
    var state = State.outstanding
    /// Its verdict is due then; nil while its clock does not run.
    var deadline: Instant?
    /// What `extend` has added so far.
    var extended = Interval.zero
    /// On cancellation: whether its only record is charged when the worker has let go of it.
    var chargesOnEnd = false

    /// How many records it holds.
    package var count: Int { only == nil ? several.count : 1 }

    /// Its records in delivery order.
    var sequences: [UInt64] {
        get { only.map { [$0] } ?? several }
        set { (only, several) = (nil, newValue) }
    }

    /// The lanes of its records, each once; empty with order `none`.
    var lanes: [LaneIndex] {
        get { firstLane.map { [$0] + otherLanes } ?? [] }
        set { (firstLane, otherLanes) = (newValue.first, Array(newValue.dropFirst())) }
    }

    /// Its next verdict only says "I have stopped".
    package var isCancelled: Bool { if case .cancelled = state { true } else { false } }

    @inline(__always)
    fileprivate var look: (isOutstanding: Bool, partition: PartitionIndex, epoch: UInt32) {
        (!isCancelled, partition, epoch)
    }

    /// A new delivery at the place of an old one, whose arrays it keeps.
    @inline(__always)
    fileprivate mutating func begin(worker: WorkerIndex, id: UInt64, partition: PartitionIndex, epoch: UInt32) {
        self.id = id
        self.worker = worker
        self.partition = partition
        self.epoch = epoch
        only = nil
        firstLane = nil
        // As a rule they are empty already, which is quicker to see than to make so.
        if !several.isEmpty { several.removeAll(keepingCapacity: true) }
        if !otherLanes.isEmpty { otherLanes.removeAll(keepingCapacity: true) }
        state = .outstanding
        deadline = nil
        extended = .zero
        chargesOnEnd = false
    }

    @inline(__always)
    fileprivate mutating func fill(_ sequence: UInt64, _ lane: LaneIndex?) {
        only = sequence
        firstLane = lane
    }

    fileprivate mutating func add(_ lane: LaneIndex) {
        if firstLane == nil { firstLane = lane } else { otherLanes.append(lane) }
    }

    fileprivate mutating func take(into sequences: inout [UInt64]) {
        if let only { several.append(only) }
        only = nil
        swap(&several, &sequences)
    }
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

extension DeliveredRecord {
    @inline(__always)
    init(_ record: TrackedRecord) {
        self.init(
            slot: record.slot, offset: record.offset, attempt: 1 + Int(record.charges),
            redelivered: record.wasDelivered)
    }
}

/// A delivery of one record that is to be written.
package struct OutgoingMessage: Equatable, Sendable {
    package var key: DeliveryKey
    /// The protocol's `id`.
    package var id: UInt64
    package var partition: PartitionIndex
    /// Where its action stands.
    package var place: Int
    /// Nil where its partition is no longer assigned.
    package var record: DeliveredRecord?
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
        deliveries[place].begin(worker: worker, id: id, partition: partition, epoch: epoch)
        return DeliveryKey(place)
    }

    mutating func remove(_ key: DeliveryKey) { free.append(key.value) }

    /// Gives a delivery its records, or the memory of those that were taken; what it had is in `sequences` then.
    mutating func fill(_ key: DeliveryKey, with sequences: inout [UInt64]) {
        swap(&deliveries[key.value].several, &sequences)
    }

    /// Takes a delivery's records out, for `fill` to bring the memory back.
    mutating func takeSequences(of key: DeliveryKey) -> [UInt64] {
        var sequences: [UInt64] = []
        deliveries[key.value].take(into: &sequences)
        return sequences
    }

    func id(of key: DeliveryKey) -> UInt64 { deliveries[key.value].id }
    func worker(of key: DeliveryKey) -> WorkerIndex { deliveries[key.value].worker }
    func partition(of key: DeliveryKey) -> PartitionIndex { deliveries[key.value].partition }
    func epoch(of key: DeliveryKey) -> UInt32 { deliveries[key.value].epoch }
    func isOutstanding(_ key: DeliveryKey) -> Bool { deliveries[key.value].state == .outstanding }
    func count(of key: DeliveryKey) -> Int { deliveries[key.value].count }
    func firstSequence(of key: DeliveryKey) -> UInt64? {
        deliveries[key.value].only ?? deliveries[key.value].several.first
    }
    func lastSequence(of key: DeliveryKey) -> UInt64? {
        deliveries[key.value].only ?? deliveries[key.value].several.last
    }

    /// Gives a delivery that has none its only record, and the lane of it; with order `none` that counts for nothing.
    @inline(__always)
    mutating func fill(_ key: DeliveryKey, with only: UInt64, of lane: LaneIndex?) {
        deliveries[key.value].fill(only, lane)
    }

    /// Appends a delivery's records to `sequences`, and forgets it.
    @inline(__always)
    mutating func remove(_ key: DeliveryKey, into sequences: inout [UInt64]) {
        if let only = deliveries[key.value].only {
            sequences.append(only)
        } else {
            sequences.append(contentsOf: deliveries[key.value].several)
        }
        remove(key)
    }

    mutating func add(_ lane: LaneIndex, to key: DeliveryKey) { deliveries[key.value].add(lane) }
    func laneCount(_ key: DeliveryKey) -> Int {
        deliveries[key.value].firstLane == nil ? 0 : 1 + deliveries[key.value].otherLanes.count
    }
    func lane(_ place: Int, of key: DeliveryKey) -> LaneIndex? {
        place == 0 ? deliveries[key.value].firstLane : deliveries[key.value].otherLanes[place - 1]
    }

    /// What is asked of a delivery for each acknowledgement, looked up at once.
    @inline(__always)
    func look(at key: DeliveryKey) -> (isOutstanding: Bool, partition: PartitionIndex, epoch: UInt32) {
        deliveries[key.value].look
    }

    /// A copy shares its arrays: what is done for each delivery asks for the parts instead.
    subscript(key: DeliveryKey) -> Delivery {
        @inline(__always) get { deliveries[key.value] }
        @inline(__always) _modify { yield &deliveries[key.value] }
    }
}
