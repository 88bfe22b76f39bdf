/// Which workers may be given a delivery, and which of them has the fewest: kept, so that a delivery costs as much with one
/// worker as with hundreds.
///
/// A knockout: the leaves of a binary tree are the workers' numbers of deliveries, and each node above has the lesser of its
/// two. Whoever changes a worker says so (`changed`); it is looked at again when the next delivery needs a worker.
struct OpenWorkers {
    private static let closed = Int.max

    /// The tree, root at 1, leaves from `width` on; `closed` for a worker that is given nothing.
    private var loads: [Int]
    private let width: Int
    private(set) var open: NumberSet
    /// How many are open.
    private(set) var count = 0
    /// Workers whose leaf may be wrong.
    private var stale: NumberSet

    /// A pool of workers that are all closed, and all to be looked at.
    init(workers: Int) {
        var width = 1
        while width < workers { width *= 2 }
        self.width = width
        loads = [Int](repeating: OpenWorkers.closed, count: 2 * width)
        open = NumberSet(below: workers)
        stale = NumberSet(below: workers)
        for worker in 0..<workers { stale.insert(worker) }
    }

    /// The worker has one delivery more or less, or may have been opened or closed.
    @inline(__always)
    mutating func changed(_ worker: Int) { stale.insert(worker) }

    /// The next worker to be looked at again, which `set` is then told of; nil where all leaves are right.
    mutating func nextStale() -> Int? { stale.popFirst() }

    func isStale(_ worker: Int) -> Bool { stale.contains(worker) }

    /// The worker's deliveries; nil where it is closed.
    func load(of worker: Int) -> Int? { open.contains(worker) ? loads[width + worker] : nil }

    /// Enters how many deliveries a worker has; nil where it is closed.
    mutating func set(_ worker: Int, load: Int?) {
        var node = width + worker
        let before = loads[node]
        let now = load ?? OpenWorkers.closed
        if now == before { return }
        loads[node] = now
        if now == OpenWorkers.closed {
            open.remove(worker)
            count -= 1
        } else if before == OpenWorkers.closed {
            open.insert(worker)
            count += 1
        }
        while node > 1 {
            // An unchanged node has unchanged ones above it.
            let lesser = min(loads[node], loads[node ^ 1])
            node /= 2
            if loads[node] == lesser { return }
            loads[node] = lesser
        }
    }

    /// The open worker with the fewest deliveries, the first of several; nil where none is open.
    var least: Int? {
        guard count > 0 else { return nil }
        var node = 1
        while node < width { node = loads[2 * node] == loads[node] ? 2 * node : 2 * node + 1 }
        return node - width
    }
}
