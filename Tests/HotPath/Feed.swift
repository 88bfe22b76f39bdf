import DeliveryCore

/// Records as a consumer takes them from its queue: runs of one partition after the other, without end.
struct Feed {
    /// The next offset of each partition.
    private(set) var offsets: [Int64] = []
    private let runLength: Int64
    private let keys: UInt64?
    private let slots: Int32
    private var freeSlots: [Int32] = []
    private var partition = 0
    private var restOfRun: Int64
    private var taken: UInt64 = 0

    /// A feed that has nothing, and needs no memory.
    init() {
        runLength = 0
        keys = nil
        slots = 0
        restOfRun = 0
    }

    init(_ setup: CoreSetup) {
        offsets = [Int64](repeating: 0, count: Int(setup.partitions))
        runLength = setup.runLength
        restOfRun = setup.runLength
        keys = setup.keys
        slots = Int32(2 * setup.limits.maxTotalInFlight)
        freeSlots = (0..<slots).reversed()
    }

    /// The next record, or nil where too many are held.
    mutating func next() -> Record? {
        guard let slot = freeSlots.popLast() else { return nil }
        if restOfRun == 0 {
            partition = partition + 1 < offsets.count ? partition + 1 : 0
            restOfRun = runLength
        }
        restOfRun -= 1
        let offset = offsets[partition]
        offsets[partition] += 1
        taken += 1
        // Spreads numbers that follow each other over all keys.
        let hash = keys.map { (taken &* 0x9E37_79B9_7F4A_7C15 >> 32) % $0 }
        return Record(
            partition: PartitionIndex(Int32(partition)), offset: offset, size: 200, slot: RecordSlot(slot),
            keyHash: hash)
    }

    mutating func takeBack(_ slot: RecordSlot) { freeSlots.append(slot.value) }

    /// Every record that was taken was given back.
    var hasAllSlots: Bool { freeSlots.count == Int(slots) && Set(freeSlots).count == freeSlots.count }
}
