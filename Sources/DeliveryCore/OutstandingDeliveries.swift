/// A worker's deliveries that take a slot, by id, lowest first.
///
/// Ids only grow, so appending keeps the order, and a look-up is a binary search. A removed entry leaves a hole; holes are
/// swept out when they are the larger part, so that a single delivery that stays unanswered while millions after it are
/// answered costs nothing: memory follows what is outstanding. Adding is O(1), removing O(log n), both amortised.
struct OutstandingDeliveries {
    private var entries: [(id: UInt64, key: Int)] = []
    private var holes = 0
    private static let hole = -1

    var count: Int { entries.count - holes }

    /// Entries and holes together.
    var places: Int { entries.count }

    /// Adds a delivery whose id is higher than any before.
    mutating func append(_ key: DeliveryKey, id: UInt64) { entries.append((id, key.value)) }

    subscript(id: UInt64) -> DeliveryKey? {
        guard let index = index(of: id), entries[index].key != Self.hole else { return nil }
        return DeliveryKey(entries[index].key)
    }

    /// Removes the delivery; false where there is none with this id.
    mutating func remove(_ id: UInt64) -> Bool {
        guard let index = index(of: id), entries[index].key != Self.hole else { return false }
        entries[index].key = Self.hole
        holes += 1
        if holes > 32, holes * 2 > entries.count {
            entries.removeAll { $0.key == Self.hole }
            holes = 0
        }
        return true
    }

    /// Ids, lowest first.
    var ids: [UInt64] { entries.compactMap { $0.key == Self.hole ? nil : $0.id } }

    private func index(of id: UInt64) -> Int? {
        // Ids follow each other where no hole was swept out, and a handler answers the oldest first.
        if let first = entries.first?.id, id >= first, id - first < UInt64(entries.count) {
            let guess = Int(id - first)
            if entries[guess].id == id { return guess }
        }
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].id == id ? low : nil
    }
}
