/// Values by partition: an array under the dense numbers that partitions have, so that a look-up is an index.
///
/// What is done for each record uses `update`, also to read: a value that is read is copied, and optional chaining through a
/// subscript is a coroutine that is not inlined, which allocates its frame and copies the value out and in.
struct PartitionMap<Value> {
    private var slots: [Value?] = []
    /// The partitions that have a value, in no order.
    private(set) var count = 0

    subscript(partition: PartitionIndex) -> Value? {
        get {
            let index = Int(partition.value)
            return index >= 0 && index < slots.count ? slots[index] : nil
        }
        _modify {
            let index = max(0, Int(partition.value))
            while index >= slots.count { slots.append(nil) }
            let before = slots[index] == nil ? 0 : 1
            defer { count += (slots[index] == nil ? 0 : 1) - before }
            yield &slots[index]
        }
    }

    /// Changes, or looks at, the value where it lies; nil where there is none.
    @inline(__always)
    mutating func update<R>(_ partition: PartitionIndex, _ change: (inout Value) -> R) -> R? {
        let index = Int(partition.value)
        guard index >= 0, index < slots.count, slots[index] != nil else { return nil }
        // Proof: it was looked at in the line above.
        // swift-format-ignore: NeverForceUnwrap
        return change(&slots[index]!)
    }

    var isEmpty: Bool { count == 0 }

    /// The partitions that have a value, ascending.
    var partitions: [PartitionIndex] {
        slots.indices.compactMap { slots[$0] == nil ? nil : PartitionIndex(Int32($0)) }
    }

    /// Takes the value out.
    mutating func remove(_ partition: PartitionIndex) -> Value? {
        guard let value = self[partition] else { return nil }
        self[partition] = nil
        return value
    }

    /// Whether any value fulfils the condition.
    func contains(_ condition: (PartitionIndex, Value) -> Bool) -> Bool {
        for index in slots.indices {
            if let value = slots[index], condition(PartitionIndex(Int32(index)), value) { return true }
        }
        return false
    }
}
