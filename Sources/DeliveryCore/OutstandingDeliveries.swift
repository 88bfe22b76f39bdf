/// A worker's deliveries that take a slot, by id, lowest first.
///
/// Ids only grow, so appending keeps the order, and a look-up is a binary search. A removed entry leaves a hole; holes at
/// the front are passed by at once, and all are swept out when they are the larger part, so that a single delivery that
/// stays unanswered while millions after it are answered costs nothing: memory follows what is outstanding. Adding is O(1),
/// removing O(log n), both amortised.
struct OutstandingDeliveries {
    private var entries: [(id: UInt64, key: Int)] = []
    /// Before this place there are holes alone.
    private var start = 0
    private var holes = 0
    private static let hole = -1

    var count: Int { entries.count - holes }

    /// Entries and holes together.
    var places: Int { entries.count }

    /// The lowest id, or nil where there is none.
    var lowest: UInt64? { start < entries.count ? entries[start].id : nil }

    /// Adds a delivery whose id is higher than any before.
    @inline(__always)
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
        if index == start {
            repeat { start += 1 } while start < entries.count && entries[start].key == Self.hole
        }
        if holes > 32, holes * 2 > entries.count { sweep() }
        return true
    }

    /// Ids, lowest first.
    var ids: [UInt64] { entries.compactMap { $0.key == Self.hole ? nil : $0.id } }

    /// Appends the ids up to `last`, lowest first; costs what they are, and the holes between them.
    func appendIDs(through last: UInt64, to ids: inout [UInt64]) {
        var index = start
        while index < entries.count, entries[index].id <= last {
            if entries[index].key != Self.hole { ids.append(entries[index].id) }
            index += 1
        }
    }

    private mutating func sweep() {
        if start == holes {
            entries.removeSubrange(..<start)
        } else {
            entries.removeAll { $0.key == Self.hole }
        }
        start = 0
        holes = 0
    }

    @inline(__always)
    private func index(of id: UInt64) -> Int? {
        // Ids follow each other where no hole was swept out, and a handler answers the oldest first.
        if start < entries.count {
            let distance = id &- entries[start].id
            if distance < UInt64(entries.count &- start) {
                let guess = start &+ Int(distance)
                if entries[guess].id == id { return guess }
            }
        }
        return search(id)
    }

    @inline(never)
    private func search(_ id: UInt64) -> Int? {
        var low = start
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].id == id ? low : nil
    }
}
