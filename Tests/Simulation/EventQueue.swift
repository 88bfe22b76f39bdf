import DeliveryCore

/// What will happen, by its time; what is due at the same instant comes in the order in which it was planned.
struct EventQueue {
    private struct Entry {
        var at: Instant
        var number: UInt64
        var event: Event

        func isBefore(_ other: Entry) -> Bool { at == other.at ? number < other.number : at < other.at }
    }

    private var heap: [Entry] = []
    private var planned: UInt64 = 0

    var next: Instant? { heap.first?.at }

    mutating func add(_ event: Event, at instant: Instant) {
        heap.append(Entry(at: instant, number: planned, event: event))
        planned += 1
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the first event out, if it is due.
    mutating func popDue(now: Instant) -> Event? {
        guard let first = heap.first, first.at <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first.event }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            if least == parent { return first.event }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
