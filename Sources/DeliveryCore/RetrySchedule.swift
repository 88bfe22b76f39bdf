/// What waits for its time, ordered by when it is due: a binary heap, O(log n) a change.
struct RetrySchedule {
    struct Entry: Equatable {
        var due: Instant
        var partition: PartitionIndex
        /// An entry of an older assignment is thrown away when its time comes.
        var epoch: UInt32
        var sequence: UInt64
    }

    private var heap: [Entry] = []

    var nextDue: Instant? { heap.first?.due }
    var count: Int { heap.count }

    mutating func add(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].due < heap[parent].due else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the entry that is due first, if its time has come.
    mutating func popDue(now: Instant) -> Entry? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].due < heap[smallest].due { smallest = child }
            }
            if smallest == parent { return first }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
